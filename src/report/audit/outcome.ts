import {
  type AuditResult,
  type AuditVerdict,
  type ImageAudit,
  type Severity,
  severities,
} from '../../results/index.ts';
import type { Outcome } from '../outcome.ts';

/** What a policy can fail on: a finding of a severity or a worse one, or a verdict on an image. */
export const auditFailOnWords = [
  ...severities,
  'mislabelled',
  'metadata-wrong',
  'mixed',
  'broken',
  'missing',
  'not-an-image',
  'unknown',
] as const satisfies readonly (Severity | Exclude<AuditVerdict, 'right'>)[];
export type AuditFailOn = (typeof auditFailOnWords)[number];

/**
 * What fails unless the person chose otherwise: what is known not to run, and documents that say the wrong thing. An
 * image that is `mixed` fails by its findings: foreign code that is used is an error, what only may be isn't one.
 */
export const defaultAuditFailOn: readonly AuditFailOn[] = [
  'error',
  'mislabelled',
  'metadata-wrong',
  'broken',
  'missing',
];

/**
 * The exit code of an audit, and why:
 *
 * | code | when |
 * |---|---|
 * | 0 | nothing that `failOn` names, everything could be determined, and every smoke run passed |
 * | 1 | an image has a verdict of `failOn`, or a finding at or above its least severity, or a smoke run failed |
 * | 2 | none of that, but an image is `unknown`, or nobody knows whether some foreign machine code is used (notes aside: data that only looks like it), or findings worse than notes didn't fit the document, or a smoke run could not be done |
 *
 * 2 never hides 1. A smoke run that failed counts whatever `failOn` says, because somebody asked for it. A `failOn`
 * without `unknown` doesn't make an undetermined image pass: that is 2 still.
 */
export function auditOutcomeOf(
  { images }: AuditResult,
  failOn: readonly AuditFailOn[] = defaultAuditFailOn,
): Outcome {
  const failure = failureOf(images, failOn);
  if (failure !== undefined) return { code: 1, reason: failure };
  if (images.some((image) => !isDetermined(image))) {
    return { code: 2, reason: 'something could not be determined' };
  }
  return { code: 0, reason: goodReason(images) };
}

const verdictFails: Readonly<Record<Exclude<AuditVerdict, 'right'>, string>> = {
  mislabelled: 'an image is not what its label says',
  broken: 'an image can not start',
  mixed: 'an image holds machine code of others',
  'metadata-wrong': 'the documents of an image are wrong',
  missing: 'an image is missing for the platform',
  'not-an-image': 'something is no image',
  unknown: 'the verdict on an image is unknown',
};

/** In the order of how much they say. */
const verdictsInOrder = Object.keys(verdictFails) as readonly (keyof typeof verdictFails)[];

const severityFails: Readonly<Record<Severity, string>> = {
  error: 'there are errors',
  warning: 'there are warnings',
  note: 'there are notes',
};

function failureOf(images: readonly ImageAudit[], failOn: readonly AuditFailOn[]): string | undefined {
  const verdict = verdictsInOrder.find(
    (word) => failOn.includes(word) && images.some((image) => image.verdict === word),
  );
  if (verdict !== undefined) return verdictFails[verdict];
  const severity = severitiesOf(failOn).find((word) => images.some((image) => hasSeverity(image, word)));
  if (severity !== undefined) return severityFails[severity];
  return images.some((image) => hasRun(image, 'failed')) ? 'a smoke run failed' : undefined;
}

/** The least severity that the policy names, and all worse ones, worst first. */
function severitiesOf(failOn: readonly AuditFailOn[]): readonly Severity[] {
  const least = severities.findLastIndex((severity) => failOn.includes(severity));
  return severities.slice(0, least + 1);
}

function hasSeverity({ findings }: ImageAudit, severity: Severity): boolean {
  return findings.some((finding) => finding.severity === severity);
}

function isDetermined(image: ImageAudit): boolean {
  return (
    image.verdict !== 'unknown' &&
    !image.findings.some(({ verdict, severity }) => verdict === 'unknown' && severity !== 'note') &&
    !omitsMoreThanNotes(image) &&
    !hasRun(image, 'not-run') &&
    !hasRun(image, 'emulator-fault')
  );
}

/** Findings are listed worst first, so after a note there are only notes. */
function omitsMoreThanNotes({ findings, findingsOmitted }: ImageAudit): boolean {
  return findingsOmitted > 0 && findings.at(-1)?.severity !== 'note';
}

function hasRun({ runs = [] }: ImageAudit, result: (typeof runs)[number]['result']): boolean {
  return runs.some((run) => run.result === result);
}

function goodReason(images: readonly ImageAudit[]): string {
  if (images.length === 0) return 'no image was audited';
  return images.every((image) => image.verdict === 'right')
    ? 'every image is what its label says'
    : 'nothing the policy fails on';
}
