import type { PortResult } from '../../results/index.ts';
import type { Outcome } from '../outcome.ts';

/**
 * The exit code of a port, and why:
 *
 * | code | when |
 * |---|---|
 * | 0 | the port is published, was so before, would be after a run that isn't dry, or isn't needed |
 * | 1 | something can't be carried over, or the result is not right |
 * | 2 | none of that is known, but something could not be determined |
 *
 * 2 never hides 1: what is refused stays so, whatever else nobody could tell.
 */
export function portOutcomeOf({ outcome, refusals }: Pick<PortResult, 'outcome' | 'refusals'>): Outcome {
  switch (outcome) {
    case 'published':
      return { code: 0, reason: 'the port is published' };
    case 'unchanged':
      return { code: 0, reason: 'there was nothing to do' };
    case 'planned':
      return { code: 0, reason: 'nothing was written, as asked' };
    case 'unneeded':
      return { code: 0, reason: 'the image has the platform already' };
    case 'refused':
      return { code: 1, reason: 'the port is refused' };
    case 'unknown':
      return refusals.some(({ undetermined }) => !undetermined)
        ? { code: 1, reason: 'the port is refused' }
        : { code: 2, reason: 'something could not be determined' };
  }
}
