import { type ReadJob, readLayerDocument } from '../facts/read-layer.ts';
import { LayerThread } from './thread.ts';

/** Reads layers, several at a time. */
export interface LayerPool {
  /** `open` is called when there is a thread for it. */
  read(open: () => AsyncIterable<Uint8Array>, job: ReadJob, signal?: AbortSignal): Promise<Uint8Array>;
  /** Ends its threads; nothing may be read any more. */
  close(): Promise<void>;
}

/** `workerFile` is the program of the threads; without it, this thread reads. */
export function createPool(threads: number, workerFile: URL | undefined): LayerPool {
  const queue = new Slots(threads);
  const idle: LayerThread[] = [];
  const all = new Set<LayerThread>();

  async function read(
    open: () => AsyncIterable<Uint8Array>,
    job: ReadJob,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    await queue.enter(signal);
    try {
      if (workerFile === undefined) return await readLayerDocument(abortable(open(), signal), job);
      const thread = idle.pop() ?? new LayerThread(workerFile);
      all.add(thread);
      try {
        return await thread.run(open(), job, signal);
      } finally {
        if (thread.usable) idle.push(thread);
        else all.delete(thread);
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

/** A bounded number at a time, the others in order. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal?.reason as Error);
      };
      const enter = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
