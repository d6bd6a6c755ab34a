import type { BuildResult } from '../../results/index.ts';
import type { Outcome } from '../outcome.ts';

/** Codes of failures that say that nobody could tell. */
const undetermined = new Set(['AUDIT_UNKNOWN', 'CHECK_UNKNOWN']);

/** 0 when all is done, 2 where an audit could not tell, 1 for everything else that is left. */
export function buildOutcomeOf({ state, failure, checks }: BuildResult): Outcome {
  if (state === 'done') return { code: 0, reason: 'all is done' };
  const isUnknown =
    failure !== undefined &&
    (undetermined.has(failure.code) ||
      (failure.kind === 'check' && checks.every((check) => check.state !== 'failed')));
  return isUnknown
    ? { code: 2, reason: 'something could not be determined' }
    : { code: 1, reason: state === 'failed' ? 'something failed' : 'it can go on' };
}
