import type { FileFacts } from '../../../binary/index.ts';
import type { RefusedWhy } from './refusals.ts';

/** A file for the new machine, with the package that it's from. */
export interface NewFile {
  readonly content: () => AsyncIterable<Uint8Array>;
  readonly facts: FileFacts;
  readonly size: number;
  readonly sha256: string;
  readonly package: {
    readonly name: string;
    readonly version: string;
    readonly url: string;
    readonly sha256: string;
    readonly size: number;
  };
}

export type Taken =
  | { readonly kind: 'found'; readonly file: NewFile }
  | { readonly kind: 'refused'; readonly why: RefusedWhy };
