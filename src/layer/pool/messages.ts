import type { LayerError } from '../errors.ts';
import type { ReadJob } from '../facts/read-layer.ts';

/** From the pool to a reading thread. */
export type ToWorker =
  | { readonly type: 'start'; readonly job: ReadJob }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'end' };

/** From a reading thread to the pool. After `failed` the thread is to be ended. */
export type FromWorker =
  | { readonly type: 'taken' }
  | { readonly type: 'done'; readonly document: Uint8Array }
  | { readonly type: 'failed'; readonly failure: Failure };

/** An error on its way between threads. */
export interface Failure {
  readonly code: LayerError['code'];
  readonly message: string;
  readonly hint?: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
}
