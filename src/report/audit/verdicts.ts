import { compareText } from '../../core/index.ts';
import type { AuditVerdict, EntryResult, ImageAudit, Severity, SmokeRun } from '../../results/index.ts';
import type { Tone } from '../groups.ts';

/** In the order people should read them, with how much each should stand out. */
const verdictTones: Readonly<Record<AuditVerdict, Tone>> = {
  mislabelled: 'bad',
  broken: 'bad',
  mixed: 'bad',
  'metadata-wrong': 'bad',
  missing: 'bad',
  unknown: 'doubt',
  'not-an-image': 'quiet',
  right: 'good',
};

/** The verdicts in reading order, worst first. */
export const verdictsInOrder = Object.keys(verdictTones) as readonly AuditVerdict[];

/** `mixed` stands out by what was found: an image whose foreign code only may be used isn't known to be bad. */
export function toneOfVerdict({ verdict, findings }: ImageAudit): Tone {
  if (verdict !== 'mixed') return verdictTones[verdict];
  return findings.some((finding) => finding.severity === 'error') ? 'bad' : 'doubt';
}

export const severityTones: Readonly<Record<Severity, Tone>> = {
  error: 'bad',
  warning: 'doubt',
  note: 'quiet',
};

export const runTones: Readonly<Record<SmokeRun['result'], Tone>> = {
  passed: 'good',
  failed: 'bad',
  'emulator-fault': 'doubt',
  'not-run': 'doubt',
};

/** `ok` is absent where nobody can tell. */
export function toneOfEntry({ ok }: EntryResult): Tone {
  if (ok === undefined) return 'doubt';
  return ok ? 'good' : 'bad';
}

/** Worst first, then as the result has them: by reference and platform. */
export function worstFirst(images: readonly ImageAudit[]): readonly ImageAudit[] {
  return [...images].sort(
    (left, right) =>
      verdictsInOrder.indexOf(left.verdict) - verdictsInOrder.indexOf(right.verdict) ||
      compareText(left.reference, right.reference) ||
      compareText(left.platform, right.platform),
  );
}
