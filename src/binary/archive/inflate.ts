import { BitReader } from './bits.ts';
import { fixedDistances, fixedLiterals, Huffman } from './huffman.ts';

const windowBytes = 32 * 1024;
/** Enough to tell most contents by their first bytes, which is all that is wanted of most entries. */
const firstOutput = 1_024 + 258;
const fullOutput = 160 * 1024;
/** No block header is longer, and no symbol with its distance. */
const headerBytes = 640;
const symbolBytes = 8;
const longestMatch = 258;

const lengthBase = Uint16Array.of(
  ...[
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  ],
  ...[227, 258],
);
const lengthExtra = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
const distanceBase = Uint16Array.of(
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073],
  ...[4097, 6145, 8193, 12289, 16385, 24577],
);
const distanceExtra = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
);
const codeOrder = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15);

/** What an Inflater works in. One after the other may use it: making it takes longer than most entries of archives do. */
export class InflateSpace {
  readonly code = new Huffman();
  readonly literals = new Huffman();
  readonly distances = new Huffman();
  readonly codeLengths = new Uint8Array(codeOrder.length);
  readonly lengths = new Uint8Array(286 + 30);
  readonly first = new Uint8Array(firstOutput);
  #full: Uint8Array | undefined;

  get full(): Uint8Array {
    this.#full ??= new Uint8Array(fullOutput);
    return this.#full;
  }
}

export type InflateState = 'more' | 'done' | 'stopped' | 'broken' | 'truncated';

/**
 * Inflates a raw DEFLATE stream (RFC 1951) as it comes in, in bounded memory: 32 KiB back and what was not
 * delivered yet. It stops as soon as `sink` returns false, so that looking at the first bytes of an entry costs no more
 * than those, which node:zlib offers in no synchronous form.
 */
export class Inflater {
  state: InflateState = 'more';
  readonly #sink: (bytes: Uint8Array) => boolean;
  readonly #space: InflateSpace;
  readonly #bits = new BitReader();
  #isLast = false;
  #ended = false;
  #mode: 'header' | 'stored' | 'codes' = 'header';
  #storedLeft = 0;
  #literals: Huffman | undefined;
  #distances: Huffman | undefined;
  #output: Uint8Array;
  #filled = 0;
  #delivered = 0;

  constructor(sink: (bytes: Uint8Array) => boolean, space = new InflateSpace()) {
    this.#sink = sink;
    this.#space = space;
    this.#output = space.first;
  }

  /**
   * Takes the next input and returns how much of it was used. While the state is `more`, what was not used must come again
   * with more behind it. `ended`: nothing more comes.
   */
  write(chunk: Uint8Array, ended: boolean): number {
    if (this.state !== 'more') return 0;
    this.#ended = ended;
    this.#bits.begin(chunk);
    this.#run();
    if (ended && this.state === 'more') this.state = 'truncated';
    this.#bits.giveBack();
    return Math.min(this.#bits.at, chunk.length);
  }

  #run(): void {
    while (this.state === 'more' && this.#step());
    if (this.state !== 'stopped') this.#deliver();
  }

  /** Works on one block's header or body; false where it needs more input. */
  #step(): boolean {
    if (this.#mode === 'stored') return this.#copyStored();
    if (this.#mode === 'codes') return this.#decode();
    if (this.#isLast) {
      this.state = 'done';
      return false;
    }
    if (!this.#ended && this.#bits.left < headerBytes) return false;
    return this.#readHeader() || this.#break();
  }

  #readHeader(): boolean {
    this.#isLast = this.#bits.take(1) === 1;
    const type = this.#bits.take(2);
    if (type === 0) return this.#readStored();
    this.#mode = 'codes';
    if (type === 2) return this.#readCodes() && !this.#bits.overrun;
    this.#literals = fixedLiterals;
    this.#distances = fixedDistances;
    return type === 1 && !this.#bits.overrun;
  }

  #readStored(): boolean {
    this.#bits.align();
    const length = this.#bits.take(16);
    const check = this.#bits.take(16);
    if (length !== (~check & 0xffff) || this.#bits.overrun) return false;
    this.#bits.align();
    this.#storedLeft = length;
    this.#mode = 'stored';
    return true;
  }

  #readCodes(): boolean {
    const bits = this.#bits;
    const literalCount = bits.take(5) + 257;
    const distanceCount = bits.take(5) + 1;
    const codeCount = bits.take(4) + 4;
    if (literalCount > 286 || distanceCount > 30) return false;
    const { code, codeLengths, literals, distances } = this.#space;
    codeLengths.fill(0);
    for (let index = 0; index < codeCount; index++) codeLengths[codeOrder[index] ?? 0] = bits.take(3);
    if (!code.make(codeLengths, true)) return false;
    const lengths = this.#readLengths(code, literalCount + distanceCount);
    // Without an end-of-block code the block could not end.
    if (lengths === undefined || lengths[256] === 0) return false;
    this.#literals = literals;
    this.#distances = distances;
    return literals.make(lengths.subarray(0, literalCount)) && distances.make(lengths.subarray(literalCount));
  }

  #readLengths(code: Huffman, total: number): Uint8Array | undefined {
    const bits = this.#bits;
    const lengths = this.#space.lengths.subarray(0, total);
    let at = 0;
    while (at < total) {
      const symbol = bits.symbol(code);
      if (symbol < 0) return undefined;
      if (symbol < 16) {
        lengths[at++] = symbol;
        continue;
      }
      if (symbol === 16 && at === 0) return undefined;
      const value = symbol === 16 ? (lengths[at - 1] ?? 0) : 0;
      const repeat = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
      if (at + repeat > total) return undefined;
      lengths.fill(value, at, at + repeat);
      at += repeat;
    }
    return lengths;
  }

