import type { ViewEntry } from '../../layer/index.ts';
import type { ClosureProblem, ResolvedLibrary } from '../types.ts';
import type { Loaded, Lookup, Rules } from './rules.ts';

/** Libraries in one process, and libraries that are not found. */
const maxObjects = 10_000;
const maxMisses = 1000;

/** All that a loader brings for a program, in the order of its `--list`. */
export interface Process {
  /** The program first, then its libraries; the loader where something needs it by name. */
  readonly objects: readonly Loaded[];
  readonly libraries: readonly ResolvedLibrary[];
  /** What it finds nothing usable for. */
  readonly misses: readonly Miss[];
  readonly problems: readonly ClosureProblem[];
  /** What is loaded under a name. */
  named(name: string): Loaded | undefined;
}

export interface Miss {
  readonly name: string;
  readonly needer: Loaded;
  readonly lookup: Exclude<Lookup, { kind: 'found' }>;
}

/**
 * Brings libraries breadth-first, as both loaders do: all that the program needs, then all that these need, each name once
 * (glibc, elf/dl-deps.c; musl, `load_deps`). `spend` counts a step and is false where the image has no more to spend.
 */
export function loadLibraries(program: Loaded, rules: Rules, spend: () => boolean): Process {
  const run = new Run(program, rules);
  for (const object of run.objects) {
    if (isUnread(object)) run.problems.push(unreadNeeds(object));
    for (const name of object.elf.needed) {
      if (!spend() || run.isFull) {
        run.problems.push(tooMany(program));
        return run;
      }
      run.need(name, object);
    }
  }
  return run;
}

class Run implements Process {
  readonly objects: Loaded[];
  readonly libraries: ResolvedLibrary[] = [];
  readonly misses: Miss[] = [];
  readonly problems: ClosureProblem[] = [];
  readonly #rules: Rules;
  readonly #names = new Map<string, Loaded>();
  /** By what hard links share. */
  readonly #files = new Map<ViewEntry['entry'], Loaded>();
  readonly #missed = new Set<string>();

  constructor(program: Loaded, rules: Rules) {
    this.#rules = rules;
    this.objects = [program];
    const { loader } = rules;
    this.#files.set(program.entry.entry, program);
    this.#files.set(loader.entry.entry, loader);
    if (program.elf.soname !== undefined) this.#addNames(program, program.elf.soname);
    this.#addNames(loader, loader.path);
  }

  get isFull(): boolean {
    return this.objects.length > maxObjects || this.misses.length > maxMisses;
  }

  named(name: string): Loaded | undefined {
    return this.#names.get(name) ?? (this.#rules.isLoader(name) ? this.#rules.loader : undefined);
  }

  need(name: string, needer: Loaded): void {
    if (this.#names.has(name)) return;
    const { loader } = this.#rules;
    if (this.#rules.isLoader(name)) {
      this.#take(name, loader);
      this.libraries.push({
        name,
        neededBy: needer.entry,
        file: loader.entry,
        via: 'the loader itself',
      });
      return;
    }
    const lookup = this.#rules.search(name, needer);
    if (lookup.kind === 'found') this.#load(name, needer, lookup);
    else this.#miss({ name, needer, lookup });
  }

  #load(name: string, needer: Loaded, { place, elf }: Lookup & { kind: 'found' }): void {
    const known = this.#files.get(place.entry.entry);
    const loaded = known ?? { entry: place.entry, path: place.path, elf, neededBy: needer };
    if (known === undefined) {
      this.#files.set(place.entry.entry, loaded);
      this.objects.push(loaded);
    }
    this.#take(name, loaded);
    this.libraries.push({ name, neededBy: needer.entry, file: place.entry, via: place.via });
  }

  /** A name is told once where it is missing for one, too: the loader ends at the first. */
  #miss(miss: Miss): void {
    if (this.#missed.has(miss.name)) return;
    this.#missed.add(miss.name);
    this.misses.push(miss);
    const { name, needer, lookup } = miss;
    const isTaken = lookup.kind !== 'missing' && !(lookup.kind === 'foreign' && !lookup.taken);
    const taken = isTaken ? { file: lookup.place.entry, via: lookup.place.via } : {};
    this.libraries.push({ name, neededBy: needer.entry, ...taken });
  }

  /** The requested name answers later needs, whatever else does. */
  #take(name: string, loaded: Loaded): void {
    this.#addNames(loaded, name);
    if (!this.#names.has(name)) this.#names.set(name, loaded);
  }

  #addNames(loaded: Loaded, requested: string): void {
    for (const name of this.#rules.namesOf(loaded, requested))
      if (!this.#names.has(name)) this.#names.set(name, loaded);
  }
}

/** Parts of the file that say what it needs and where to look were not read. */
export function isUnread({ elf }: Loaded): boolean {
  return (
    elf.incomplete?.some((part) => ['program-headers', 'dynamic', 'dynamic-strings'].includes(part)) ?? false
  );
}

function unreadNeeds({ entry }: Loaded): ClosureProblem {
  return {
    kind: 'unknown',
    file: entry,
    found: 'an ELF file whose list of libraries could not be read in full',
    expected: 'a readable list of libraries',
    why: 'What is not read can not be looked for.',
  };
}

function tooMany({ entry }: Loaded): ClosureProblem {
  return {
    kind: 'unknown',
    file: entry,
    found: 'more libraries and directories than are looked through',
    expected: `at most ${maxObjects} libraries in a process`,
    why: 'The rest was not looked for.',
  };
}
