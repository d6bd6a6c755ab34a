import type { ElfFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { ClosureProblem } from '../types.ts';
import type { Process } from './load-libraries.ts';
import type { Loaded } from './rules.ts';

/** Versions told by name in one problem. */
const maxNamed = 3;

interface Need {
  readonly needer: Loaded;
  readonly library: string;
  readonly giver: Loaded;
}

/** Judges the symbol versions of closures; what one file lacks in another is worked out once. */
export class VersionChecker {
  /** By the file that needs them, the library's name, and the file that gives them. */
  readonly #lacking = new WeakMap<object, Map<string, WeakMap<object, readonly string[]>>>();

  /** Versions that are wanted and not given (glibc, elf/dl-version.c, `_dl_check_map_versions`). */
  problems(process: Process): ClosureProblem[] {
    const missed = new Set(process.misses.map(({ name }) => name));
    const problems: ClosureProblem[] = [];
    for (const needer of process.objects) {
      if (needer.elf.incomplete?.includes('versions-needed')) problems.push(unreadVersions(needer));
      for (const { library } of needer.elf.versionsNeeded ?? []) {
        const giver = process.named(library);
        if (giver !== undefined) problems.push(...this.#check({ needer, library, giver }));
        else if (!missed.has(library)) problems.push(notLoaded(needer, library));
      }
    }
    return problems;
  }

  #check(need: Need): ClosureProblem[] {
    const lacking = this.#lackingIn(need);
    return lacking.length === 0 ? [] : [problemOf(need, lacking)];
  }

  #lackingIn(need: Need): readonly string[] {
    const { needer, library, giver } = need;
    const libraries = this.#lacking.get(needer.entry.entry) ?? new Map<string, WeakMap<object, string[]>>();
    this.#lacking.set(needer.entry.entry, libraries);
    const givers = libraries.get(library) ?? new WeakMap<object, readonly string[]>();
    libraries.set(library, givers);
    const known = givers.get(giver.entry.entry);
    if (known !== undefined) return known;
    const lacking = lackingIn(need);
    givers.set(giver.entry.entry, lacking);
    return lacking;
  }
}

/** A library without any versions is taken as it is. */
function lackingIn({ needer, library, giver }: Need): string[] {
  const { versionsGiven } = giver.elf;
  if (versionsGiven === undefined && !isUnread(giver.elf)) return [];
  const given = new Set(versionsGiven);
  const lacking = new Set<string>();
  for (const need of needer.elf.versionsNeeded ?? []) {
    if (need.library !== library) continue;
    const weak = new Set(need.weak);
    for (const version of need.versions) if (!weak.has(version) && !given.has(version)) lacking.add(version);
  }
  return [...lacking];
}

function problemOf({ needer, library, giver }: Need, lacking: readonly string[]): ClosureProblem {
  if (isUnread(giver.elf))
    return {
      kind: 'unknown',
      file: needer.entry,
      found: `/${giver.entry.path}, whose symbol versions could not be read in full`,
      expected: `${library} with ${listOf(lacking)}`,
      why: 'Whether the library has the versions that are wanted decides whether the program starts.',
    };
  return {
    kind: 'missing-version',
    file: needer.entry,
    found: `/${giver.entry.path} without ${listOf(lacking)}`,
    expected: `${library} with ${listOf(lacking)}`,
    why: whyMissing(giver.entry, lacking),
  };
}

function isUnread({ incomplete = [] }: ElfFacts): boolean {
  return incomplete.some((part) =>
    ['versions-given', 'dynamic', 'dynamic-strings', 'program-headers'].includes(part),
  );
}

function whyMissing(giver: ViewEntry, lacking: readonly string[]): string {
  const start = `The program loader ends the start with "version ${lacking[0]} not found"`;
  return lacking.some((version) => version.startsWith('GLIBC_'))
    ? `${start}: the file was built against a newer glibc than the image's /${giver.path}.`
    : `${start}: the file was built against a newer library than the image has.`;
}

function notLoaded({ entry }: Loaded, library: string): ClosureProblem {
  return {
    kind: 'unknown',
    file: entry,
    found: `symbol versions wanted of ${library}, which nothing loads`,
    expected: `${library} among its libraries`,
    why: 'Some versions of glibc end the start over this, others do not.',
  };
}

function unreadVersions({ entry }: Loaded): ClosureProblem {
  return {
    kind: 'unknown',
    file: entry,
    found: 'an ELF file whose wanted symbol versions could not be read in full',
    expected: 'a readable table of versions',
    why: 'Whether its libraries have what it wants can not be told.',
  };
}

function listOf(versions: readonly string[]): string {
  const named = versions.slice(0, maxNamed).join(', ');
  return versions.length > maxNamed ? `${named} and ${versions.length - maxNamed} more` : named;
}
