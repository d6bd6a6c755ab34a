import { join } from 'node:path';
import { createLayerReader, folderLayerStore, type LayerReader, wantedFiles } from '../../layer/index.ts';
import { defaultCacheDirectory } from '../../registry/index.ts';
import type { PortOptions } from '../options.ts';
import type { Origin } from '../origin-types.ts';

/** Databases of packages are read by content, and those of RPM have 30 MB and more. Bytes. */
const limits = { contentBytes: 64 * 1024 ** 2, contentsBytes: 96 * 1024 ** 2 };

/** Where what is fetched and read is kept: in the folder of the work, where nothing is to be kept. */
export function cacheOf(
  { noCache, cacheDirectory, environment }: Pick<PortOptions, 'noCache' | 'cacheDirectory' | 'environment'>,
  folder: string,
): string {
  if (noCache === true) return join(folder, 'cache');
  return cacheDirectory ?? defaultCacheDirectory(environment);
}

/** The reader of layers, with what these origins want to know of them. */
export function readerFor(
  { noCache, generation }: Pick<PortOptions, 'noCache' | 'generation'>,
  { origins, cache }: { readonly origins: readonly Origin[]; readonly cache: string },
): LayerReader {
  const hashes = [...new Set(origins.flatMap((origin) => origin.hashes ?? []))];
  return createLayerReader({
    limits,
    ...(noCache === true ? {} : { store: folderLayerStore(join(cache, 'layers')) }),
    ...(generation === undefined ? {} : { generation }),
    wanted: [...new Set([...wantedFiles, ...origins.flatMap(({ wanted }) => wanted)])].sort(),
    ...(hashes.length === 0 ? {} : { hashes }),
  });
}
