// The thread that reads layers, one after the other. Bundled on its own: see scripts/build.mjs.
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../core/index.ts';
import { LayerError } from '../errors.ts';
import { type ReadJob, readLayerDocument } from '../facts/read-layer.ts';
import type { Failure, FromWorker, ToWorker } from './messages.ts';

/** Chunks that came and are not asked for yet; the sender waits for `taken`, so they are few. */
class Inbox implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(chunk: Uint8Array | undefined): void {
    if (chunk === undefined) this.#ended = true;
    else this.#chunks.push(chunk);
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        send({ type: 'taken' });
        yield chunk;
      } else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

let inbox = new Inbox();

function send(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

async function run(job: ReadJob): Promise<void> {
  try {
    const document = new Uint8Array(await readLayerDocument(inbox, job));
    send({ type: 'done', document }, [document.buffer]);
  } catch (error) {
    send({ type: 'failed', failure: failureOf(error) });
  }
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof LayerError))
    return { code: 'LAYER_WORKER', message: `the layer could not be read: ${messageOf(error)}`, facts: {} };
  return { code: error.code, message: error.message, hint: error.hint, facts: error.facts };
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'chunk') inbox.push(message.bytes);
  else if (message.type === 'end') inbox.push(undefined);
  else {
    inbox = new Inbox();
    void run(message.job);
  }
});
