import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { messageOf } from '../../core/index.ts';
import { LayerError } from '../errors.ts';
import type { ReadJob } from '../facts/read-layer.ts';
import type { FromReading, Start, ToReading } from './messages.ts';

/** Bytes sent at once, and pieces on their way: what bounds a layer's compressed bytes in memory. */
const pieceBytes = 512 * 1024;
const maxUnderway = 4;
/** A thread's own objects; buffers don't count, but a small young generation has them freed sooner. */
const heapLimits = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 6 };

/**
 * One reading thread. It keeps the process alive only while it works. Layers that are read at the same time share it: after
 * one that failed it's not usable for more, and ends when the others are done.
 */
export class LayerThread {
  readonly #worker: Worker;
  readonly #readings = new Set<Reading>();
  #usable = true;

  constructor(file: URL) {
    this.#worker = new Worker(file, {
      resourceLimits: heapLimits,
      stdout: false,
    });
    this.#worker.unref();
    this.#worker.on('error', (error) => this.#die(messageOf(error)));
    this.#worker.on('exit', (code) => this.#die(`it exited with code ${code}`));
  }

  /** False once it failed: a new one is to be started. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Layers it reads now. */
  get busy(): number {
    return this.#readings.size;
  }

  /**
   * Sends the input's bytes to the thread, no faster than it takes them.
   * @throws LayerError, what the input throws, or the signal's reason.
   */
  async run(input: AsyncIterable<Uint8Array>, job: ReadJob, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const { port1, port2 } = new MessageChannel();
    const reading = new Reading(port1);
    const abort = () => reading.fail(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.#readings.add(reading);
    this.#worker.ref();
    try {
      this.#worker.postMessage({ job, port: port2 } satisfies Start, [port2]);
      return await reading.run(input);
    } catch (error) {
      this.#usable = false;
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
      port1.close();
      this.#readings.delete(reading);
      await this.#rest();
    }
  }

  async end(): Promise<void> {
    this.#usable = false;
    await this.#worker.terminate();
  }

  async #rest(): Promise<void> {
    if (this.#readings.size > 0) return;
    this.#worker.unref();
    if (!this.#usable) await this.end();
  }

  #die(reason: string): void {
    this.#usable = false;
    const error = new LayerError('LAYER_WORKER', `the thread reading the layer ended: ${reason}`);
    for (const reading of this.#readings) reading.fail(error);
  }
}

/** One layer on its way through a thread. */
class Reading {
  readonly #port: MessagePort;
  readonly #window = new Window(maxUnderway);
  /** Pieces that came back. */
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];
  readonly #result: Promise<Uint8Array>;
  #resolve: (document: Uint8Array) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    port.on('message', (message: FromReading) => {
      if (message.type === 'taken') this.#take(message.buffer);
      else if (message.type === 'done') this.#resolve(message.document);
      else this.fail(new LayerError(message.failure.code, message.failure.message, message.failure));
    });
  }

  async run(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    // Whichever fails first; the other must not be left unheard.
    const [document] = await Promise.all([this.#result, this.#feed(input)]);
    return document;
  }

  fail(error: unknown): void {
    this.#window.close();
    this.#reject(error);
  }

  #take(buffer: ArrayBuffer): void {
    this.#spare.push(new Uint8Array(buffer));
    this.#window.release();
  }

  async #feed(input: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const piece of pieces(input, this.#spare)) {
      if (!(await this.#window.take())) return;
      this.#port.postMessage({ type: 'chunk', bytes: piece } satisfies ToReading, [piece.buffer]);
    }
    this.#port.postMessage({ type: 'end' } satisfies ToReading);
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

/** Copies the input into buffers of their own, which can be handed to another thread: spare ones before new ones. */
async function* pieces(
  input: AsyncIterable<Uint8Array>,
  spare: Uint8Array<ArrayBuffer>[],
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  // Not filled with zeros.
  const empty = () => spare.pop() ?? (Buffer.allocUnsafeSlow(pieceBytes) as Uint8Array<ArrayBuffer>);
  let piece = empty();
  let filled = 0;
  for await (const chunk of input) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + pieceBytes - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < pieceBytes) continue;
      yield piece;
      piece = empty();
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
