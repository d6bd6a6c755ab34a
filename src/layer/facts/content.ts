import { createHash, type Hash, hash } from 'node:crypto';
import { type FileFacts, type Inspector, inspectFile } from '../../binary/index.ts';
import { SparseExpander, type SparseFile, type TarSink } from '../../tar/index.ts';

/** What reading a file's content gave. */
export interface ContentFacts {
  readonly sha256: string;
  readonly facts: FileFacts | undefined;
  readonly content: Uint8Array | undefined;
  /** Why there are no facts. */
  readonly failure: unknown;
}

export interface ContentOptions {
  readonly path: string;
  /** Bytes, holes counted. */
  readonly size: number;
  readonly keep: boolean;
  readonly sparse: SparseFile | undefined;
  /** Bytes as stored, and the entry's place, for sparse files. */
  readonly stored: { readonly size: number; readonly offset: number };
}

const zeros = new Uint8Array(64 * 1024);

/** Hashes, inspects and, if wanted, keeps the content of one file as it goes by. */
export class ContentReader implements Pick<TarSink, 'data'> {
  readonly #options: ContentOptions;
  readonly #expander: SparseExpander | undefined;
  readonly #kept: Uint8Array[] = [];
  #inspector: Inspector | undefined;
  #failure: unknown;
  /** Not begun before a second chunk comes: hashing at once what is whole takes half the time. */
  #hash: Hash | undefined;
  #first: Uint8Array | undefined;

  constructor(options: ContentOptions) {
    this.#options = options;
    this.#inspector = this.#guarded(() => inspectFile({ path: options.path, size: options.size }));
    if (options.sparse !== undefined)
      this.#expander = new SparseExpander(options.sparse, options.stored, {
        data: (chunk) => this.#content(chunk),
        hole: (bytes) => this.#hole(bytes),
      });
  }

  data(chunk: Uint8Array): void {
    if (this.#expander !== undefined) this.#expander.write(chunk);
    else this.#content(chunk);
  }

  finish(): ContentFacts {
    this.#expander?.finish();
    const sha256 =
      this.#hash === undefined
        ? hash('sha256', this.#first ?? zeros.subarray(0, 0), 'hex')
        : this.#hash.digest('hex');
    return {
      sha256,
      facts: this.#guarded(() => this.#inspector?.finish()),
      content: this.#options.keep ? Buffer.concat(this.#kept) : undefined,
      failure: this.#failure,
    };
  }

  #content(chunk: Uint8Array): void {
    if (this.#first === undefined) this.#first = chunk;
    else {
      this.#hash ??= createHash('sha256').update(this.#first);
      this.#hash.update(chunk);
    }
    this.#guarded(() => this.#inspector?.write(chunk));
    if (this.#options.keep) this.#kept.push(Buffer.from(chunk));
  }

  #hole(bytes: number): void {
    for (let left = bytes; left > 0; left -= zeros.length)
      this.#content(zeros.subarray(0, Math.min(left, zeros.length)));
  }

  /** One file that can't be inspected must not make the rest unknown. */
  #guarded<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      this.#failure ??= error;
      this.#inspector = undefined;
      return undefined;
    }
  }
}
