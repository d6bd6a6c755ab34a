import { DebianError } from './errors.ts';

/** Takes an input's bytes in pieces of the wanted size, and knows where it is. */
export class ByteSource {
  /** Bytes taken so far. */
  offset = 0;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #chunk: Uint8Array = new Uint8Array(0);

  /** `what` names the input in errors: "the xz stream". */
  constructor(input: AsyncIterable<Uint8Array>, what: string) {
    this.#iterator = input[Symbol.asyncIterator]();
    this.#what = what;
  }

  /** `length` bytes; a view, to be used before the next call. @throws DebianError `DEBIAN_MALFORMED` where they end before. */
  async exactly(length: number): Promise<Uint8Array> {
    if (this.#chunk.length >= length) return this.#take(length);
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const part = await this.some(length - filled);
      if (part === undefined) throw this.cut(length - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** Between 1 and `max` bytes; `undefined` at the end. */
  async some(max: number): Promise<Uint8Array | undefined> {
    if (await this.atEnd()) return undefined;
    return this.#take(Math.min(max, this.#chunk.length));
  }

  /** The next byte, which stays; `undefined` at the end. */
  async peek(): Promise<number | undefined> {
    return (await this.atEnd()) ? undefined : this.#chunk[0];
  }

  async atEnd(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#iterator.next();
      if (next.done === true) return true;
      this.#chunk = next.value;
    }
    return false;
  }

  /** The next `length` bytes, as they come. @throws DebianError `DEBIAN_MALFORMED` where they end before. */
  async *stream(length: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = length; left > 0; ) {
      const part = await this.some(left);
      if (part === undefined) throw this.cut(left);
      left -= part.length;
      yield part;
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  cut(missing: number): DebianError {
    return this.malformed(`it ends early: at least ${missing} more bytes were due`);
  }

  malformed(problem: string): DebianError {
    return new DebianError(
      'DEBIAN_MALFORMED',
      `${this.#what} is damaged at byte ${this.offset}: ${problem}`,
      {
        facts: { offset: this.offset },
      },
    );
  }

  #take(length: number): Uint8Array {
    const bytes = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    this.offset += length;
    return bytes;
  }
}
