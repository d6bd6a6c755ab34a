import type { DebianError } from '../errors.ts';
import type { Unpacked } from './unpack-deb.ts';

/** From an unpacking thread, for each UnpackJob it was sent. After `failed` the thread is to be ended. */
export type FromUnpacking =
  | { readonly type: 'done'; readonly unpacked: Unpacked }
  | { readonly type: 'failed'; readonly failure: Failure };

/** An error on its way between threads. */
export interface Failure {
  readonly code: DebianError['code'];
  readonly message: string;
  readonly hint: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
}
