import type { MergedView } from '../../layer/index.ts';
import { configuredDirectories } from './conf.ts';
import { limits } from './limits.ts';
import type { Notes } from './notes.ts';

/** A directory that libraries are taken from. */
export interface LibraryDirectory {
  /** As it goes into the cache: absolute, links not followed. */
  readonly path: string;
  /** Where it is in the view. */
  readonly at: string;
  /** The name of the processor level, for a directory in `glibc-hwcaps`. */
  readonly hwcaps?: string;
}

/**
 * The directories that `ldconfig` searches after the configured ones. Debian's and Ubuntu's have the machine in their name
 * (`local-ldconfig-multiarch` among Debian's changes); elsewhere they are those of glibc's own aarch64 port. Told apart by
 * where the loader really is.
 */
function trustedDirectories(loader: string): readonly string[] {
  const multiarch = /(?:^|\/)lib\/(aarch64-linux-gnu)\/[^/]+$/.exec(loader)?.[1];
  if (multiarch !== undefined) return [`/lib/${multiarch}`, `/usr/lib/${multiarch}`, '/lib', '/usr/lib'];
  return ['/lib', '/lib64', '/libilp32', '/usr/lib', '/usr/lib64', '/usr/libilp32'];
}

/** All directories with libraries, in order, each once, whatever names lead to it. `loader` is its place in the view. */
export function libraryDirectories(
  view: MergedView,
  loader: string,
  notes: Notes,
): readonly LibraryDirectory[] {
  const found = new Map<string, LibraryDirectory>();
  for (const path of [...configuredDirectories(view, notes), ...trustedDirectories(loader)]) {
    const at = directoryAt(view, path);
    if (at === undefined || !add(found, { path, at }, notes)) continue;
    for (const level of levelsIn(view, { path, at })) add(found, level, notes);
  }
  return [...found.values()];
}

function add(found: Map<string, LibraryDirectory>, directory: LibraryDirectory, notes: Notes): boolean {
  if (found.has(directory.at)) return false;
  if (found.size >= limits.directories) {
    notes.add(`${directory.path} was not searched: there are more than ${limits.directories} directories`);
    return false;
  }
  found.set(directory.at, directory);
  return true;
}

/** `glibc-hwcaps` has a directory for each level of processors; they have none in turn. */
function levelsIn(view: MergedView, { path, at }: LibraryDirectory): readonly LibraryDirectory[] {
  const folder = directoryAt(view, `/${at}/glibc-hwcaps`);
  if (folder === undefined) return [];
  return view.list(folder).flatMap((child) => {
    const hwcaps = child.path.slice(child.path.lastIndexOf('/') + 1);
    // The loader's list of them is separated by colons.
    if (hwcaps.startsWith('.') || hwcaps.includes(':')) return [];
    const level = directoryAt(view, `/${child.path}`);
    return level === undefined ? [] : [{ path: `${path}/glibc-hwcaps/${hwcaps}`, at: level, hwcaps }];
  });
}

function directoryAt(view: MergedView, path: string): string | undefined {
  const resolution = view.resolve(path);
  if (!resolution.found || resolution.entry.entry.kind !== 'directory') return undefined;
  return resolution.entry.path;
}
