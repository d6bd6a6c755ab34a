import type { ElfFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { ImageFiles } from './image-files.ts';
import { fitOf } from './machine.ts';
import type { Lookup } from './rules.ts';

export interface AttemptOptions {
  readonly files: ImageFiles;
  readonly program: ElfFacts;
  /** glibc goes on to the next directory where a library is of another machine; musl fails. */
  readonly family: 'glibc' | 'musl';
}

/** One search for one library: keeps what was tried and what was passed over. */
export class Attempt {
  readonly #options: AttemptOptions;
  readonly #tried: string[] = [];
  readonly #doubts: string[] = [];
  #foreign: (Lookup & { kind: 'foreign' }) | undefined;

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  /** Looks into directories in turn; `undefined` where none of them settles it. */
  inDirectories(directories: readonly string[], name: string, via: string): Lookup | undefined {
    for (const directory of directories) {
      if (this.#options.files.isSpent) break;
      const found = this.#candidate(this.#options.files.in(directory || '/', name), {
        path: `${directory}/${name}`,
        via: `${via} ${directory || '/'}`,
      });
      this.#tried.push(directory || '/');
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Looks at one path; `undefined` where nothing is there that settles it. */
  atPath(path: string, via: string): Lookup | undefined {
    return this.#candidate(this.#options.files.at(path), { path, via });
  }

  doubt(why: string): void {
    this.#doubts.push(why);
  }

  /** Goes on with what another search for the same library gave; `undefined` where that didn't settle it. */
  join(lookup: Lookup): Lookup | undefined {
    if (lookup.kind !== 'missing' && lookup.kind !== 'foreign') return lookup;
    for (const doubt of lookup.doubts) this.#doubts.push(doubt);
    if (lookup.kind === 'missing') for (const directory of lookup.tried) this.#tried.push(directory);
    else this.#foreign ??= lookup;
    return undefined;
  }

  /** What is left to say when no place settled it. */
  end(): Lookup {
    if (this.#options.files.isSpent) this.doubt('the image asks for more searching than is done');
    const doubts = [...new Set(this.#doubts)];
    if (this.#foreign !== undefined) return { ...this.#foreign, doubts };
    return { kind: 'missing', tried: [...new Set(this.#tried)], doubts };
  }

  #candidate(
    entry: ViewEntry | undefined,
    { path, via }: { readonly path: string; readonly via: string },
  ): Lookup | undefined {
    if (entry === undefined) return undefined;
    const place = { entry, path, via };
    const fit = fitOf(entry, this.#options.program);
    const { family } = this.#options;
    if (fit.kind === 'fits')
      return fit.elf.type === 'executable' && family === 'glibc'
        ? { kind: 'unusable', place, is: 'a program at a fixed address' }
        : { kind: 'found', place, elf: fit.elf };
    if (fit.kind === 'unread') return { kind: 'unread', place };
    if (fit.kind === 'unusable') return { kind: 'unusable', place, is: fit.is };
    const foreign = { kind: 'foreign', place, elf: fit.elf, doubts: [] } as const;
    if (family === 'musl') return { ...foreign, taken: true };
    this.#foreign ??= { ...foreign, taken: false };
    return undefined;
  }
}
