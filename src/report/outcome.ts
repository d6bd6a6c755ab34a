import type { ReadinessState, ScanResult } from '../results/index.ts';

/** What a policy can fail on: a state of an image, or a constraint that keeps a workload off the platform. */
export const failOnWords = [
  'suspect',
  'mislabelled',
  'missing',
  'pinned',
  'unresolved',
  'not-an-image',
  'unknown',
  'constraint',
] as const satisfies readonly (Exclude<ReadinessState, 'ready'> | 'constraint')[];
export type FailOn = (typeof failOnWords)[number];

/**
 * What fails unless the person chose otherwise: all that is known not to run. `suspect` is among them because the
 * registry's own documents speak against the image; an artifact that is no image blocks nothing; a blocking
 * constraint is the person's own text and reported beside.
 */
export const defaultFailOn: readonly FailOn[] = ['missing', 'pinned', 'suspect', 'mislabelled'];

const undetermined: readonly ReadinessState[] = ['unknown', 'unresolved'];

/** How a scan ends: the exit code and why, as half a sentence. */
export interface Outcome {
  readonly code: 0 | 1 | 2;
  readonly reason: string;
}

/**
 * The exit code of a scan, and why:
 *
 * | code | when |
 * |---|---|
 * | 0 | no image is in a state of `failOn`, and everything could be determined |
 * | 1 | at least one image is in a state of `failOn` (or a workload has a blocking constraint, where `failOn` has `constraint`) |
 * | 2 | none of that, but an image is `unknown` or `unresolved`, or a file could not be read |
 *
 * 2 never hides 1. A `failOn` without `unknown` doesn't make an undetermined image pass: that is 2 still.
 */
export function outcomeOf(result: ScanResult, failOn: readonly FailOn[] = defaultFailOn): Outcome {
  const fails = new Set<string>(failOn);
  const states = result.images.map((image) => image.readiness.state);
  if (states.some((state) => fails.has(state))) return { code: 1, reason: 'something is not ready' };
  if (fails.has('constraint') && result.workloads.some(hasBlockingConstraint)) {
    return { code: 1, reason: 'a constraint keeps a workload off the platform' };
  }
  if (result.problems.length > 0 || states.some((state) => undetermined.includes(state))) {
    return { code: 2, reason: 'something could not be determined' };
  }
  return { code: 0, reason: goodReason(states) };
}

/** The code of `outcomeOf`. */
export function exitCodeOf(result: ScanResult, failOn?: readonly FailOn[]): 0 | 1 | 2 {
  return outcomeOf(result, failOn).code;
}

function goodReason(states: readonly ReadinessState[]): string {
  if (states.length === 0) return 'no image was found';
  return states.every((state) => state === 'ready' || state === 'not-an-image')
    ? 'everything is ready'
    : 'nothing the policy fails on';
}

/** Does its own text keep this workload off the target platform? */
export function hasBlockingConstraint(workload: ScanResult['workloads'][number]): boolean {
  return workload.constraints.some((constraint) => constraint.blocks);
}
