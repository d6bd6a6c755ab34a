import type { LayerEntry, ViewEntry } from '../../layer/index.ts';
import type { Platform } from '../../oci/index.ts';
import { nativeArchitectures } from '../native.ts';
import { isLinkInput } from './link-input.ts';
import { lastName, type PathWords, type PlatformName, wordsOf } from './platform-words.ts';
import type { NativeFile } from './survey.ts';
import type { ForeignFile } from './types.ts';

type Libc = 'glibc' | 'musl';

/** First path by the C library it is named for, under each key. */
type TwinIndex = Map<string, Map<Libc, string>>;

/**
 * Finds, for files named for another machine, the native file that stands for them: at the path that is equal but for
 * the platform's name, or where the program that picks one looks too.
 */
export function twinsAmong(
  native: readonly NativeFile[],
  platform: Platform,
): (file: ForeignFile) => string | undefined {
  const index: TwinIndex = new Map();
  for (const { entry, innerPath, facts } of native) {
    if (isLinkInput(facts)) continue;
    const path = namingPath(entry, innerPath);
    const words = wordsOf(path);
    if (namesPlatform(lastName(words), platform)) add(index, pathKeys(path, words), path, words);
    add(index, addonKeys(path), path, words);
  }
  const libcs = libcsAmong(native);
  return ({ entry, innerPath, words }) => {
    const name = lastName(words);
    if (name === undefined || namesPlatform(name, platform)) return undefined;
    const path = namingPath(entry, innerPath);
    const exact = firstOf(index, pathKeys(path, words), [libcOf(name), ...libcs]);
    return exact ?? firstOf(index, addonKeys(path), ['glibc', 'musl']);
  };
}

/** Is it a name for the platform: its system, and a machine whose code its hosts run? */
export function namesPlatform(name: PlatformName | undefined, platform: Platform): boolean {
  if (name === undefined || (name.os !== undefined && name.os !== platform.os)) return false;
  const native = nativeArchitectures(platform);
  return name.architectures.some((architecture) => native.includes(architecture));
}

/**
 * The path that names a file, with that inside archives. What a gzip file holds is called as the file is: the name that
 * gzip notes is one from before it was renamed.
 */
export function namingPath({ path, entry }: ViewEntry, innerPath: string): string {
  if (innerPath === '') return path;
  if (!isGzip(entry)) return `${path}!/${innerPath}`;
  const own = path.slice(path.lastIndexOf('/') + 1).replace(/\.(?:gz|tgz)$/i, '');
  return `${path}!/${own}${innerPath.slice(firstName(innerPath).length)}`;
}

export function isGzip({ facts }: LayerEntry): boolean {
  return facts?.kind === 'archive' && facts.archive.format === 'gzip';
}

/** Of an inner path, the file directly in the outermost archive. */
export function firstName(innerPath: string): string {
  const end = innerPath.indexOf('!/');
  return end < 0 ? innerPath : innerPath.slice(0, end);
}

function add(index: TwinIndex, keys: readonly string[], path: string, words: PathWords): void {
  const libc = libcOf(lastName(words));
  for (const key of keys) {
    const found = index.get(key);
    if (found === undefined) index.set(key, new Map([[libc, path]]));
    else if (!found.has(libc)) found.set(libc, path);
  }
}

function firstOf(index: TwinIndex, keys: readonly string[], libcs: readonly Libc[]): string | undefined {
  for (const key of keys) {
    const found = index.get(key);
    for (const libc of libcs) {
      const path = found?.get(libc);
      if (path !== undefined) return path;
    }
  }
  return undefined;
}

/** The path without its platform names; in an archive, also the inner path beside the archives next to it. */
function pathKeys(path: string, words: PathWords): string[] {
  const inner = path.lastIndexOf('!/');
  if (inner < 0) return [words.key];
  const innermost = wordsOf(path.slice(inner + 2));
  if (innermost.names.length === 0) return [words.key];
  // A class path takes a library from whichever archive in the folder has it.
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/', inner - 1)));
  return [words.key, `${wordsOf(folder).key}\0!${innermost.key}`];
}

/**
 * Node's add-ons: the loaders (node-gyp-build, bindings, node-pre-gyp) look in a package's `build/` and at the platform's
 * prebuilt file, whose name may differ from one platform to the next.
 */
function addonKeys(path: string): string[] {
  if (!path.endsWith('.node')) return [];
  const modules = path.lastIndexOf('node_modules/');
  if (modules >= 0) {
    const start = modules + 'node_modules/'.length;
    const scoped = path[start] === '@';
    const end = path.indexOf('/', scoped ? path.indexOf('/', start) + 1 : start);
    return end < 0 ? [] : [`\0node:${path.slice(0, end)}`];
  }
  const folder = /^(.*?)(?:^|\/)(?:prebuilds|build\/Release)\//.exec(path);
  return folder === null ? [] : [`\0node:${folder[1]}`];
}

function libcOf(name: PlatformName | undefined): Libc {
  return name?.musl === true ? 'musl' : 'glibc';
}

/** The C libraries whose programs the image can start; both where it has no loader to tell. */
function libcsAmong(native: readonly NativeFile[]): readonly Libc[] {
  const names = native.filter(({ innerPath }) => innerPath === '').map(({ entry }) => entry.path);
  const musl = names.some((path) => /(?:^|\/)ld-musl-[^/]*$/.test(path));
  const glibc = names.some((path) => /(?:^|\/)ld(?:-linux|64|-\d)[^/]*\.so[^/]*$/.test(path));
  if (musl === glibc) return ['glibc', 'musl'];
  return musl ? ['musl'] : ['glibc'];
}
