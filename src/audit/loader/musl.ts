import { Attempt } from './attempt.ts';
import type { ProcessOptions } from './glibc.ts';
import { baseName, folderOf } from './image-files.ts';
import type { ImageLoaders } from './image-loaders.ts';
import { machineNames } from './machine.ts';
import { type Loaded, type Lookup, maxDirectories, NeederChain, type Rules } from './rules.ts';

/** Libraries that are all in the loader: `libc.…`, `libpthread.…` and so on. */
const reserved = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./;
const usualSearchPath = '/lib:/usr/local/lib:/usr/lib';

/** Where it looks last. */
interface SystemPath {
  readonly directories: readonly string[];
  readonly via: string;
  readonly doubts: readonly string[];
}

/** How musl's loader finds libraries (musl, ldso/dynlink.c, `load_library`). */
export class MuslRules implements Rules {
  readonly family = 'musl';
  readonly loader: Loaded;
  readonly #shared: ImageLoaders;
  readonly #program: Loaded;
  readonly #isSecure: boolean;
  readonly #libraryPath: readonly string[];
  readonly #libraryDoubts: readonly string[];
  readonly #pathChain = new NeederChain(({ rpath, runpath }) => rpath !== undefined || runpath !== undefined);
  #system: SystemPath | undefined;

  constructor({ shared, program, loader, isSecure }: ProcessOptions) {
    this.loader = loader;
    this.#shared = shared;
    this.#program = program;
    this.#isSecure = isSecure;
    const written = isSecure ? undefined : shared.subject.run.environment.get('LD_LIBRARY_PATH');
    this.#libraryPath = this.#absolute(directoriesIn(written ?? ''));
    this.#libraryDoubts = doubtsOf(written ?? '');
  }

  isLoader(name: string): boolean {
    return reserved.test(name) || name === this.loader.path;
  }

  /** A name with a slash is no name for later needs. */
  namesOf({ path }: Loaded, requested: string): readonly string[] {
    return requested.includes('/') ? [] : [baseName(path)];
  }

  search(name: string, needer: Loaded): Lookup {
    const attempt = new Attempt({
      files: this.#shared.files,
      program: this.#program.elf,
      family: 'musl',
    });
    if (name.includes('/')) return attempt.atPath(name, 'path') ?? attempt.end();
    const found = attempt.inDirectories(this.#libraryPath, name, 'LD_LIBRARY_PATH');
    if (found !== undefined) return found;
    for (const doubt of this.#libraryDoubts) attempt.doubt(doubt);
    return this.#inRpaths(name, needer, attempt) ?? this.#inSystem(name, attempt) ?? attempt.end();
  }

  /** musl makes no difference between the two kinds of path; where an object has both, DT_RUNPATH counts. */
  #inRpaths(name: string, needer: Loaded, attempt: Attempt): Lookup | undefined {
    for (const object of this.#pathChain.from(needer)) {
      const { elf, path } = object;
      const written = elf.runpath ?? elf.rpath ?? '';
      const expanded = this.#expand(written, path, object);
      if (expanded === undefined) continue;
      const via = elf.runpath === undefined ? 'rpath' : 'runpath';
      const found = attempt.inDirectories(this.#absolute(directoriesIn(expanded)), name, via);
      if (found !== undefined) return found;
      for (const doubt of doubtsOf(expanded)) attempt.doubt(doubt);
    }
    return undefined;
  }

  /** `undefined` for a path that counts for nothing as a whole: one with another token, or the program's in secure mode. */
  #expand(written: string, path: string, object: Loaded): string | undefined {
    if (!written.includes('$')) return written;
    if (written.replaceAll(/\$(?:ORIGIN|\{ORIGIN\})/g, '').includes('$')) return undefined;
    if (this.#isSecure && object === this.#program) return undefined;
    return written.replaceAll(/\$(?:ORIGIN|\{ORIGIN\})/g, () => folderOf(path));
  }

  #inSystem(name: string, attempt: Attempt): Lookup | undefined {
    this.#system ??= this.#readSystem();
    const { directories, via, doubts } = this.#system;
    const found = attempt.inDirectories(directories, name, via);
    if (found === undefined) for (const doubt of doubts) attempt.doubt(doubt);
    return found;
  }

  #readSystem(): SystemPath {
    const texts = this.#shared.texts(this.loader.entry);
    const machine = texts?.pathFileMachine ?? machineInName(this.loader.path) ?? this.#usualMachine();
    // The path file lies beside the directory that the loader's own path names.
    const file = `${folderOf(folderOf(this.loader.path))}/etc/ld-musl-${machine}.path`;
    const content = this.#shared.text(file);
    if (typeof content === 'string')
      return {
        directories: this.#absolute(directoriesIn(content)),
        via: baseName(file),
        doubts: doubtsOf(content),
      };
    const doubts = content === undefined ? [] : [content.unread];
    if (texts?.searchPath === undefined)
      doubts.push('the directories built into its loader could not be read');
    const directories = this.#absolute(directoriesIn(texts?.searchPath ?? usualSearchPath));
    return { directories, via: 'built-in', doubts };
  }

  #usualMachine(): string {
    return machineNames(this.#program.elf)?.musl ?? this.#program.elf.machine.name;
  }

  #absolute(directories: readonly string[]): string[] {
    const { workingDirectory } = this.#shared.files;
    return directories.map((path) => (path.startsWith('/') ? path : `${workingDirectory}/${path}`));
  }
}

/** Empty ones are passed over, and those beyond the limit: see `doubtsOf`. */
function directoriesIn(written: string): string[] {
  return written.split(/[:\n]+/, maxDirectories).filter((part) => part !== '');
}

function doubtsOf(written: string): string[] {
  const all = written.split(/[:\n]+/, maxDirectories + 1);
  return all.length > maxDirectories ? [`more than ${maxDirectories} directories are named`] : [];
}

function machineInName(path: string): string | undefined {
  return /^ld-musl-(.+)\.so/.exec(baseName(path))?.[1];
}
