import { messageOf } from '../../../core/index.ts';
import type { ViewEntry } from '../../../layer/index.ts';
import { FetchError, FileError } from '../../fetch/index.ts';
import type { Refusal } from '../../origin-types.ts';
import { DotnetError } from './errors.ts';
import type { DotnetProgram } from './find-programs.ts';

/** What a refusal says, apart from the file that it's about. */
export type RefusedWhy = Pick<Refusal, 'kind' | 'why' | 'lift' | 'undetermined'>;

/** One refusal for files of one kind, at the first of them. Code that isn't used is nobody's business. */
export function fileRefusal(
  { name }: DotnetProgram,
  [file, ...others]: readonly [ViewEntry, ...ViewEntry[]],
  { lift, ...refused }: RefusedWhy,
): Refusal {
  const { path } = file;
  return {
    ...{ path, ...refused, guess: `dotnet: ${name}` },
    lift: `${lift} Or waive it with a reason: --waive /${path}=REASON.`,
    ...{ waivable: true, onlyIfUsed: true },
    ...(others.length > 0 && { covers: others.map((one) => one.path) }),
  };
}

const again = 'Try again, or name another source in port.dotnet.sources.';

/** What kept a counterpart from being had. @throws what is not the source's fault. */
export function failure(name: string, error: unknown): RefusedWhy {
  const why = `the counterpart of ${name} can't be had: ${messageOf(error)}`;
  if (error instanceof FetchError || error instanceof DotnetError)
    return { kind: 'package', undetermined: true, why, lift: again };
  if (!(error instanceof FileError)) throw error;
  if (error.code === 'FILE_CACHE')
    return {
      ...{ kind: 'package', undetermined: true, why },
      lift: 'Make room for it, or use another folder for the cache.',
    };
  return { kind: 'counterpart', why, lift: error.hint ?? 'Name another source in port.dotnet.sources.' };
}
