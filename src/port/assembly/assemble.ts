import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { LayerEntry, LayerFacts, LayerSource } from '../../layer/index.ts';
import { readLayerEntries } from '../../layer/index.ts';
import type { AccountRecord } from '../account.ts';
import type { BaseCopies } from './layout/base-copies.ts';
import { layOut } from './layout/lay-out.ts';
import type { LayerLayout } from './layout/types.ts';
import type { AssembledLayer, AssembledLayers, AssembleInput, AssembleOptions } from './types.ts';
import { gzipLevel } from './write/compress.ts';
import { contentOf } from './write/content.ts';
import { WorkFiles } from './write/work-files.ts';
import { writeBlob } from './write/write-blob.ts';

/**
 * Writes the layers of a ported image: those without a change keep their blob, the others are rewritten as they stream
 * by, into files of the work folder. The plan is checked whole before anything is read. Equal input gives equal diff-ids
 * everywhere, and equal blobs with equal zlib.
 * @throws AssemblyError, LayerError, RegistryError, what new content throws, or the signal's reason; no file is left then.
 */
export async function assemble(input: AssembleInput, options: AssembleOptions): Promise<AssembledLayers> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { layers: layouts, copies } = layOut(input);
  const files = await WorkFiles.open(options.folder, signal);
  let outcome: 'done' | 'failed' = 'failed';
  try {
    await setBaseFilesAside(input, copies, { files, signal });
    const { layers, records } = await writeLayers(input, layouts, { ...options, files });
    outcome = 'done';
    return { layers, account: { records }, compressor: { gzipLevel, zlib: process.versions.zlib } };
  } catch (error) {
    // Streams put an error of their own before the signal's.
    signal?.throwIfAborted();
    throw error;
  } finally {
    await files.close(outcome);
  }
}

interface Work {
  readonly files: WorkFiles;
  readonly signal?: AbortSignal | undefined;
}

async function setBaseFilesAside(input: AssembleInput, copies: BaseCopies, work: Work): Promise<void> {
  for (const [layer, wanted] of copies.byLayer()) {
    const [source, facts] = [input.baseLayers[layer], input.base.layers[layer]];
    if (source !== undefined && facts !== undefined) await setAside({ source, facts, wanted }, copies, work);
  }
}

/** Reads a layer of the new base once, for the files that go into layers above it. */
async function setAside(
  from: {
    readonly source: LayerSource;
    readonly facts: LayerFacts;
    readonly wanted: ReadonlySet<LayerEntry>;
  },
  copies: BaseCopies,
  { files, signal }: Work,
): Promise<void> {
  const call = signal === undefined ? {} : { signal };
  for await (const { tar, index } of readLayerEntries(from.source, from.facts, call)) {
    const entry = from.facts.entries[index];
    if (entry !== undefined && from.wanted.has(entry))
      copies.opened(entry, await files.setAside(contentOf(tar)));
  }
}

async function writeLayers(
  input: AssembleInput,
  layouts: readonly LayerLayout[],
  options: AssembleOptions & { readonly files: WorkFiles },
): Promise<{ readonly layers: AssembledLayer[]; readonly records: AccountRecord[] }> {
  const { onEvent } = options;
  const total = layouts.filter(({ rewritten }) => rewritten).length;
  onEvent?.({ type: 'phase', phase: 'rewriting layers', total });
  const layers: AssembledLayer[] = [];
  const records: AccountRecord[] = [];
  let done = 0;
  for (const [index, layout] of layouts.entries()) {
    for (const record of layout.records) records.push(record);
    const source = input.layers[index];
    if (source === undefined) continue;
    if (!layout.rewritten) {
      layers.push(keptLayer(source, layout, options.signal));
      continue;
    }
    const onLeftOut = (name: string): void => void records.push(leftOutRecord(index, name));
    layers.push(await rewrittenLayer(source, layout, { ...options, onLeftOut }));
    done += 1;
    onEvent?.({ type: 'progress', done, total });
  }
  return { layers, records };
}

function keptLayer(
  source: LayerSource,
  layout: LayerLayout,
  signal: AbortSignal | undefined,
): AssembledLayer {
  const { repository, descriptor } = source;
  const call = signal === undefined ? {} : { signal };
  return {
    kind: 'kept',
    descriptor,
    diffId: layout.facts.diffId,
    blob: () => repository.blob(descriptor, call),
    promised: layout.promised,
  };
}

async function rewrittenLayer(
  source: LayerSource,
  layout: LayerLayout,
  options: Work & { readonly onLeftOut: (name: string) => void },
): Promise<AssembledLayer> {
  const { file, descriptor, diffId } = await writeBlob(source, layout, options);
  const blob = (): AsyncIterable<Uint8Array> =>
    Readable.from(createReadStream(file, { highWaterMark: 256 * 1024 }));
  return { kind: 'rewritten', descriptor, diffId, blob, promised: layout.promised };
}

function leftOutRecord(layer: number, path: string): AccountRecord {
  return {
    layer,
    path,
    kind: 'unread',
    outcome: 'dropped',
    why: 'an entry without meaning, or with an impossible path, that engines leave out',
  };
}
