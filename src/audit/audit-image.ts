import type { LayerReader } from '../layer/index.ts';
import { formatPlatform, type Platform } from '../oci/index.ts';
import type { OpenedImage, Reading } from '../registry/index.ts';
import type { ImageAudit, SmokeRun } from '../results/index.ts';
import { likelyCauses } from './causes/index.ts';
import { counted } from './counted.ts';
import { type Examination, examine } from './examine.ts';
import { type FoundImage, type FoundImages, findImages, type NoImage } from './find-images.ts';
import type { AuditQuestion, KeptAudits } from './kept-audits.ts';
import type { Claims } from './label.ts';
import type { AuditorOptions, ImageName } from './options.ts';
import { type ReadImage, readImage } from './read-subject.ts';
import { emptyAudit, unknownImage } from './unknown-image.ts';

/** One reference under audit. */
export interface AuditContext {
  readonly options: AuditorOptions;
  readonly platform: Platform;
  readonly reader: LayerReader;
  readonly name: ImageName;
  /** Compressed bytes of layers that may still be read. */
  readonly budget: { left: number };
  /** Absent where nothing is to be kept. */
  readonly kept?: KeptAudits;
}

/** Requests for children of one index, above which it is unknown. */
const maxChildRequests = 256;
/** Findings listed of one image; the worst come first. */
const maxFindings = 1000;

/** Audits the images of one opened reference; one that can't be read is `unknown` and leaves the others alone. */
export async function auditOpened(opened: OpenedImage, context: AuditContext): Promise<ImageAudit[]> {
  const { signal } = context.options;
  const at: Reading = {
    repository: opened.repository,
    budget: { left: maxChildRequests },
    ...(signal === undefined ? {} : { signal }),
  };
  const target = opened.subject.digest ?? opened.subject.tag ?? 'latest';
  const found = await findImages(at, target, {
    platform: context.platform,
    allPlatforms: context.options.allPlatforms ?? false,
  });
  const base = { ...emptyAudit(context), digest: found.digest };
  if ('why' in found) return [{ ...base, ...noImage(found) }];
  const platforms = [...found.platforms];
  if (found.images.length === 0) return [{ ...base, platforms, ...missing(found, context) }];
  const audits: ImageAudit[] = [];
  for (const image of found.images) {
    const known = { ...base, platforms, manifest: image.digest };
    audits.push(await auditFound(image, { at, opened, found, context, known }));
  }
  return audits;
}

function noImage({ kind, why }: NoImage): Partial<ImageAudit> {
  if (kind === 'schema1') return { verdict: 'unknown', reason: 'unsupported', why };
  return { verdict: 'not-an-image', why: `not a container image: ${why}` };
}

function missing(found: FoundImages, { platform }: AuditContext): Pick<ImageAudit, 'verdict' | 'why'> {
  const offered = found.platforms.length === 0 ? 'no image' : found.platforms.join(', ');
  return { verdict: 'missing', why: `the index has ${offered}; no ${formatPlatform(platform)}` };
}

interface ImageContext {
  readonly at: Reading;
  readonly opened: OpenedImage;
  readonly found: FoundImages;
  readonly context: AuditContext;
  readonly known: ImageAudit;
}

async function auditFound(image: FoundImage, around: ImageContext): Promise<ImageAudit> {
  const { context } = around;
  const platform = image.claimed ?? context.platform;
  const bytes = image.manifest.layers.reduce((sum, { size }) => sum + size, 0);
  const known = { ...around.known, platform: formatPlatform(platform), bytes };
  if (bytes > context.budget.left) return overBudget(known, context);
  context.budget.left -= bytes;
  try {
    return await auditOrKept(image, { ...around, known });
  } catch (error) {
    return unknownImage(error, context, known);
  }
}

/** What was found of the same documents before is as good as new. To be run, an image has to be read. */
async function auditOrKept(image: FoundImage, around: ImageContext): Promise<ImageAudit> {
  const { options, kept, name } = around.context;
  const asked = kept && options.run === undefined ? { kept, question: questionOf(image, around) } : undefined;
  const before = await asked?.kept.find(asked.question, name);
  if (before !== undefined) return before;
  const read = await readImage(around.at, image, readingParts(around, around.known));
  const { audit, isComplete } = await examineRead(image, read, around);
  if (isComplete) await asked?.kept.keep(asked.question, audit);
  return audit;
}

function questionOf(image: FoundImage, { found, context }: ImageContext): AuditQuestion {
  const { allPlatforms = false, override = {} } = context.options;
  return { found, image, platform: context.platform, allPlatforms, override };
}

function overBudget(known: ImageAudit, { budget }: AuditContext): ImageAudit {
  const why = `its layers are ${known.bytes} bytes, and of the bytes allowed ${budget.left} are left`;
  return { ...known, verdict: 'unknown', reason: 'too-large', why };
}

function readingParts({ opened, context }: ImageContext, { reference, platform, bytes = 0 }: ImageAudit) {
  const { onEvent, override = {} } = context.options;
  onEvent?.({ type: 'phase', phase: `reading the layers of ${reference} (${platform})` });
  const layers = onEvent === undefined ? opened.layers : counted(opened.layers, { total: bytes, onEvent });
  return { layers, reader: context.reader, override };
}

