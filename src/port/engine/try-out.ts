import type { SmokeRun } from '../../results/index.ts';
import type { Refusal } from '../origin-types.ts';
import type { PutTogether } from './types.ts';

import type { Workshop } from './workshop.ts';

export interface TriedOut {
  readonly results: readonly SmokeRun[];
  readonly refusals: readonly Refusal[];
}

/** Runs the new image where that was asked for. What could not be run says nothing; what fails is not published. */
export async function tryOut(
  { options, folder }: Workshop,
  { audit }: Pick<PutTogether, 'audit'>,
): Promise<TriedOut> {
  const { run, signal, environment, onEvent } = options;
  if (run === undefined || audit === undefined) return { results: [], refusals: [] };
  onEvent?.({ type: 'phase', phase: 'trying out the new image' });
  const results = await audit.run({
    ...run,
    temporaryFolder: folder,
    ...(signal === undefined ? {} : { signal }),
    ...(environment === undefined ? {} : { environment }),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  const failed = results.filter(({ result }) => result === 'failed');
  return {
    results,
    refusals: failed.map(({ command, why }) => ({
      kind: 'audit',
      why: `tried out, \`${command.join(' ')}\` failed: ${why}`,
      lift: 'Compare with the same command in the original; without --run nothing is tried out.',
      waivable: false,
    })),
  };
}
