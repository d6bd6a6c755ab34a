// The thread that reads layers, a few at a time. Bundled on its own: see scripts/build.mjs.
import { type MessagePort, parentPort } from 'node:worker_threads';
import { Scratch } from '../../binary/index.ts';
import { messageOf } from '../../core/index.ts';
import { LayerError } from '../errors.ts';
import { type ReadJob, readLayerDocument } from '../facts/read-layer.ts';
import type { Failure, FromReading, Start, ToReading } from './messages.ts';

/**
 * Chunks that came and are not asked for yet; the sender waits for `taken`, so they are few. While one is asked for, its reader
 * may still be at the one before: the buffers go back behind that.
 */
class Inbox implements AsyncIterable<Uint8Array> {
  readonly #port: MessagePort;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #end: 'complete' | 'given up' | undefined;
  #wake: (() => void) | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: ToReading) => {
      if (message.type === 'chunk') this.#chunks.push(message.bytes);
      else this.#end = 'complete';
      this.#wake?.();
    });
    port.on('close', () => {
      this.#chunks.length = 0;
      this.#end = 'given up';
      this.#wake?.();
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let before: ArrayBuffer | undefined;
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        const { buffer } = chunk;
        yield chunk;
        if (before !== undefined) send(this.#port, { type: 'taken', buffer: before }, [before]);
        before = buffer;
      } else if (this.#end === 'complete') return;
      else if (this.#end === 'given up') throw new LayerError('LAYER_WORKER', 'the layer was given up');
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

/** Of the layers read at a time, each has one. */
const spare: Scratch[] = [];

function send(port: MessagePort, message: FromReading, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

async function run(job: ReadJob, port: MessagePort): Promise<void> {
  const scratch = spare.pop() ?? new Scratch();
  try {
    const document = await readLayerDocument(new Inbox(port), job, scratch);
    send(port, { type: 'done', document }, [document.buffer]);
  } catch (error) {
    send(port, { type: 'failed', failure: failureOf(error) });
  }
  spare.push(scratch);
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof LayerError))
    return { code: 'LAYER_WORKER', message: `the layer could not be read: ${messageOf(error)}`, facts: {} };
  return { code: error.code, message: error.message, hint: error.hint, facts: error.facts };
}

parentPort?.on('message', ({ job, port }: Start) => void run(job, port));
