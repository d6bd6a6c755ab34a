import type { ElfFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';

/** Directories looked at of one search path; more leave a doubt. */
export const maxDirectories = 1000;

/** A program or library that is in the process. */
export interface Loaded {
  readonly entry: ViewEntry;
  /** The absolute path it was opened by; of the program itself, the path with all links followed. */
  readonly path: string;
  readonly elf: ElfFacts;
  /** What it was first loaded for; absent for the program and its loader. */
  readonly neededBy?: Loaded;
}

/** Where a library was looked for and what was there. */
export interface Place {
  readonly entry: ViewEntry;
  readonly path: string;
  /** See `ResolvedLibrary.via`. */
  readonly via: string;
}

/** What a loader makes of a needed library that isn't loaded yet. */
export type Lookup =
  | { readonly kind: 'found'; readonly place: Place; readonly elf: ElfFacts }
  /** Only of another machine. `taken`: the loader takes it and fails; otherwise it passes over it and finds no other. */
  | {
      readonly kind: 'foreign';
      readonly place: Place;
      readonly elf: ElfFacts;
      readonly taken: boolean;
      readonly doubts: readonly string[];
    }
  /** A file of the name that can't be loaded: the loader takes it and fails. */
  | { readonly kind: 'unusable'; readonly place: Place; readonly is: string }
  /** A file of the name, and it was not read what it is. */
  | { readonly kind: 'unread'; readonly place: Place }
  /** `doubts`: why the loader may find it after all, each a clause. */
  | { readonly kind: 'missing'; readonly tried: readonly string[]; readonly doubts: readonly string[] };

/** How one kind of dynamic loader finds libraries. */
export interface Rules {
  readonly family: 'glibc' | 'musl';
  /** The loader itself, which is in every process. */
  readonly loader: Loaded;
  /** Does the name mean the loader itself, whatever lies on disk? */
  isLoader(name: string): boolean;
  /** The names under which a library that is loaded answers later needs. */
  namesOf(loaded: Loaded, requested: string): readonly string[];
  search(name: string, needer: Loaded): Lookup;
}

/** The objects from one that needs a library up to the program, those left out that say nothing of where to look. */
export class NeederChain {
  readonly #says: (elf: ElfFacts) => boolean;
  /** The nearest that says something, the object itself included. */
  readonly #nearest = new Map<Loaded, Loaded | undefined>();

  constructor(says: (elf: ElfFacts) => boolean) {
    this.#says = says;
  }

  *from(needer: Loaded): Generator<Loaded, void, undefined> {
    for (let object = this.#find(needer); object !== undefined; ) {
      yield object;
      object = object.neededBy === undefined ? undefined : this.#find(object.neededBy);
    }
  }

  #find(start: Loaded): Loaded | undefined {
    const passed: Loaded[] = [];
    let object: Loaded | undefined = start;
    while (object !== undefined && !this.#nearest.has(object) && !this.#says(object.elf)) {
      passed.push(object);
      object = object.neededBy;
    }
    const found = object === undefined || this.#says(object.elf) ? object : this.#nearest.get(object);
    for (const one of passed) this.#nearest.set(one, found);
    return found;
  }
}
