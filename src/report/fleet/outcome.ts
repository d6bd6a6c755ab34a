import type { FleetImage, FleetResult } from '../../results/index.ts';
import type { Outcome } from '../outcome.ts';

/**
 * The exit code of a fleet, and why:
 *
 * | code | when |
 * |---|---|
 * | 0 | all that lack the platform are ported, were so before, or would be after a run that isn't dry |
 * | 1 | at least one is refused |
 * | 2 | none is, but something could not be determined: of an image, of what a reference names, of a file |
 *
 * 2 never hides 1.
 */
export function fleetOutcomeOf({ images, left, problems, dryRun }: FleetResult): Outcome {
  if (images.some(isRefused)) return { code: 1, reason: 'something is refused' };
  const isOpen =
    images.some(({ outcome }) => outcome === 'unknown' || outcome === 'failed') ||
    left.some(({ readiness }) => readiness.state === 'unknown' || readiness.state === 'unresolved') ||
    problems.length > 0;
  if (isOpen) return { code: 2, reason: 'something could not be determined' };
  if (images.length === 0)
    return { code: 0, reason: left.length === 0 ? 'no image was found' : 'nothing is to be ported' };
  return { code: 0, reason: dryRun ? 'nothing was written, as asked' : 'all are ported' };
}

export function isRefused({ outcome, refused }: FleetImage): boolean {
  return outcome === 'refused' || (outcome === 'unknown' && refused.sure > 0);
}
