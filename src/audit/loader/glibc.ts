import type { ElfFacts } from '../../binary/index.ts';
import { Attempt } from './attempt.ts';
import type { GlibcDefaults } from './glibc-defaults.ts';
import { folderOf, withoutClosingSlashes } from './image-files.ts';
import type { ImageLoaders } from './image-loaders.ts';
import { machineNames } from './machine.ts';
import { type Loaded, type Lookup, maxDirectories, NeederChain, type Rules } from './rules.ts';
import { expandTokens } from './tokens.ts';

export interface ProcessOptions {
  readonly shared: ImageLoaders;
  readonly program: Loaded;
  readonly loader: Loaded;
  /** See `startsSecure`. */
  readonly isSecure: boolean;
}

interface Directories {
  readonly paths: readonly string[];
  readonly doubts: readonly string[];
}

/** How glibc's `ld.so` finds libraries (ld.so(8); glibc, elf/dl-load.c, `_dl_map_object`). */
export class GlibcRules implements Rules {
  readonly family = 'glibc';
  readonly loader: Loaded;
  readonly #shared: ImageLoaders;
  readonly #program: Loaded;
  readonly #isSecure: boolean;
  readonly #defaults: GlibcDefaults;
  readonly #libraryPath: Directories;
  readonly #rpaths = new Map<Loaded, Directories>();
  readonly #rpathChain = new NeederChain(hasRpath);

  constructor({ shared, program, loader, isSecure }: ProcessOptions, defaults: GlibcDefaults) {
    this.loader = loader;
    this.#shared = shared;
    this.#program = program;
    this.#isSecure = isSecure;
    this.#defaults = defaults;
    const written = isSecure ? '' : (shared.subject.run.environment.get('LD_LIBRARY_PATH') ?? '');
    this.#libraryPath = this.#directories(written, /[:;]/, program);
  }

  isLoader(): boolean {
    // It answers to its own name and to the path in the program: see `namesOf`.
    return false;
  }

  namesOf({ path, elf }: Loaded, requested: string): readonly string[] {
    return [requested, path, ...(elf.soname === undefined ? [] : [elf.soname])];
  }

  search(name: string, needer: Loaded): Lookup {
    const attempt = new Attempt({
      files: this.#shared.files,
      program: this.#program.elf,
      family: 'glibc',
    });
    if (name.includes('/')) return this.#atPath(name, needer, attempt);
    const { runpath } = needer.elf;
    return (
      (runpath === undefined ? this.#inRpaths(name, needer, attempt) : undefined) ??
      this.#in(this.#libraryPath, { name, via: 'LD_LIBRARY_PATH' }, attempt) ??
      (runpath === undefined
        ? undefined
        : this.#in(this.#searchPath(needer), { name, via: 'runpath' }, attempt)) ??
      attempt.join(this.#defaults.search(name)) ??
      this.#end(name, attempt)
    );
  }

  /** DT_RPATH of the object that needs it and of those that led to it; an object with DT_RUNPATH has none that counts. */
  #inRpaths(name: string, needer: Loaded, attempt: Attempt): Lookup | undefined {
    let last = needer;
    for (const object of this.#rpathChain.from(needer)) {
      const found = this.#in(this.#searchPath(object), { name, via: 'rpath' }, attempt);
      if (found !== undefined) return found;
      last = object;
    }
    // The loader itself may need something, and was brought by nobody.
    const main = this.#program;
    if (last === main || !hasRpath(main.elf)) return undefined;
    return this.#in(this.#searchPath(main), { name, via: 'rpath' }, attempt);
  }

  #in(
    { paths, doubts }: Directories,
    { name, via }: { readonly name: string; readonly via: string },
    attempt: Attempt,
  ): Lookup | undefined {
    const found = attempt.inDirectories(paths, name, via);
    if (found === undefined) for (const doubt of doubts) attempt.doubt(doubt);
    return found;
  }

  #atPath(name: string, needer: Loaded, attempt: Attempt): Lookup {
    const { paths, doubts } = this.#directories(name, undefined, needer);
    for (const path of paths) {
      const found = attempt.atPath(path, 'path');
      if (found !== undefined) return found;
    }
    for (const doubt of doubts) attempt.doubt(doubt);
    return attempt.end();
  }

  #end(name: string, attempt: Attempt): Lookup {
    const lookup = attempt.end();
    if (lookup.kind !== 'missing') return lookup;
    const variant = this.#defaults.specialVariant(name, lookup.tried);
    if (variant === undefined) return lookup;
    return { ...lookup, doubts: [...lookup.doubts, `${variant} is there for newer processors`] };
  }

  #searchPath(object: Loaded): Directories {
    const known = this.#rpaths.get(object);
    if (known !== undefined) return known;
    const made = this.#directories(object.elf.runpath ?? object.elf.rpath ?? '', /:/, object);
    this.#rpaths.set(object, made);
    return made;
  }

  /** The directories of a search path, tokens replaced; empty ones stand for the working directory. */
  #directories(written: string, separator: RegExp | undefined, object: Loaded): Directories {
    const paths: string[] = [];
    const doubts: string[] = [];
    const parts =
      separator === undefined
        ? [written]
        : written === ''
          ? []
          : written.split(separator, maxDirectories + 1);
    if (parts.length > maxDirectories) doubts.push(`more than ${maxDirectories} directories are named`);
    for (const part of parts.slice(0, maxDirectories)) {
      const expansion = expandTokens(part, {
        origin: folderOf(object.path) || '/',
        lib: this.#defaults.lib,
        ...platformOf(object),
      });
      if ('unknown' in expansion) {
        doubts.push(`${part} holds ${expansion.unknown}, which depends on the processor`);
        continue;
      }
      const path = absolute(expansion.path, this.#shared.files.workingDirectory);
      if (expansion.usesOrigin && !this.#isTrusted(part, path, object)) continue;
      paths.push(path);
    }
    return { paths, doubts };
  }

  /** In secure mode `$ORIGIN` of the program has to come first and end up under a built-in directory. */
  #isTrusted(written: string, path: string, object: Loaded): boolean {
    if (!this.#isSecure) return true;
    if (!/^\$(?:ORIGIN|\{ORIGIN\})(?:\/|$)/.test(written)) return false;
    if (object !== this.#program) return true;
    const normal = normalPath(path);
    return this.#defaults.directories.some((directory) => `${normal}/`.startsWith(`${directory}/`));
  }
}

function hasRpath({ rpath, runpath }: ElfFacts): boolean {
  return rpath !== undefined && runpath === undefined;
}

function platformOf({ elf }: Loaded): { platform?: string } {
  const platform = machineNames(elf)?.platform;
  return platform === undefined ? {} : { platform };
}

/** Without a closing slash; empty for the root. */
function absolute(path: string, workingDirectory: string): string {
  const from = path.startsWith('/') ? path : `${workingDirectory}/${path}`;
  return withoutClosingSlashes(from);
}

function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
