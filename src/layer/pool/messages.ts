import type { MessagePort } from 'node:worker_threads';
import type { LayerError } from '../errors.ts';
import type { ReadJob } from '../facts/read-layer.ts';

/** From the pool to a reading thread: a layer to read. Its bytes come through the port, its result goes back there. */
export interface Start {
  readonly job: ReadJob;
  readonly port: MessagePort;
}

/** Through the port to the thread, which gives the layer up when the port is closed. */
export type ToReading =
  | { readonly type: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'end' };

/** Through the port from the thread. After `failed` the thread is to be ended. */
export type FromReading =
  /** What a chunk came in, to be filled again. */
  | { readonly type: 'taken'; readonly buffer: ArrayBuffer }
  | { readonly type: 'done'; readonly document: Uint8Array }
  | { readonly type: 'failed'; readonly failure: Failure };

/** An error on its way between threads. */
export interface Failure {
  readonly code: LayerError['code'];
  readonly message: string;
  readonly hint?: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
}
