import { type ReadJob, readLayerDocument } from '../facts/read-layer.ts';
import { LayerThread } from './thread.ts';

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

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/** A bounded number at a time. The biggest go first, so that none of them is at work alone in the end. */
class Slots {
  #free: number;
  readonly #waiting = new Set<Waiting>();

  constructor(count: number) {
    this.#free = count;
  }

  async enter(bytes: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(waiting);
        reject(signal?.reason as Error);
      };
      const enter = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const waiting = { bytes, enter };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  leave(): void {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) if (next === undefined || waiting.bytes > next.bytes) next = waiting;
    if (next === undefined) this.#free++;
    else {
      this.#waiting.delete(next);
      next.enter();
    }
  }
}
