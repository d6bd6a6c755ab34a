import { Worker } from 'node:worker_threads';
import { messageOf } from '../../core/index.ts';
import { LayerError } from '../errors.ts';
import type { ReadJob } from '../facts/read-layer.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** Bytes sent at once, and pieces on their way: what bounds a layer's compressed bytes in memory. */
const pieceBytes = 256 * 1024;
const maxUnderway = 4;
/** A thread's own objects; buffers don't count, but a small young generation has them freed sooner. */
const heapLimits = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 12 };

/** One reading thread. It keeps the process alive only while it works. */
export class LayerThread {
  readonly #worker: Worker;
  #usable = true;
  #onMessage: ((message: FromWorker) => void) | undefined;
  #onDeath: ((error: LayerError) => void) | undefined;

  constructor(file: URL) {
    this.#worker = new Worker(file, {
      resourceLimits: heapLimits,
      stdout: false,
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => this.#onMessage?.(message));
    this.#worker.on('error', (error) => this.#die(messageOf(error)));
    this.#worker.on('exit', (code) => this.#die(`it exited with code ${code}`));
  }

  /** False once it failed: a new one is to be started. */
  get usable(): boolean {
    return this.#usable;
  }

  /**
   * Sends the input's bytes to the thread, no faster than it takes them.
   * @throws LayerError, what the input throws, or the signal's reason. The thread is ended then.
   */
  async run(input: AsyncIterable<Uint8Array>, job: ReadJob, signal?: AbortSignal): Promise<Uint8Array> {
    this.#worker.ref();
    try {
      return await this.#exchange(input, job, signal);
    } catch (error) {
      await this.end();
      throw error;
    } finally {
      this.#worker.unref();
      this.#onMessage = undefined;
      this.#onDeath = undefined;
    }
  }

  async end(): Promise<void> {
    this.#usable = false;
    await this.#worker.terminate();
  }

  async #exchange(input: AsyncIterable<Uint8Array>, job: ReadJob, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const window = new Window(maxUnderway);
    const result = new Promise<Uint8Array>((resolve, reject) => {
      const fail = (error: unknown) => {
        window.close();
        reject(error);
      };
      this.#onDeath = fail;
      this.#onMessage = (message) => {
        if (message.type === 'taken') window.release();
        else if (message.type === 'done') resolve(message.document);
        else fail(new LayerError(message.failure.code, message.failure.message, message.failure));
      };
      signal?.addEventListener('abort', () => fail(signal.reason), { once: true });
    });
    this.#post({ type: 'start', job });
    // Whichever fails first; the other must not be left unheard.
    const [document] = await Promise.all([result, this.#feed(input, window)]);
    return document;
  }

  async #feed(input: AsyncIterable<Uint8Array>, window: Window): Promise<void> {
    for await (const piece of pieces(input)) {
      if (!(await window.take())) return;
      this.#post({ type: 'chunk', bytes: piece }, [piece.buffer]);
    }
    this.#post({ type: 'end' });
  }

  #post(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #die(reason: string): void {
    this.#usable = false;
    this.#onDeath?.(new LayerError('LAYER_WORKER', `the thread reading the layer ended: ${reason}`));
  }
}

/** Lets a bounded number pass until they are released. */
class Window {
  #free: number;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(size: number) {
    this.#free = size;
  }

  /** False once it's closed. */
  async take(): Promise<boolean> {
    while (this.#free === 0 && !this.#closed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#free--;
    return !this.#closed;
  }

  release(): void {
    this.#free++;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}

/** Copies the input into buffers of their own, which can be handed to another thread. */
async function* pieces(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let piece = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (const chunk of input) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + pieceBytes - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < pieceBytes) continue;
      yield piece;
      piece = new Uint8Array(pieceBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.slice(0, filled);
}
