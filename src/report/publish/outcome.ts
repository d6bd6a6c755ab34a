import type { PublishResult } from '../../results/index.ts';
import type { Outcome } from '../outcome.ts';

/**
 * The exit code of a publish, and why:
 *
 * | code | when |
 * |---|---|
 * | 0 | the name points to the index, or would after a run that isn't dry |
 * | 1 | an audit speaks against an image |
 * | 2 | no audit speaks against one, but one could not tell |
 */
export function publishOutcomeOf({ outcome, images }: PublishResult): Outcome {
  switch (outcome) {
    case 'published':
      return { code: 0, reason: 'the index is published' };
    case 'unchanged':
      return { code: 0, reason: 'there was nothing to do' };
    case 'planned':
      return { code: 0, reason: 'nothing was written, as asked' };
    case 'refused':
      return images.some(({ audit }) => audit.state === 'refused')
        ? { code: 1, reason: 'an image is not what its label says' }
        : { code: 2, reason: 'nobody could tell whether an image is what its label says' };
  }
}
