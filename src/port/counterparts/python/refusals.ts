import { messageOf } from '../../../core/index.ts';
import { FetchError } from '../../fetch/index.ts';
import type { Refusal } from '../../origin-types.ts';
import { PythonError } from './errors.ts';
import type { Distribution } from './installed/types.ts';

/** What a refusal says, apart from the distribution that it's about. */
export type RefusedWhy = Pick<Refusal, 'kind' | 'why' | 'lift' | 'undetermined'>;

/** One refusal for a distribution, whatever number of files it has. Waived, its files are judged one by one. */
export function distributionRefusal(
  { name, version, info }: Distribution,
  code: readonly string[],
  refused: RefusedWhy,
): Refusal {
  return { path: info, ...refused, guess: `python: ${name} ${version}`, waivable: true, covers: code };
}

const again = 'Try again, or name another index with --python-index.';

/** What kept a distribution from being looked for. @throws what is neither's fault, the index's or the wheel's. */
export function failure({ name, version }: Distribution, error: unknown): RefusedWhy {
  const why = `the counterpart of ${name} ${version} can't be used: ${messageOf(error)}`;
  if (error instanceof FetchError) return { kind: 'package', undetermined: true, why, lift: again };
  if (!(error instanceof PythonError)) throw error;
  switch (error.code) {
    case 'PYTHON_HASH':
    case 'PYTHON_WHEEL':
    case 'PYTHON_LIMIT':
      return { kind: 'counterpart', why, lift: error.hint ?? 'Name another index with --python-index.' };
    case 'PYTHON_INDEX':
      return { kind: 'package', undetermined: true, why, lift: again };
    case 'PYTHON_CACHE':
      return {
        ...{ kind: 'package', undetermined: true, why },
        lift: 'Make room for it, or use another folder for the cache.',
      };
  }
}
