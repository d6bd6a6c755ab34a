import {
  type Digest,
  formatPlatform,
  type ImageManifest,
  type Index,
  runsOn,
  type Schema1Manifest,
} from '../oci/index.ts';
import {
  chooseOffer,
  collectOffers,
  type Offer,
  platformNames,
  type Repository,
  readConfig,
  readManifest,
} from '../registry/index.ts';
import type { Evidence } from '../results/index.ts';
import { findParentIndex, indexReference } from './pinned.ts';
import { compareWithSibling, indexContradictions } from './suspicion.ts';
import type { Case, Judgement, JudgeOptions, Subject } from './types.ts';
import { type Asked, unknownBecause } from './unknown.ts';

/** Requests for children of one index, above which it is unknown. */
const maxChildRequests = 64;

/**
 * Says whether one reference is ready for the target platform. Never throws for what a registry says or doesn't say:
 * that is `unknown` with its reason; only an abort is thrown.
 */
export async function judgeReference(
  reference: Subject,
  repository: Repository,
  options: JudgeOptions,
): Promise<Judgement> {
  const { signal } = options;
  const budget = { left: maxChildRequests };
  const at: Case = { reference, repository, options, budget, ...(signal === undefined ? {} : { signal }) };
  try {
    return await judge(at);
  } catch (error) {
    return unknownBecause(error, askedOf(at));
  }
}

function askedOf(at: Case): Asked {
  return { name: at.repository.name, registry: at.reference.registry, signal: at.signal };
}

async function judge(at: Case): Promise<Judgement> {
  const { fetched, manifest } = await readManifest(at, at.reference.digest ?? at.reference.tag ?? 'latest');
  const judgement = await judgeKind(at, manifest, fetched.digest);
  const { seenAt } = fetched;
  if (seenAt === undefined) return { ...judgement, digest: fetched.digest };
  const when = new Date(seenAt).toISOString();
  const seen = { kind: 'seen-earlier', text: `the tag's digest is from the cache, as seen at ${when}` };
  return { ...judgement, digest: fetched.digest, evidence: [...judgement.evidence, seen] };
}

async function judgeKind(
  at: Case,
  manifest: Awaited<ReturnType<typeof readManifest>>['manifest'],
  digest: Digest,
): Promise<Judgement> {
  switch (manifest.kind) {
    case 'index':
      return judgeIndex(at, manifest);
    case 'image':
      return judgeImage(at, manifest, digest);
    case 'schema1':
      return judgeSchema1(at, manifest);
    case 'artifact':
      return notAnImage(`its type is ${manifest.artifactType}`);
  }
}

async function judgeIndex(at: Case, index: Index): Promise<Judgement> {
  const { images, artifacts } = await collectOffers(at, index, { wanted: at.options.platform });
  const platforms = platformNames(images);
  const chosen = chooseOffer(images, at.options.platform);
  if (chosen !== undefined) return judgeChosen(at, images, chosen);
  if (images.length === 0 && artifacts > 0) return notAnImage('the index holds artifacts only');
  if (images.some(({ platform }) => platform === undefined)) {
    return verdict('unknown', 'malformed', {
      platforms,
      evidence: [
        {
          kind: 'no-platform',
          text: "an entry of the index has no platform, and its config doesn't say one",
        },
      ],
    });
  }
  const offered = platforms.length === 0 ? 'no image' : platforms.join(', ');
  return verdict('missing', undefined, {
    platforms,
    evidence: [{ kind: 'index-platforms', text: `the index has ${offered}; no ${target(at)}` }],
  });
}

async function judgeChosen(at: Case, images: readonly Offer[], chosen: Offer): Promise<Judgement> {
  const platforms = platformNames(images);
  const entry: Evidence = {
    kind: 'index-entry',
    text: `the index lists ${target(at)} as ${chosen.entry.digest}`,
  };
  const contradictions = indexContradictions(images, chosen);
  const compared =
    at.options.compareLayers && contradictions.length === 0
      ? await compareWithSibling(at, images, chosen)
      : undefined;
  const against = [...contradictions, ...(compared?.against ?? [])];
  const image = { digest: chosen.entry.digest, of: 'index' as const };
  if (against.length > 0)
    return verdict('suspect', undefined, {
      platforms,
      target: image,
      evidence: [...against, entry],
      remedies: [auditRemedy(at)],
    });
  const evidence = [entry, ...(compared?.notes ?? [])];
  return verdict('ready', undefined, { platforms, target: image, evidence });
}

