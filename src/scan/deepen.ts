import { createAuditor } from '../audit/index.ts';
import type { OpenedImage } from '../registry/index.ts';
import type { Evidence, ImageAudit, Readiness, Remedy } from '../results/index.ts';
import type { JudgedGroup } from './assemble.ts';
import type { ImageGroup } from './group.ts';
import type { ScanOptions } from './options.ts';

/** Compressed bytes that a deep scan may read, unless told. */
const defaultBytes = 2_000_000_000;

/**
 * Audits what claims the target and is in doubt, or all that claims it, within a budget of bytes. An image is read once,
 * however many references name it. What was not read keeps its verdict, and says so.
 */
export async function deepen(
  judged: readonly JudgedGroup[],
  options: ScanOptions,
  open: (group: ImageGroup) => Promise<OpenedImage | undefined>,
): Promise<JudgedGroup[]> {
  const wanted = judged.filter((each) => isWanted(each, options.deep));
  if (wanted.length === 0) return [...judged];
  const auditor = createAuditor({ ...options, maxBytes: options.deepBytes ?? defaultBytes });
  const known = new Map<string, ImageAudit | undefined>();
  const audited = new Map<JudgedGroup, JudgedGroup>();
  try {
    for (const each of wanted) {
      const key = each.judgement.digest ?? each.group.name;
      const name = { reference: each.group.name, written: each.group.name };
      if (!known.has(key)) known.set(key, (await auditor.audit(() => opened(open, each.group), name))[0]);
      const result = known.get(key);
      if (result !== undefined) audited.set(each, withAudit(each, result));
    }
  } finally {
    await auditor.close();
  }
  return judged.map((each) => audited.get(each) ?? each);
}

async function opened(
  open: (group: ImageGroup) => Promise<OpenedImage | undefined>,
  group: ImageGroup,
): Promise<OpenedImage> {
  const image = await open(group);
  if (image === undefined) throw new RangeError(`${group.name} names no image`);
  return image;
}

function isWanted({ judgement }: JudgedGroup, deep: ScanOptions['deep']): boolean {
  const { state } = judgement.readiness;
  return state === 'suspect' || (deep === 'all' && state === 'ready');
}

function withAudit({ group, judgement }: JudgedGroup, audit: ImageAudit): JudgedGroup {
  const readiness = readinessAfter(judgement.readiness, judgement.evidence, audit);
  const evidence = [evidenceOf(audit), ...causesOf(audit), ...judgement.evidence];
  const remedies = remediesAfter(judgement.remedies, readiness, audit);
  return { group, judgement: { ...judgement, readiness, evidence, remedies } };
}

/**
 * The bytes settle what documents left in doubt, but for one thing: which of two entries for the target a host pulls.
 * Code of other machines that may be used, and documents that are wrong, leave an image `suspect`.
 */
function readinessAfter(
  before: Readiness,
  evidence: readonly Evidence[],
  { verdict }: ImageAudit,
): Readiness {
  switch (verdict) {
    case 'mislabelled':
      return { state: 'mislabelled' };
    case 'right':
      return evidence.some(({ kind }) => kind === 'duplicate-entries') ? before : { state: 'ready' };
    case 'mixed':
    case 'broken':
    case 'metadata-wrong':
      return { state: 'suspect' };
    case 'missing':
    case 'not-an-image':
    case 'unknown':
      return before;
  }
}

function evidenceOf({ verdict, why }: ImageAudit): Evidence {
  if (verdict === 'unknown') return { kind: 'not-audited', text: `the audit could not tell: ${why}` };
  return { kind: 'audit', text: `the bytes say ${verdict}: ${why}` };
}

function causesOf({ causes }: ImageAudit): Evidence[] {
  return causes.map((text) => ({ kind: 'likely-cause', text }));
}

/** The advice to audit has been taken; one that could not tell still leaves it. */
function remediesAfter(
  before: readonly Remedy[],
  { state }: Readiness,
  { verdict, reference }: ImageAudit,
): Remedy[] {
  if (verdict === 'unknown') return [...before];
  const others = before.filter(({ kind }) => kind !== 'audit');
  if (state === 'ready') return others;
  const why = 'lists each file, its layer and the likely cause';
  return [...others, { kind: 'audit', command: `armload audit ${reference}`, verified: true, why }];
}
