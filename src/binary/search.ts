import { asBuffer } from './bytes.ts';

/**
 * Finds a byte string in a stream of pieces. `found` gets the offset in the stream and the bytes from there on, up to `reach`
 * of them (fewer at the stream's end).
 */
export class StreamSearch {
  readonly #needle: Buffer;
  readonly #reach: number;
  readonly #found: (offset: number, bytes: Buffer) => void;
  /** The end of what passed, in which a match may begin that had too few bytes behind it. */
  #carry: Buffer = Buffer.alloc(0);
  #passed = 0;

  constructor(needle: Buffer, reach: number, found: (offset: number, bytes: Buffer) => void) {
    this.#needle = needle;
    this.#reach = Math.max(reach, needle.length);
    this.#found = found;
  }

  write(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk);
    const keep = this.#reach - 1;
    if (bytes.length <= keep) {
      const joined = Buffer.concat([this.#carry, bytes]);
      this.#scan(joined, this.#passed - this.#carry.length, Math.max(0, joined.length - keep));
      this.#carry = joined.subarray(Math.max(0, joined.length - keep));
      this.#passed += bytes.length;
      return;
    }
    if (this.#carry.length > 0) {
      const joined = Buffer.concat([this.#carry, bytes.subarray(0, keep)]);
      this.#scan(joined, this.#passed - this.#carry.length, this.#carry.length);
    }
    this.#scan(bytes, this.#passed, bytes.length - keep);
    this.#carry = Buffer.from(bytes.subarray(bytes.length - keep));
    this.#passed += bytes.length;
  }

  finish(): void {
    this.#scan(this.#carry, this.#passed - this.#carry.length, this.#carry.length);
    this.#carry = Buffer.alloc(0);
  }

  /** Reports the matches that begin before `end`. */
  #scan(bytes: Buffer, base: number, end: number): void {
    let at = bytes.indexOf(this.#needle);
    while (at >= 0 && at < end) {
      this.#found(base + at, bytes.subarray(at, at + this.#reach));
      at = bytes.indexOf(this.#needle, at + 1);
    }
  }
}
