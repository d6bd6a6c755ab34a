import { setMaxListeners } from 'node:events';
import type { LayerFacts } from './facts/types.ts';
import type { LayerReader, LayerSource } from './layer-reader.ts';

/**
 * Reads layers side by side, each once; the others stop when one fails.
 * @throws LayerError, RegistryError, or the signal's reason.
 */
export async function readLayers(
  reader: Pick<LayerReader, 'read'>,
  sources: readonly LayerSource[],
  signal?: AbortSignal,
): Promise<readonly LayerFacts[]> {
  // The others are pointless once one fails, and would read on.
  const failed = new AbortController();
  const ended = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  // Each layer listens; Node would take many for a leak.
  setMaxListeners(0, ended);
  const readings = sources.map((source) => reader.read(source, { signal: ended }));
  try {
    return await Promise.all(readings);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(readings);
    throw error;
  }
}
