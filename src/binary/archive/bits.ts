import { fastMask, type Huffman, lookUp } from './huffman.ts';

const nothing = new Uint8Array(0);

/** Bits of a byte stream, the lowest of each byte first. Beyond the input there are zeros; `overrun` tells. */
export class BitReader {
  input: Uint8Array = nothing;
  at = 0;
  #bits = 0;
  #count = 0;

  /** Bytes not yet taken, those waiting in the bits left out; below 0 where zeros were taken beyond the end. */
  get left(): number {
    return this.input.length - this.at;
  }

  get overrun(): boolean {
    return this.at * 8 - this.#count > this.input.length * 8;
  }

  /** Goes on with the next piece, which begins with what `giveBack` left over. */
  begin(input: Uint8Array): void {
    this.input = input;
    this.at = 0;
  }

  /** Whole bytes that wait in the bits go back to the input. */
  giveBack(): void {
    this.at -= this.#count >> 3;
    this.#count &= 7;
    this.#bits &= (1 << this.#count) - 1;
  }

  /** Up to 16 bits as a number. */
  take(count: number): number {
    this.#need(count);
    const value = this.#bits & ((1 << count) - 1);
    this.#drop(count);
    return value;
  }

  /** The next symbol of a code, -1 where the bits are none. */
  symbol(code: Huffman): number {
    this.#need(15);
    let found = code.fast[this.#bits & fastMask] ?? 0;
    if (found === 0) found = lookUp(code, this.#bits);
    if (found < 0) return -1;
    this.#drop(found & 15);
    return found >> 4;
  }

  /** Leaves the rest of a byte out, and gives whole bytes back. */
  align(): void {
    this.giveBack();
    this.#bits = 0;
    this.#count = 0;
  }

  #need(count: number): void {
    while (this.#count < count) {
      this.#bits |= (this.input[this.at++] ?? 0) << this.#count;
      this.#count += 8;
    }
  }

  #drop(count: number): void {
    this.#bits >>>= count;
    this.#count -= count;
  }
}
