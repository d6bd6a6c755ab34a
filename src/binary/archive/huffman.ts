const fastBits = 9;
export const fastMask = (1 << fastBits) - 1;
export const maxCodeLength = 15;
const maxSymbols = 288;

/**
 * A canonical prefix code (RFC 1951, 3.2.2). Codes of up to 9 bits are found in one step; longer ones, which are rare, by
 * walking the code lengths. `make` can be called again and again: archives have a code or two for each of many entries.
 */
export class Huffman {
  /** By the next 9 bits: symbol * 16 + length, 0 where the code is longer or there is none. */
  readonly fast = new Uint16Array(1 << fastBits);
  /** How many codes there are of each length. */
  readonly counts = new Uint16Array(maxCodeLength + 1);
  /** Symbols in the order of their codes. */
  readonly symbols = new Uint16Array(maxSymbols);
  readonly #starts = new Uint16Array(maxCodeLength + 2);

  /**
   * Makes the code of the given lengths, up to 288; false where they make none. A code may leave bits without a meaning
   * only where it's a single one of one bit, and not at all where `complete` is asked for: so says zlib.
   */
  make(lengths: Uint8Array, complete = false): boolean {
    const { counts, symbols } = this;
    const starts = this.#starts;
    counts.fill(0);
    // Plain loops: this runs for every entry of an archive.
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] ?? 0;
      counts[length] = (counts[length] ?? 0) + 1;
    }
    const used = lengths.length - (counts[0] ?? 0);
    counts[0] = 0;
    let left = 1;
    starts[1] = 0;
    for (let length = 1; length <= maxCodeLength; length++) {
      const count = counts[length] ?? 0;
      left = left * 2 - count;
      if (left < 0) return false;
      starts[length + 1] = (starts[length] ?? 0) + count;
    }
    if (left > 0 && used > 0 && (complete || used > 1 || counts[1] !== 1)) return false;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] ?? 0;
      if (length === 0) continue;
      const place = starts[length] ?? 0;
      symbols[place] = symbol;
      starts[length] = place + 1;
    }
    this.#fillFast();
    return true;
  }

  #fillFast(): void {
    const { fast, counts, symbols } = this;
    fast.fill(0);
    let code = 0;
    let at = 0;
    for (let length = 1; length <= fastBits; length++) {
      for (let left = counts[length] ?? 0; left > 0; left--) {
        const value = ((symbols[at] ?? 0) << 4) | length;
        for (let slot = reverse(code, length); slot < fast.length; slot += 1 << length) fast[slot] = value;
        code += 1;
        at += 1;
      }
      code <<= 1;
    }
  }
}

/** Codes stand in the stream with their first bit lowest. */
function reverse(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit);
  return result;
}

/** The code for the next 15 bits: symbol * 16 + length, or -1. */
export function lookUp(code: Huffman, bits: number): number {
  const found = code.fast[bits & fastMask] ?? 0;
  return found !== 0 ? found : walk(code, bits);
}

function walk({ counts, symbols }: Huffman, bits: number): number {
  let value = 0;
  let first = 0;
  let at = 0;
  for (let length = 1; length <= maxCodeLength; length++) {
    value |= (bits >> (length - 1)) & 1;
    const count = counts[length] ?? 0;
    if (value - first < count) return ((symbols[at + value - first] ?? 0) << 4) | length;
    at += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return -1;
}

function fixedLengths(): Uint8Array {
  const lengths = new Uint8Array(288);
  lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
  return lengths;
}

function made(lengths: Uint8Array): Huffman {
  const code = new Huffman();
  code.make(lengths);
  return code;
}

/** The fixed codes of RFC 1951, 3.2.6. */
export const fixedLiterals = made(fixedLengths());
export const fixedDistances = made(new Uint8Array(32).fill(5));
