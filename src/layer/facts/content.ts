import { createHash, type Hash, hash } from 'node:crypto';
import {
  type FileFacts,
  type Inspector,
  inspectBytes,
  inspectFile,
  type Scratch,
} from '../../binary/index.ts';
import { SparseExpander, type SparseFile, type TarSink } from '../../tar/index.ts';

/** What reading a file's content gave. */
export interface ContentFacts {
  readonly sha256: string;
  /** Where it was asked for. */
  readonly md5?: string;
  readonly sha1?: string;
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
  /** Compute these too. */
  readonly md5: boolean;
  readonly sha1?: boolean;
  readonly sparse: SparseFile | undefined;
  /** Bytes as stored, and the entry's place, for sparse files. */
  readonly stored: { readonly size: number; readonly offset: number };
  readonly scratch: Scratch;
  readonly allowance: { inflatedBytes: number };
}

const zeros = new Uint8Array(64 * 1024);
const nothing = new Uint8Array(0);

/** Hashes, inspects and, if wanted, keeps the content of one file as it goes by. */
export class ContentReader implements Pick<TarSink, 'data'> {
  readonly #options: ContentOptions;
  readonly #expander: SparseExpander | undefined;
  readonly #kept: Uint8Array[] = [];
  #whole: ContentFacts | undefined;
  #inspector: Inspector | undefined;
  #failure: unknown;
  #hash: Hash | undefined;
  #md5: Hash | undefined;
  #sha1: Hash | undefined;

  constructor(options: ContentOptions) {
    this.#options = options;
    if (options.sparse !== undefined)
      this.#expander = new SparseExpander(options.sparse, options.stored, {
        data: (chunk) => this.#content(chunk),
        hole: (bytes) => this.#hole(bytes),
      });
  }

  data(chunk: Uint8Array): void {
    if (this.#expander !== undefined) this.#expander.write(chunk);
    // Most files come in one piece, and take half the time that way.
    else if (chunk.length === this.#options.size) this.#whole = readWhole(chunk, this.#options);
    else this.#content(chunk);
  }

  finish(): ContentFacts {
    this.#expander?.finish();
    if (this.#whole !== undefined) return this.#whole;
    if (this.#hash === undefined) return readWhole(nothing, this.#options);
    return {
      sha256: this.#hash.digest('hex'),
      ...(this.#md5 && { md5: this.#md5.digest('hex') }),
      ...(this.#sha1 && { sha1: this.#sha1.digest('hex') }),
      facts: this.#guarded(() => this.#inspector?.finish()),
      content: this.#options.keep ? Buffer.concat(this.#kept) : undefined,
      failure: this.#failure,
    };
  }

  #content(chunk: Uint8Array): void {
    this.#hash ??= this.#begin();
    this.#hash.update(chunk);
    this.#md5?.update(chunk);
    this.#sha1?.update(chunk);
    this.#guarded(() => this.#inspector?.write(chunk));
    if (this.#options.keep) this.#kept.push(Buffer.from(chunk));
  }

  #begin(): Hash {
    const { path, size, scratch, allowance, md5, sha1 } = this.#options;
    this.#inspector = this.#guarded(() => inspectFile({ path, size }, { scratch, allowance }));
    if (md5) this.#md5 = createHash('md5');
    if (sha1 === true) this.#sha1 = createHash('sha1');
    return createHash('sha256');
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

function readWhole(bytes: Uint8Array, options: ContentOptions): ContentFacts {
  const { path, keep, scratch, allowance } = options;
  const hashes = {
    sha256: hash('sha256', bytes, 'hex'),
    ...(options.md5 && { md5: hash('md5', bytes, 'hex') }),
    ...(options.sha1 && { sha1: hash('sha1', bytes, 'hex') }),
  };
  const content = keep ? Buffer.from(bytes) : undefined;
  try {
    return {
      ...hashes,
      facts: inspectBytes(path, bytes, { scratch, allowance }),
      content,
      failure: undefined,
    };
  } catch (failure) {
    return { ...hashes, facts: undefined, content, failure };
  }
}
