import { systemClock } from '../core/index.ts';
import { formatPlatform, formatReference, isDigest, parseReference, type Reference } from '../oci/index.ts';
import { type Judgement, judgeReference, unknownBecause } from '../readiness/index.ts';
import type { OpenedImage, Repository } from '../registry/index.ts';
import type { Observation, ReadinessState } from '../results/index.ts';
import { isThere, namesTag } from './doubts.ts';
import { observed, type Seen, seenInAudit } from './observation-of.ts';
import type { LookOptions } from './types.ts';

/**
 * Looks at one reference of a registry, once: by the registry's documents, and by the bytes where an audit is given. What
 * a registry says, or doesn't say, never throws: it is `unknown` with its reason.
 * @throws InvalidReferenceError for what is no reference; the signal's reason.
 */
export async function look(text: string, options: LookOptions): Promise<Observation> {
  const reference = parseReference(text);
  const at = (options.clock ?? systemClock).now();
  const name = formatReference(reference);
  const of = { reference: name, platform: formatPlatform(options.platform), at };
  const looked = await lookAt(reference, options).catch((error: unknown): Looked => {
    const { evidence, readiness } = unknownBecause(error, { name, signal: options.signal });
    return { method: 'manifest', seen: { result: 'unknown', reason: readiness.reason, why: said(evidence) } };
  });
  options.signal?.throwIfAborted();
  return observed(looked.seen, { ...of, method: looked.method });
}

interface Looked {
  readonly method: 'manifest' | 'audit';
  readonly seen: Seen;
}

interface Place {
  readonly reference: Reference;
  readonly opened: OpenedImage;
  readonly options: LookOptions;
}

async function lookAt(reference: Reference, options: LookOptions): Promise<Looked> {
  const opened = await options.access.open({ transport: 'registry', reference });
  const place = { reference, opened, options };
  const judgement = await judgeReference(opened.subject, opened.repository, {
    platform: options.platform,
    compareLayers: options.compareLayers ?? false,
    // Whose child a digest is makes no difference to what it is.
    maxTagLookups: 0,
    ...callOptions(options),
  });
  const byDocuments = await seenInDocuments(judgement, place);
  return (await audited(byDocuments, judgement, place)) ?? { method: 'manifest', seen: byDocuments };
}

async function seenInDocuments(judgement: Judgement, place: Place): Promise<Seen> {
  const { readiness, digest, target, evidence } = judgement;
  const facts = {
    why: said(evidence),
    ...(digest === undefined ? {} : { digest }),
    ...(target === undefined ? {} : { image: target.digest }),
  };
  return (await resultOf(judgement, place)) ?? { ...facts, ...plainResult(readiness.state, judgement) };
}

/** What takes another question: is what an index names there, and is what was not found gone? */
async function resultOf(
  judgement: Judgement,
  { reference, opened, options }: Place,
): Promise<Seen | undefined> {
  const { state, reason } = judgement.readiness;
  const { repository } = opened;
  if (state === 'unknown' && reason === 'not-found') {
    return goneOrUnknown(judgement, { reference, repository, options });
  }
  if (state !== 'ready' || judgement.target?.of !== 'index') return undefined;
  const { digest } = judgement.target;
  const there = await isThere(repository, digest, callOptions(options));
  if (there.answer === 'yes') return undefined;
  const facts = judgement.digest === undefined ? {} : { digest: judgement.digest };
  const why = `${said(judgement.evidence)}; ${there.why}`;
  if (there.answer === 'unknown') return { ...facts, image: digest, result: 'multi-arch', why };
  return { ...facts, result: 'partial', why };
}

interface NotFound {
  readonly reference: Reference;
  readonly repository: Repository;
  readonly options: LookOptions;
}

/** A tag is gone where its repository answers the same caller and doesn't list it; else nobody can tell. */
async function goneOrUnknown(
  judgement: Judgement,
  { reference, repository, options }: NotFound,
): Promise<Seen> {
  const { tag, digest } = reference;
  const answer = said(judgement.evidence);
  if (tag === undefined || digest !== undefined) return notFound(answer);
  const listed = await namesTag(repository, tag, callOptions(options));
  if (listed.answer === 'no') return { result: 'gone', why: `${listed.why}; ${answer}` };
  return notFound(`${answer}; ${listed.why}`);
}

function notFound(why: string): Seen {
  return { result: 'unknown', reason: 'not-found', why };
}

/** What documents alone say; whether they are believed is the catalog's affair. */
function plainResult(
  state: ReadinessState,
  { readiness, target }: Judgement,
): Pick<Seen, 'result' | 'reason'> {
  switch (state) {
    case 'ready':
      return { result: target?.of === 'image' ? 'single-arch' : 'multi-arch' };
    case 'suspect':
      return { result: 'unknown', reason: 'suspect' };
    case 'mislabelled':
      return { result: 'mislabelled' };
    case 'missing':
    case 'pinned':
    case 'not-an-image':
      return { result: 'none' };
    case 'unresolved':
      return { result: 'unknown', reason: 'unresolved' };
    case 'unknown':
      return { result: 'unknown', reason: readiness.reason ?? 'unsupported' };
  }
}

/** Reads the bytes of what claims the platform: of the very digest that was judged, wherever its tag moves meanwhile. */
async function audited(
  byDocuments: Seen,
  { digest, target, evidence }: Judgement,
  { reference, opened, options }: Place,
): Promise<Looked | undefined> {
  if (options.audit === undefined || target === undefined) return undefined;
  if (digest === undefined || !isDigest(digest)) return undefined;
  if (byDocuments.result === 'partial') return undefined;
  const image = { ...opened, subject: { ...opened.subject, digest } };
  const audit = await options.audit.audit(image, {
    reference: formatReference(reference),
    platform: options.platform,
  });
  if (audit === undefined) return undefined;
  const seen = { ...seenInAudit(audit, target.of), digest };
  // The bytes settle all but which of two entries for the platform a host pulls.
  const twice = evidence.find(({ kind }) => kind === 'duplicate-entries');
  if (twice === undefined || audit.verdict !== 'right') return { method: 'audit', seen };
  const why = `${twice.text}; of the first, ${seen.why}`;
  return { method: 'audit', seen: { ...seen, result: 'unknown', reason: 'suspect', why } };
}

function said(evidence: Judgement['evidence']): string {
  return evidence.map(({ text }) => text).join('; ') || 'nothing was said';
}

function callOptions({ signal }: LookOptions): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