  #copyStored(): boolean {
    const bits = this.#bits;
    while (this.#storedLeft > 0) {
      const size = Math.min(this.#storedLeft, bits.left, windowBytes);
      if (size <= 0 || !this.#makeRoom(size)) return false;
      this.#output.set(bits.input.subarray(bits.at, bits.at + size), this.#filled);
      this.#filled += size;
      bits.at += size;
      this.#storedLeft -= size;
    }
    this.#mode = 'header';
    return true;
  }

  /** Decodes symbols until the block, the input or the room for output ends. */
  #decode(): boolean {
    const [literals, distances] = [this.#literals, this.#distances];
    if (literals === undefined || distances === undefined) return this.#break();
    if (!this.#makeRoom(longestMatch)) return false;
    const bits = this.#bits;
    const output = this.#output;
    // Before it, a symbol with its distance is there in full.
    const safeEnd = bits.input.length - symbolBytes;
    const outputEnd = output.length - longestMatch;
    let filled = this.#filled;
    while (filled <= outputEnd) {
      this.#filled = filled;
      const isNearEnd = bits.at > safeEnd;
      if (isNearEnd && !this.#ended) return false;
      const symbol = bits.symbol(literals);
      // Only where the input is over can a symbol reach beyond it.
      if (symbol < 0 || (isNearEnd && bits.overrun)) return this.#break();
      if (symbol < 256) output[filled++] = symbol;
      else if (symbol === 256) {
        this.#mode = 'header';
        return true;
      } else {
        const length = this.#match(symbol - 257, distances);
        if (length === 0 || (isNearEnd && bits.overrun)) return this.#break();
        filled += length;
      }
    }
    this.#filled = filled;
    return true;
  }

  #break(): false {
    this.state = this.#bits.overrun ? 'truncated' : 'broken';
    return false;
  }

  /** Room for `size` bytes behind the output: by growing, or by delivering and keeping the last 32 KiB. */
  #makeRoom(size: number): boolean {
    if (this.#filled + size <= this.#output.length) return true;
    if (!this.#deliver()) return false;
    if (this.#output.length < fullOutput) {
      const grown = this.#space.full;
      grown.set(this.#output.subarray(0, this.#filled));
      this.#output = grown;
      return true;
    }
    this.#output.copyWithin(0, this.#filled - windowBytes, this.#filled);
    this.#filled = windowBytes;
    this.#delivered = windowBytes;
    return true;
  }

  #deliver(): boolean {
    if (this.#delivered === this.#filled) return true;
    const bytes = this.#output.subarray(this.#delivered, this.#filled);
    this.#delivered = this.#filled;
    if (this.#sink(bytes)) return true;
    if (this.state === 'more') this.state = 'stopped';
    return false;
  }

  /** Reads the rest of a length, and the distance, and copies the match; 0 where it is none. */
  #match(lengthCode: number, distances: Huffman): number {
    const bits = this.#bits;
    const output = this.#output;
    const filled = this.#filled;
    const extra = lengthExtra[lengthCode];
    if (extra === undefined) return 0;
    const length = (lengthBase[lengthCode] ?? 0) + bits.take(extra);
    const code = bits.symbol(distances);
    const farExtra = code < 0 ? undefined : distanceExtra[code];
    if (farExtra === undefined) return 0;
    const distance = (distanceBase[code] ?? 0) + bits.take(farExtra);
    const from = filled - distance;
    if (from < 0) return 0;
    if (distance >= length && length > 24) output.copyWithin(filled, from, from + length);
    else for (let index = 0; index < length; index++) output[filled + index] = output[from + index] ?? 0;
    return length;
  }
}
