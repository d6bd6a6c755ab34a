import { messageOf } from '../../../core/index.ts';
import type { Refusal } from '../../origin-types.ts';
import { GoError } from './errors.ts';
import type { FoundProgram } from './programs.ts';
import type { Incomplete } from './recipe.ts';

type Doubt = Pick<Refusal, 'kind' | 'why' | 'lift' | 'undetermined'>;

/** What can't be built is refused by each of its paths, as far as the new image has a use for it. */
export function refusalsOf(
  { name }: Pick<FoundProgram, 'name'>,
  paths: readonly string[],
  doubt: Doubt,
): readonly Refusal[] {
  return paths.map((path) => ({
    ...{ path, guess: `go: ${name}`, waivable: true, onlyIfUsed: true },
    ...doubt,
    lift: `${doubt.lift}, and name it with --replace /${path}=FILE.`,
  }));
}

export function incompleteDoubt({ why, lift }: Incomplete): Doubt {
  return { kind: 'no-counterpart', why: `it can't be built anew: ${why}`, lift };
}

export function misnamedDoubt(architecture: string): Doubt {
  return {
    kind: 'no-counterpart',
    why: `its path says that it is for ${architecture}: whoever looks for it there wants no other`,
    lift: 'Decide which program is to be there',
  };
}

const byHand = 'Take the program from its release or build it';

const lifts: Readonly<Record<GoError['code'], string>> = {
  GO_MISSING:
    'Install Go (any version since 1.21, and git for what was built in a repository), or take the program from its release or build it',
  GO_TOOLCHAIN: `Let Go fetch that version (GOTOOLCHAIN=auto) or install it; or take the program from its release`,
  GO_UNREACHABLE: 'Try again when it can be reached, or take the program from its release or build it',
  GO_TIME: 'Try again with more time, or take the program from its release or build it',
  GO_GONE: byHand,
  GO_CHECKSUM: byHand,
  GO_BUILD: byHand,
  GO_SOURCE: byHand,
  GO_RESULT: byHand,
};
const undetermined: ReadonlySet<GoError['code']> = new Set([
  ...(['GO_MISSING', 'GO_TOOLCHAIN', 'GO_UNREACHABLE', 'GO_TIME'] as const),
]);

export function failureDoubt(error: unknown): Doubt {
  const why = messageOf(error);
  if (!(error instanceof GoError))
    return {
      kind: 'no-counterpart',
      why,
      lift: 'Try again, or take the program from its release',
      undetermined: true,
    };
  const isOther = error.code === 'GO_CHECKSUM' || error.code === 'GO_RESULT';
  return {
    kind: isOther ? 'counterpart' : 'no-counterpart',
    ...{ why, lift: error.hint ?? lifts[error.code] },
    ...(undetermined.has(error.code) ? { undetermined: true } : {}),
  };
}
