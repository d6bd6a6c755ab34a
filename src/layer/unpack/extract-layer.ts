import { readTar, type TarEntry, TarError } from '../../tar/index.ts';
import { decompress } from '../codec/decompress.ts';
import { LayerError } from '../errors.ts';
import { losslessName, splitPath, tarPath } from '../facts/path.ts';
import type { LayerSource } from '../layer-reader.ts';
import type { LayerLimits } from '../limits.ts';
import type { PlannedFile, PlannedFiles } from './plan.ts';

/** Writes one file's content, given as the tar stores it. */
export type ExtractFile = (file: PlannedFile, content: TarEntry) => Promise<void>;

export interface ExtractOptions {
  readonly wanted: PlannedFiles;
  readonly limits: LayerLimits;
  readonly extract: ExtractFile;
  readonly signal?: AbortSignal;
}

/**
 * Reads a layer's blob once again, to its end so that its digest is checked, and hands on the wanted files.
 * @throws LayerError, RegistryError, what `extract` throws, or the signal's reason.
 */
export async function extractLayer(source: LayerSource, options: ExtractOptions): Promise<void> {
  const { wanted, limits, signal } = options;
  const { repository, descriptor } = source;
  const call = signal === undefined ? {} : { signal };
  const { tar } = await decompress(repository.blob(descriptor, call), descriptor.mediaType, limits);
  let missing = [...wanted.values()].reduce((count, files) => count + files.size, 0);
  const seen = new Map<string, number>();
  try {
    for await (const entry of readTar(tar, { ...call, maxEntries: limits.entries })) {
      const path = filePathOf(entry);
      if (path === undefined || !wanted.has(path)) continue;
      const occurrence = seen.get(path) ?? 0;
      seen.set(path, occurrence + 1);
      const file = wanted.get(path)?.get(occurrence);
      if (file === undefined) continue;
      await options.extract(file, entry);
      missing--;
    }
  } catch (error) {
    throw error instanceof TarError
      ? new LayerError('LAYER_MALFORMED', `the layer can't be read: ${error.message}`, { cause: error })
      : error;
  }
  if (missing > 0)
    throw new LayerError(
      'LAYER_MALFORMED',
      `the layer ${descriptor.digest} of ${repository.name} no longer holds ${missing} of the files that were seen in it`,
    );
}

/** The path under which the layer's facts have this file; `undefined` for what is none. */
function filePathOf(entry: TarEntry): string | undefined {
  if (entry.type !== 'file' && entry.type !== 'sparse') return undefined;
  const result = tarPath(losslessName(entry.name, entry.nameBytes));
  if (!result.ok || splitPath(result.path)[1].startsWith('.wh.')) return undefined;
  return result.path;
}
