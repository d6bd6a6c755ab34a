import { TarError } from './errors.ts';

/**
 * Bytes of a tar, in order. An input that can seek offers `skip`: it moves on by up to `bytes` beyond what it has
 * delivered and says by how many, so that walking the headers of a file need not read the bodies.
 */
export interface TarInput extends AsyncIterable<Uint8Array> {
  skip?(bytes: number): Promise<number>;
}

/** Pulls an input in pieces of the wanted size, and knows where it is. */
export class ByteReader {
  /** Bytes handed out or skipped so far. */
  offset = 0;
  readonly #input: TarInput;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(input: TarInput) {
    this.#input = input;
    this.#iterator = input[Symbol.asyncIterator]();
  }

  /** `length` bytes if they are at hand already; a view, valid until the next call. */
  take(length: number): Uint8Array | undefined {
    if (this.#chunk.length < length) return undefined;
    const bytes = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    this.offset += length;
    return bytes;
  }

  /** `length` bytes; `undefined` where the input ends right here. @throws TarError `TAR_TRUNCATED`. */
  async exactly(length: number): Promise<Uint8Array | undefined> {
    const atHand = this.take(length);
    if (atHand !== undefined) return atHand;
    const start = this.offset;
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (!(await this.#fill())) {
        if (filled === 0) return undefined;
        throw truncated(start + filled, length - filled);
      }
      const part = this.take(Math.min(length - filled, this.#chunk.length));
      if (part !== undefined) bytes.set(part, filled);
      filled += part?.length ?? 0;
    }
    return bytes;
  }

  /** Between 1 and `max` bytes. @throws TarError `TAR_TRUNCATED` at the end of the input. */
  async some(max: number): Promise<Uint8Array> {
    if (!(await this.#fill())) throw truncated(this.offset, max);
    return this.take(Math.min(max, this.#chunk.length)) ?? this.#chunk;
  }

  /** @throws TarError `TAR_TRUNCATED` where the input ends before. */
  async skip(length: number): Promise<void> {
    let left = length - (this.take(Math.min(length, this.#chunk.length))?.length ?? 0);
    if (left > 0 && this.#input.skip !== undefined) {
      const skipped = await this.#input.skip(left);
      this.offset += skipped;
      if (skipped < left) throw truncated(this.offset, left - skipped);
      left = 0;
    }
    while (left > 0) left -= (await this.some(left)).length;
  }

  /** Reads the input to its end, so that whoever checks a digest behind it gets all bytes. */
  async drain(onChunk?: (chunk: Uint8Array) => void): Promise<void> {
    while (await this.#fill()) {
      onChunk?.(this.#chunk);
      this.take(this.#chunk.length);
    }
  }

  /** Lets the input go, read to its end or not. */
  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  /** False at the end of the input. */
  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#iterator.next();
      if (next.done === true) return false;
      this.#chunk = next.value;
    }
    return true;
  }
}

function truncated(offset: number, missing: number): TarError {
  return new TarError('TAR_TRUNCATED', offset, `the tar ends early: at least ${missing} more bytes were due`);
}
