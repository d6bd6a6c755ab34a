import { TarError } from './errors.ts';
import { type EntryHead, type HeaderOptions, HeaderReader, paddingOf } from './headers.ts';

/** Takes what a TarWalker finds. Chunks are views, valid during the call. */
export interface TarSink {
  /** An entry starts. */
  entry(head: EntryHead): void;
  /** A piece of its stored body. */
  data(chunk: Uint8Array): void;
  /** Its body is complete. */
  end(): void;
}

/**
 * The same reader as `readTar`, for bytes that are at hand: nothing waits between a chunk and its entries, which makes
 * it several times as fast on small files.
 */
export class TarWalker {
  readonly #sink: TarSink;
  readonly #headers: HeaderReader;
  /** The beginning of what the header reader wants, where a chunk ended in it. */
  #partial: Uint8Array | undefined;
  #filled = 0;
  #body = 0;
  #padding = 0;
  #inEntry = false;
  #atEnd = false;
  /** Bytes taken so far. */
  #offset = 0;

  constructor(sink: TarSink, options: HeaderOptions = {}) {
    this.#sink = sink;
    this.#headers = new HeaderReader(options);
  }

  /** @throws TarError `TAR_MALFORMED` or `TAR_LIMIT`, and what the sink throws. */
  write(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#atEnd) {
      if (this.#inEntry) at = this.#bodyFrom(chunk, at);
      else if (this.#padding > 0) at = this.#skipPadding(chunk, at);
      else at = this.#headerFrom(chunk, at);
    }
    this.#offset += chunk.length - at;
  }

  /** To be called when the input has ended. @throws TarError `TAR_TRUNCATED`. */
  finish(): void {
    const missing = this.#inEntry ? this.#body + this.#padding : this.#padding;
    if (missing > 0) throw this.#truncated(missing);
    if (this.#filled > 0) throw this.#truncated(this.#headers.wanted - this.#filled);
    if (!this.#atEnd) this.#headers.end(this.#offset);
  }

  #truncated(missing: number): TarError {
    return new TarError(
      'TAR_TRUNCATED',
      this.#offset,
      `the tar ends early: at least ${missing} more bytes were due`,
    );
  }

  #headerFrom(chunk: Uint8Array, at: number): number {
    const { wanted } = this.#headers;
    if (this.#filled === 0 && chunk.length - at >= wanted) {
      this.#accept(chunk.subarray(at, at + wanted));
      return at + wanted;
    }
    this.#partial ??= new Uint8Array(wanted);
    const part = chunk.subarray(at, at + wanted - this.#filled);
    this.#partial.set(part, this.#filled);
    this.#filled += part.length;
    this.#offset += part.length;
    if (this.#filled === wanted) {
      const bytes = this.#partial;
      this.#partial = undefined;
      this.#filled = 0;
      this.#offset -= wanted;
      this.#accept(bytes);
    }
    return at + part.length;
  }

  #accept(bytes: Uint8Array): void {
    const result = this.#headers.accept(bytes, this.#offset);
    this.#offset += bytes.length;
    if (result === undefined) return;
    if (result === 'end') {
      this.#atEnd = true;
      return;
    }
    this.#body = result.size;
    this.#padding = paddingOf(result.size);
    this.#sink.entry(result);
    this.#inEntry = this.#body > 0;
    if (!this.#inEntry) this.#sink.end();
  }

  #bodyFrom(chunk: Uint8Array, at: number): number {
    const piece = chunk.length - at <= this.#body ? chunk.subarray(at) : chunk.subarray(at, at + this.#body);
    this.#body -= piece.length;
    this.#offset += piece.length;
    this.#sink.data(piece);
    if (this.#body === 0) {
      this.#inEntry = false;
      this.#sink.end();
    }
    return at + piece.length;
  }

  #skipPadding(chunk: Uint8Array, at: number): number {
    const skipped = Math.min(this.#padding, chunk.length - at);
    this.#padding -= skipped;
    this.#offset += skipped;
    return at + skipped;
  }
}
