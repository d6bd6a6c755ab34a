import { messageOf } from '../../../core/index.ts';
import { FetchError, FileError } from '../../fetch/index.ts';
import type { Refusal } from '../../origin-types.ts';
import { RubyError } from './errors.ts';
import { gemFolder, type InstalledGem } from './find-gems.ts';

/** What a refusal says, apart from the gem that it's about. */
export type RefusedWhy = Pick<Refusal, 'kind' | 'why' | 'lift' | 'undetermined'>;

/** One refusal for a gem, whatever number of files it has. Waived, its files are judged one by one. */
export function gemRefusal(gem: InstalledGem, refused: RefusedWhy): Refusal {
  const { name, version, foreign } = gem;
  return {
    ...{ path: gemFolder(gem), ...refused, guess: `ruby: ${name} ${version}`, waivable: true },
    covers: foreign.map(({ path }) => path),
  };
}

export function compiledRefusal({ name, version, isCompiled }: InstalledGem): RefusedWhy {
  const build = 'Build the image for the platform';
  return isCompiled
    ? {
        kind: 'no-counterpart',
        why: `${name} ${version} was compiled when it was installed, and no gem server has what came out`,
        lift: `${build}: gem install ${name} -v ${version} compiles it there.`,
      }
    : {
        kind: 'no-counterpart',
        why: `${name} ${version} is for all platforms, and has machine code for the old machine alone`,
        lift: `${build}, or take a version of ${name} that has some for it.`,
      };
}

const again = 'Try again, or name another gem server in port.ruby.sources.';

/** What kept a gem from being looked for. @throws what is neither's fault, the server's or the gem's. */
export function failure({ name, version }: InstalledGem, error: unknown): RefusedWhy {
  const why = `the counterpart of ${name} ${version} can't be used: ${messageOf(error)}`;
  if (error instanceof FetchError) return { kind: 'package', undetermined: true, why, lift: again };
  if (!(error instanceof FileError) && !(error instanceof RubyError)) throw error;
  if (error.code === 'FILE_CACHE' || error.code === 'RUBY_CACHE')
    return {
      ...{ kind: 'package', undetermined: true, why },
      lift: 'Make room for it, or use another folder for the cache.',
    };
  return { kind: 'counterpart', why, lift: error.hint ?? again };
}