/** `isComplete`: it would say the same at any other time. */
async function examineRead(
  image: FoundImage,
  read: ReadImage,
  around: ImageContext,
): Promise<{ readonly audit: ImageAudit; readonly isComplete: boolean }> {
  const { context, known } = around;
  const { config } = read;
  const claims: Claims = {
    ...(image.claimed === undefined ? {} : { index: image.claimed }),
    ...(config.platform === undefined ? {} : { config: config.platform }),
  };
  const { platform, examination } = examineForClaim(read, claims, context.platform);
  const ownPlatforms =
    around.found.kind === 'image' ? [formatPlatform(config.platform ?? platform)] : known.platforms;
  const { causes, isComplete } = await causesOf(image, { read, claims, examination, platform, around });
  const audited = {
    ...known,
    platform: formatPlatform(platform),
    platforms: ownPlatforms,
    ...conclusion(examination, { platform, claims, context }),
    label: examination.label,
    entries: [...examination.entries],
    findings: examination.findings.slice(0, maxFindings),
    findingsOmitted: Math.max(0, examination.findings.length - maxFindings),
    files: read.subject(platform).view.size,
    causes,
  };
  const runs = await runsOf(read, { platform, examination, around });
  return { audit: runs === undefined ? audited : { ...audited, runs }, isComplete };
}

/** Trying out needs programs of the host and comes with a lot of code: only who asks pays for it. */
async function runsOf(
  read: ReadImage,
  { platform, examination, around }: Pick<CauseParts, 'platform' | 'examination' | 'around'>,
): Promise<SmokeRun[] | undefined> {
  const { run, signal, environment, onEvent } = around.context.options;
  if (run === undefined || platform.os !== 'linux') return undefined;
  const { smokeRun } = await import('./run/index.ts');
  const image = {
    subject: read.subject(platform),
    traces: examination.traces,
    layers: read.sources,
    reference: around.known.reference,
  };
  const runs = await smokeRun(image, {
    ...run,
    ...(signal === undefined ? {} : { signal }),
    ...(environment === undefined ? {} : { environment }),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  return [...runs];
}

/**
 * An image is examined for what it claims to be. One without an index whose config is belied by bytes that are right for
 * the target has wrong metadata, and isn't of another machine than a host would expect.
 */
function examineForClaim(
  read: ReadImage,
  claims: Claims,
  target: Platform,
): { platform: Platform; examination: Examination } {
  const platform = claims.index ?? claims.config ?? target;
  const examination = examine(read.subject(platform), claims);
  const isForTarget = examination.label.bytes === `${target.os}/${target.architecture}`;
  if (claims.index !== undefined || examination.verdict !== 'mislabelled' || !isForTarget)
    return { platform, examination };
  return { platform: target, examination: examine(read.subject(target), claims) };
}

/** A single image that is right, but for another platform than the one asked for, is missing it. */
function conclusion(
  { verdict, why, reason }: Examination,
  { platform, claims, context }: { platform: Platform; claims: Claims; context: AuditContext },
): Pick<ImageAudit, 'verdict' | 'why' | 'reason'> {
  if (platform.os !== 'linux')
    return { verdict: 'unknown', reason: 'unsupported', why: `armload reads no ${platform.os} images` };
  const isOther =
    claims.index === undefined &&
    !context.options.allPlatforms &&
    platform.architecture !== context.platform.architecture;
  if (!isOther || verdict === 'mislabelled')
    return { verdict, why, ...(reason === undefined ? {} : { reason }) };
  return {
    verdict: 'missing',
    why: `a single image for ${formatPlatform(platform)}, no ${formatPlatform(context.platform)}; ${why}`,
  };
}

interface CauseParts {
  readonly read: ReadImage;
  readonly claims: Claims;
  readonly examination: Examination;
  readonly platform: Platform;
  readonly around: ImageContext;
}

/** The other images of the index are asked for only where something is wrong that they could explain. */
async function causesOf(
  image: FoundImage,
  parts: CauseParts,
): Promise<{ readonly causes: string[]; readonly isComplete: boolean }> {
  const { read, claims, examination, platform, around } = parts;
  const { foreign, verdict } = examination;
  const isSuspicious = foreign.some((code) => code.verdict === 'reachable' || code.verdict === 'unknown');
  if (!isSuspicious && verdict !== 'metadata-wrong') return { causes: [], isComplete: true };
  const siblings = isSuspicious ? await siblingsIfReadable(image, around) : [];
  const annotations = image.manifest.annotations ?? {};
  const evidence = { foreign, labels: claims, annotations, siblings: siblings ?? [] };
  const causes = [...likelyCauses(read.subject(platform), evidence)];
  return { causes, isComplete: siblings !== undefined };
}

/** A cause is extra: where the other images can't be read, the verdict stands without it. */
async function siblingsIfReadable(image: FoundImage, { found, context }: ImageContext) {
  try {
    return await found.siblings(image);
  } catch (error) {
    if (context.options.signal?.aborted) throw error;
    return undefined;
  }
}
