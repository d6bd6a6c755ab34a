import type { ElfFacts, FileFacts } from '../../../binary/index.ts';
import { type Builder, type BuiltProgram, discard } from './build.ts';
import { firstDifference } from './compare.ts';
import { GoError } from './errors.ts';
import { checkToolFlags } from './flags.ts';
import type { Recipe } from './recipe.ts';

/** The program that is in the image. */
export interface OldProgram {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
  readonly facts: FileFacts;
}

export interface Proof {
  /** `bytes`: the recipe gives the image's file, byte for byte. `sections`: code and data of the same sizes. */
  readonly kind: 'bytes' | 'sections';
  /** For link flags that were not recorded. */
  readonly linkFlags?: string;
}

/** What people strip their programs with; with `-trimpath` it's not recorded. Their order is in the program's build ID. */
const usualLinkFlags = [
  ...[undefined, '-s -w', '-w -s', '-w', '-s', '-s -w -buildid='],
  ...['-buildid=', '-buildid= -s -w', '-w -s -buildid=', '-s -w -extldflags "-static"'],
];

/**
 * Tries the recipe on the old machine first: what it gives there must be what is in the image. That way nothing goes
 * unseen that Go doesn't record: link flags, generated files that git ignores, what was put behind the program.
 * @param given link flags that a person says it was built with.
 * @throws GoError `GO_RESULT` where the recipe gives something else, and all that building throws.
 */
export async function prove(
  recipe: Recipe,
  old: OldProgram,
  {
    builder,
    machine,
    given,
  }: { builder: Builder; machine: Readonly<Record<string, string>>; given?: string | undefined },
): Promise<Proof> {
  const problem = given === undefined ? undefined : checkToolFlags('-ldflags', given);
  if (problem !== undefined)
    throw new GoError('GO_RESULT', `the link flags that were given can't be used: ${problem}`);
  const candidates = !recipe.hidesLinkFlags ? [undefined] : given === undefined ? usualLinkFlags : [given];
  for (const linkFlags of candidates) {
    const trial = await builder.build(machine, linkFlags);
    await discard(trial);
    if (trial.sha256 === old.sha256)
      return { kind: 'bytes', ...(linkFlags === undefined ? {} : { linkFlags }) };
    checkSame(recipe, trial);
    if (!recipe.isTrimmed) return compareSections(old, trial);
  }
  throw new GoError('GO_RESULT', unlike(recipe, given !== undefined), {
    hint: recipe.hidesLinkFlags
      ? 'Say what it was linked with (--go-ldflags), or take the program from its release or build it'
      : undefined,
  });
}

function unlike({ hidesLinkFlags }: Recipe, isGiven: boolean): string {
  const found =
    'built again for the old machine, it is not the file that the image has, though all that Go recorded is the same';
  if (!hidesLinkFlags) return found;
  if (isGiven) return `${found}: not with the link flags that were given`;
  return `the line "build -ldflags" is missing, for Go leaves it out with -trimpath: ${found}, and not with the usual link flags either`;
}

function checkSame({ info, goVersion }: Recipe, trial: BuiltProgram): void {
  const difference =
    versionDifference(goVersion, trial.facts) ?? firstDifference(info, trial.info, { isOtherMachine: false });
  if (difference !== undefined)
    throw new GoError('GO_RESULT', `built again for the old machine, it is another program: ${difference}`);
}

export function versionDifference(goVersion: string, facts: FileFacts): string | undefined {
  const is = facts.kind === 'elf' ? facts.elf.go?.version : undefined;
  return is === goVersion ? undefined : `its Go is ${is ?? 'unknown'}, and was ${goVersion}`;
}

/** Paths of the builder's machine stand in tables of their own; the path of Go itself among the constants. */
const tolerance: Readonly<Record<string, number>> = {
  '.text': 0,
  '.data': 0,
  '.rodata': 256,
  '.noptrdata': 256,
};
/** Those tables, and debug information, are a part of the file that grows with the paths. */
const sizeTolerance = 0.05;

function compareSections(old: OldProgram, trial: BuiltProgram): Proof {
  const [was, is] = [goOf(old.facts)?.sections, goOf(trial.facts)?.sections];
  for (const [name, most] of Object.entries(tolerance)) {
    const [before, now] = [was?.[name], is?.[name]];
    if (before === undefined || now === undefined)
      throw new GoError(
        'GO_RESULT',
        `nobody can tell whether it is the same program: it has no section ${name}`,
      );
    if (Math.abs(before - now) > most)
      throw new GoError(
        'GO_RESULT',
        `built again for the old machine, it is another program: its section ${name} has ${now} bytes, and had ${before}`,
      );
  }
  const difference = Math.abs(old.size - trial.size);
  if (difference <= Math.max(64 * 1024, old.size * sizeTolerance)) return { kind: 'sections' };
  throw new GoError(
    'GO_RESULT',
    `built again for the old machine, it is another program: it has ${trial.size} bytes, and had ${old.size}`,
  );
}

function goOf(facts: FileFacts): ElfFacts['go'] {
  return facts.kind === 'elf' ? facts.elf.go : undefined;
}
