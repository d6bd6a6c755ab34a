import { type ReadJob, readLayerDocument } from '../facts/read-layer.ts';
import { Slots } from './slots.ts';
import { LayerThread } from './thread.ts';
import { findWorkerFile } from './worker-file.ts';

/** Reads layers, several at a time. */
export interface LayerPool {
  /** `open` is called when there is a thread for it. Of those that wait, the layer of the most bytes comes first. */
  read(
    open: () => AsyncIterable<Uint8Array>,
    job: ReadJob,
    options: { readonly bytes: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array>;
  /** Ends its threads; nothing may be read any more. */
  close(): Promise<void>;
}

/**
 * Gzip is inflated on libuv's threads. While that is done for one layer, its thread can look at another's bytes: two share
 * one, which saves the memory and the warming up of a thread.
 */
const gzipLayersPerThread = 2;

/** The program of the reading threads, if it's built. */
export function layerWorkerFile(): URL | undefined {
  return findWorkerFile('layer-worker.js', import.meta.url);
}

/** Reads `atATime` layers at a time. `workerFile` is the program of the threads; without it, this thread reads. */
export function createPool(atATime: number, workerFile: URL | undefined): LayerPool {
  const queue = new Slots(atATime);
  const all = new Set<LayerThread>();

  function pick(file: URL, { mediaType }: ReadJob): LayerThread {
    const isInflated = !mediaType.endsWith('tar') && !mediaType.endsWith('zstd');
    const enough = isInflated ? Math.ceil(atATime / gzipLayersPerThread) : atATime;
    const usable = [...all].filter((thread) => thread.usable).sort((left, right) => left.busy - right.busy);
    const [best] = usable;
    if (best !== undefined && (best.busy === 0 || usable.length >= enough)) return best;
    const thread = new LayerThread(file);
    all.add(thread);
    return thread;
  }

  async function read(
    open: () => AsyncIterable<Uint8Array>,
    job: ReadJob,
    { bytes, signal }: { readonly bytes: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array> {
    await queue.enter(bytes, signal);
    try {
      if (workerFile === undefined) return await readLayerDocument(abortable(open(), signal), job);
      const thread = pick(workerFile, job);
      try {
        return await thread.run(open(), job, signal);
      } finally {
        if (!thread.usable && thread.busy === 0) all.delete(thread);
      }
    } finally {
      queue.leave();
    }
  }

  async function close(): Promise<void> {
    await Promise.all([...all].map((thread) => thread.end()));
  }

  return { read, close };
}

async function* abortable(
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of input) {
    signal?.throwIfAborted();
    yield chunk;
  }
}
