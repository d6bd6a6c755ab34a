import { messageOf } from '../../../core/index.ts';
import { FetchError, FileError } from '../../fetch/index.ts';
import type { Refusal } from '../../origin-types.ts';
import type { OldJar } from './find-jars.ts';

/** What a refusal says, apart from the jar that it's about. */
export type RefusedWhy = Pick<Refusal, 'kind' | 'why' | 'lift' | 'undetermined'>;

/** A jar whose code isn't used is nobody's business: the audit of the new image says whether it is. */
export function jarRefusal(
  { file, innerPath }: OldJar,
  { lift, why, ...refused }: RefusedWhy,
  guess: string,
): Refusal {
  const { path } = file;
  return {
    ...{ path, ...refused, guess: `java: ${guess}` },
    why: innerPath === '' ? why : `${innerPath} in it: ${why}`,
    lift: `${lift} Otherwise name a jar with --replace /${path}=FILE, or waive it with a reason: --waive /${path}=REASON.`,
    ...{ waivable: true, onlyIfUsed: true },
  };
}

/** What kept a counterpart from being had. @throws what is not the repository's fault. */
export function failure(name: string, error: unknown): RefusedWhy {
  const why = `the counterpart of ${name} can't be had: ${messageOf(error)}`;
  if (error instanceof FetchError)
    return {
      ...{ kind: 'package', undetermined: true, why },
      lift: 'Try again, or name another repository in port.java.repositories.',
    };
  if (!(error instanceof FileError)) throw error;
  if (error.code === 'FILE_CACHE')
    return {
      ...{ kind: 'package', undetermined: true, why },
      lift: 'Make room for it, or use another folder for the cache.',
    };
  return {
    kind: 'counterpart',
    why,
    lift: error.hint ?? 'Name another repository in port.java.repositories.',
  };
}
