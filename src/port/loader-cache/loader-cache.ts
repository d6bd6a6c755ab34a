import type { MergedView } from '../../layer/index.ts';
import { formatPlatform, type Platform } from '../../oci/index.ts';
import { libraryDirectories } from './directories.ts';
import { librariesIn } from './libraries.ts';
import { limits } from './limits.ts';
import { Notes } from './notes.ts';
import { compareLibraries } from './order.ts';
import { bytesText, type CachedLibrary } from './types.ts';
import { writeCache } from './write-cache.ts';

/** An ld.so.cache for an image, or why there is none to write. */
export type LoaderCache =
  | {
      readonly kind: 'written';
      readonly bytes: Uint8Array;
      /** Number of its entries. */
      readonly libraries: number;
      /** Sentences on what may be missing in it: configuration and libraries that were not read. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'none'; readonly why: string };

export interface LoaderCacheOptions {
  /** What the cache says wrote it; `armload` unless told. */
  readonly generator?: string;
}

const loader = '/lib/ld-linux-aarch64.so.1';

/**
 * Makes what `ldconfig` of glibc (2.33 and later; any since 2.2 reads it) would write to `etc/ld.so.cache` of an arm64
 * image: the libraries of the directories that `etc/ld.so.conf` names and of the trusted ones, by soname. The view is the
 * new image's, with the contents of `etc/ld.so.conf` and `etc/ld.so.conf.d/*`. Two things are left out: libraries of other
 * machines, and those in directories `tls` and `atomics`, which glibc stopped to look into with 2.37. No link is made.
 */
export function loaderCache(
  view: MergedView,
  target: Platform,
  options: LoaderCacheOptions = {},
): LoaderCache {
  if (target.os !== 'linux' || target.architecture !== 'arm64')
    return { kind: 'none', why: `armload writes it for linux/arm64 only, not for ${formatPlatform(target)}` };
  const found = view.resolve(loader);
  if (!found.found) return { kind: 'none', why: `the image has no ${loader}, which would read it` };
  const notes = new Notes();
  const libraries: CachedLibrary[] = [];
  const directories = libraryDirectories(view, found.entry.path, notes);
  let texts = 0;
  for (const directory of directories)
    for (const library of librariesIn(view, directory, notes)) {
      texts += library.name.length + library.path.length;
      if (libraries.length >= limits.libraries || texts > limits.texts)
        return { kind: 'none', why: `there are more libraries than armload lists, ${limits.libraries}` };
      libraries.push(library);
    }
  if (libraries.length === 0) return { kind: 'none', why: 'no directory it covers has a library for arm64' };
  const bytes = writeCache({
    libraries: libraries.sort(compareLibraries),
    levels: directories.flatMap(({ hwcaps }) => (hwcaps === undefined ? [] : bytesText(hwcaps))),
    generator: options.generator ?? 'armload',
  });
  return { kind: 'written', bytes, libraries: libraries.length, notes: notes.all() };
}