async function judgeImage(at: Case, manifest: ImageManifest, digest: Digest): Promise<Judgement> {
  const { platform } = await readConfig(at, manifest.config);
  if (platform === undefined) {
    return verdict('unknown', 'malformed', {
      evidence: [{ kind: 'no-platform', text: "the image's config leaves os or architecture empty" }],
    });
  }
  const platforms = [formatPlatform(platform)];
  const evidence = [
    { kind: 'config-platform', text: `a single image; its config says ${formatPlatform(platform)}` },
  ];
  if (runsOn(platform, at.options.platform))
    return verdict('ready', undefined, { platforms, target: { digest, of: 'image' }, evidence });
  const missing = verdict('missing', undefined, { platforms, evidence });
  return at.reference.digest === undefined ? missing : judgePinned(at, missing, digest);
}

/** A digest of one other platform's image: is it the child of an index that has the target? */
async function judgePinned(at: Case, missing: Judgement, digest: Digest): Promise<Judgement> {
  const parent = await lookForParent(at, digest);
  if (!('digest' in parent)) return { ...missing, evidence: [...missing.evidence, ...parent.notes] };
  if (!parent.hasTarget) return missing;
  const reference = indexReference(at, parent);
  const index = `${parent.digest} (tag ${parent.tag})`;
  if (parent.hasChild) {
    const evidence = {
      kind: 'child-of-index',
      text: `the digest names one platform's image of the index ${index}, which has ${target(at)}`,
    };
    const remedy = {
      kind: 'use-index-digest' as const,
      reference,
      verified: true,
      why: `the index has ${target(at)}; pin it instead of its child`,
    };
    return {
      ...missing,
      readiness: { state: 'pinned' },
      evidence: [evidence, ...missing.evidence],
      remedies: [remedy],
    };
  }
  const remedy = {
    kind: 'use-tag' as const,
    reference,
    verified: true,
    why: `the tag has moved on since this digest; what it names now has ${target(at)}`,
  };
  return { ...missing, remedies: [remedy] };
}

/** The search is extra: where it fails, the verdict stands and says so. */
async function lookForParent(
  at: Case,
  digest: Digest,
): Promise<NonNullable<Awaited<ReturnType<typeof findParentIndex>>> | { notes: Evidence[] }> {
  try {
    return (await findParentIndex(at, digest)) ?? { notes: [] };
  } catch (error) {
    const { readiness } = unknownBecause(error, askedOf(at));
    return {
      notes: [
        {
          kind: 'parent-not-searched',
          text: `whether an index with ${target(at)} lists this digest could not be determined (${readiness.reason})`,
        },
      ],
    };
  }
}

/** moby #44521: schema 1 predates multi-platform images, and containerd 2 no longer pulls it. */
function judgeSchema1(at: Case, manifest: Schema1Manifest): Judgement {
  const { architecture } = manifest;
  const text = `a schema 1 manifest${architecture === undefined ? '' : ` for ${architecture}`}, which current runtimes no longer pull`;
  const evidence = [{ kind: 'schema-1', text }];
  if (architecture === undefined || runsOn({ os: 'linux', architecture }, at.options.platform))
    return verdict('unknown', 'unsupported', { evidence });
  return verdict('missing', undefined, {
    platforms: [formatPlatform({ os: 'linux', architecture })],
    evidence,
  });
}

function notAnImage(why: string): Judgement {
  return verdict('not-an-image', undefined, {
    evidence: [{ kind: 'artifact', text: `not a container image: ${why}` }],
  });
}

function auditRemedy(at: Case): Judgement['remedies'][number] {
  return {
    kind: 'audit',
    verified: false,
    why: `only the bytes tell whether it really holds ${target(at)} programs`,
  };
}

function target(at: Case): string {
  return formatPlatform(at.options.platform);
}

function verdict(
  state: Judgement['readiness']['state'],
  reason: Judgement['readiness']['reason'],
  rest: Partial<Judgement>,
): Judgement {
  return {
    readiness: reason === undefined ? { state } : { state, reason },
    platforms: [],
    evidence: [],
    remedies: [],
    ...rest,
  };
}
