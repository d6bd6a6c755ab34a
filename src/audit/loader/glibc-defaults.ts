import type { ElfFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import { Attempt } from './attempt.ts';
import { baseName, folderOf } from './image-files.ts';
import type { ImageLoaders } from './image-loaders.ts';
import { type MachineNames, machineNames } from './machine.ts';
import type { Lookup } from './rules.ts';

const usualCache = '/etc/ld.so.cache';
/** Directories for newer processors under those that are searched (ld.so(8), "Hardware capabilities"; older glibc: `tls`). */
const specialDirectories: ReadonlySet<string> = new Set([
  'glibc-hwcaps',
  'tls',
  'atomics',
  'aarch64',
  'x86_64',
  'haswell',
  'avx512_1',
  'xeon_phi',
  'i586',
  'i686',
  'sse2',
  'neon',
  'vfp',
]);

/** The defaults of an image's glibc loaders, by loader and machine. */
export class AllGlibcDefaults {
  readonly #shared: ImageLoaders;
  readonly #made = new Map<string, GlibcDefaults>();

  constructor(shared: ImageLoaders) {
    this.#shared = shared;
  }

  of(loader: ViewEntry, program: ElfFacts): GlibcDefaults {
    const key = `${program.machine.code} ${program.bits} ${program.endian} ${loader.path}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = new GlibcDefaults(this.#shared, loader, program);
    this.#made.set(key, made);
    return made;
  }
}

/** What glibc's loader asks once the paths of the program and of the environment gave nothing. */
export class GlibcDefaults {
  /** `$LIB`. */
  readonly lib: string;
  /** Without closing slashes. */
  readonly directories: readonly string[];
  readonly cachePath: string;
  readonly #shared: ImageLoaders;
  readonly #program: ElfFacts;
  readonly #names: MachineNames | undefined;
  /** The directories are those that loaders usually have: this one's own were not read. */
  readonly #isGuess: boolean;
  readonly #lookups = new Map<string, Lookup>();

  constructor(shared: ImageLoaders, loader: ViewEntry, program: ElfFacts) {
    const texts = shared.texts(loader);
    const names = machineNames(program);
    this.#shared = shared;
    this.#program = program;
    this.#names = names;
    this.#isGuess = texts === undefined || texts.directories.length === 0;
    this.directories = this.#isGuess ? usualDirectories(names, loader) : (texts?.directories ?? []);
    this.cachePath = texts?.cache ?? usualCache;
    this.lib = texts?.lib ?? this.#usualLib();
  }

  /** The cache, then the built-in directories. */
  search(name: string): Lookup {
    const known = this.#lookups.get(name);
    if (known !== undefined) return known;
    const lookup = this.#search(name);
    this.#lookups.set(name, lookup);
    return lookup;
  }

  #search(name: string): Lookup {
    const { files } = this.#shared;
    const attempt = new Attempt({ files, program: this.#program, family: 'glibc' });
    const found = this.#inCache(name, attempt) ?? attempt.inDirectories(this.directories, name, 'built-in');
    if (found !== undefined) return found;
    if (this.#isGuess) attempt.doubt('the directories built into its loader could not be read');
    return attempt.end();
  }

  #inCache(name: string, attempt: Attempt): Lookup | undefined {
    const cache = this.#shared.cache(this.cachePath, this.#program.endian);
    if (cache === undefined || 'unusable' in cache) return undefined;
    if ('unread' in cache) {
      attempt.doubt(`${this.cachePath} could not be read: ${cache.unread}`);
      return undefined;
    }
    const entries = cache.entries.get(name) ?? [];
    const names = this.#names;
    if (names === undefined && entries.length > 0)
      attempt.doubt(`${this.cachePath} names it, for a machine not told here`);
    const usable = entries.filter(({ flags }) => names?.cacheFlags.includes(flags) ?? false);
    // Old machines have to run the program too: entries for newer processors don't count.
    const first = usable.find(({ isSpecial }) => !isSpecial);
    const found = first === undefined ? undefined : attempt.atPath(first.path, 'ld.so.cache');
    if (found === undefined && usable.some(({ isSpecial }) => isSpecial))
      attempt.doubt(`${this.cachePath} names it for newer processors`);
    return found;
  }

  get cacheFlags(): readonly number[] {
    return this.#names?.cacheFlags ?? [];
  }

  /** Where a variant for newer processors lies under one of the directories, if there is one. */
  specialVariant(name: string, tried: readonly string[]): string | undefined {
    const { files } = this.#shared;
    const roots = new Set([...tried, ...this.directories].map((path) => files.at(path || '/')?.path));
    const isSpecial = ({ path }: ViewEntry): boolean => {
      for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder))
        if (specialDirectories.has(baseName(folder)) && roots.has(folderOf(folder))) return true;
      return false;
    };
    const found = files.named(name).find(isSpecial);
    return found && `/${found.path}`;
  }

  #usualLib(): string {
    const multiarch = this.directories.find((path) => path.startsWith('/lib/'));
    if (multiarch !== undefined && !this.#isGuess) return multiarch.slice(1);
    return this.directories.includes('/lib64') && !this.#isGuess ? 'lib64' : 'lib';
  }
}

/** The directories of Debian's, Fedora's and upstream's loaders together, and of Nix', which looks where it lies. */
function usualDirectories(names: MachineNames | undefined, loader: ViewEntry): string[] {
  const multiarch = names === undefined ? [] : [`/lib/${names.triplet}`, `/usr/lib/${names.triplet}`];
  const own = `/${folderOf(loader.path)}`;
  return [...new Set([...multiarch, '/lib64', '/usr/lib64', '/lib', '/usr/lib', own])];
}
