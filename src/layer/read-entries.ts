import { readTar, type TarEntry, TarError } from '../tar/index.ts';
import { decompress } from './codec/decompress.ts';
import { LayerError } from './errors.ts';
import { losslessName, splitPath, tarPath } from './facts/path.ts';
import type { LayerEntry, LayerFacts } from './facts/types.ts';
import type { LayerSource } from './layer-reader.ts';
import { defaultLayerLimits, type LayerLimits } from './limits.ts';

/** One entry of a layer's tar on its way by. */
export interface LayerTarEntry {
  /** Its headers and body, readable until the next entry is asked for. */
  readonly tar: TarEntry;
  /** Its place among `facts.entries`; -1 for an entry that the facts leave out. */
  readonly index: number;
}

export interface ReadEntriesOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Partial<LayerLimits>;
}

/** Linux: PATH_MAX without its closing NUL. */
const maxPath = 4095;

/**
 * Reads a layer whose facts are known once more, entry by entry, for its bytes. To its end, so that the blob's digest is
 * checked.
 * @throws LayerError `LAYER_MALFORMED` where the tar isn't the one of the facts, RegistryError, or the signal's reason.
 */
export async function* readLayerEntries(
  source: LayerSource,
  facts: LayerFacts,
  options: ReadEntriesOptions = {},
): AsyncGenerator<LayerTarEntry, void, undefined> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const limits = { ...defaultLayerLimits, ...options.limits };
  const { repository, descriptor } = source;
  const { tar } = await decompress(repository.blob(descriptor, call), descriptor.mediaType, limits);
  let next = 0;
  try {
    for await (const entry of readTar(tar, { ...call, maxEntries: limits.entries })) {
      const expected = facts.entries[next];
      if (expected === undefined || !isOf(entry, expected)) yield { tar: entry, index: -1 };
      else yield { tar: entry, index: next++ };
    }
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    throw new LayerError('LAYER_MALFORMED', `the layer can't be read: ${error.message}`, { cause: error });
  }
  if (next < facts.entries.length)
    throw new LayerError(
      'LAYER_MALFORMED',
      `the layer ${descriptor.digest} of ${repository.name} does not hold ${facts.entries.length - next} of the entries that were seen in it, ${facts.entries[next]?.path} among them`,
    );
}

/** Is this the entry that the facts have next? What they leave out between never looks like it. */
function isOf(tar: TarEntry, entry: LayerEntry): boolean {
  const path = pathOf(tar.name, tar.nameBytes);
  if (entry.kind === 'whiteout' || entry.kind === 'opaque') return path === markerOf(entry);
  if (path !== entry.path || kindOf(tar) !== entry.kind) return false;
  const { linkName, linkNameBytes } = tar;
  if (entry.kind === 'hardlink') return pathOf(linkName, linkNameBytes) === entry.linkName;
  return (
    entry.kind !== 'symlink' ||
    (linkNameBytes.length <= maxPath && losslessName(linkName, linkNameBytes) === entry.linkName)
  );
}

function pathOf(name: string, bytes: Uint8Array): string | undefined {
  if (bytes.length > maxPath) return undefined;
  const result = tarPath(losslessName(name, bytes));
  return result.ok ? result.path : undefined;
}

function kindOf({ type }: TarEntry): string {
  return type === 'sparse' ? 'file' : type;
}

function markerOf(entry: LayerEntry): string {
  const [parent, name] = entry.kind === 'opaque' ? [entry.path, '.wh..opq'] : splitPath(entry.path);
  return `${parent === '' ? '' : `${parent}/`}.wh.${name}`;
}
