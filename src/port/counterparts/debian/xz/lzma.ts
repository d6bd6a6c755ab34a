import {
  align,
  alignBits,
  choices,
  distances,
  endDistanceModel,
  half,
  isMatch,
  isRepeat,
  lengthHigh,
  lengthMid,
  lengthToDistanceStates,
  literals,
  newLength,
  probabilities,
  repeatLength,
  slots,
} from './models.ts';
import { copyMatch, type LzmaWindow } from './window.ts';

/** Below this, the range is filled up with a byte. */
const topValue = 0x1000000;

/**
 * Decodes LZMA chunks, whose compressed bytes are all at hand (LZMA SDK, "lzma-specification.txt"; xz-file-format).
 *
 * Nearly all the time of unpacking is spent on bits. So that the range coder's state stays in registers, each of the long
 * functions below keeps it in locals, and has the same steps wherever a bit is due: fill the range up, split it by the bit's
 * probability, go on with one part, and move the probability.
 */
export class LzmaDecoder {
  #models = probabilities(0);
  #literalContext = 0;
  #literalMask = 0;
  #positionMask = 0;
  /** Which of a literal, a match, a repeated match or a short one came before: below 7, a literal was the last. */
  #state = 0;
  /** The last four distances less one, the latest first; signed, as they are bits 0 to 31. */
  readonly #repeats = new Int32Array(4);
  #input: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Range and code: a typed array keeps them machine integers. */
  readonly #coder = new Uint32Array(2);

  /** False where the byte is no valid one: lc and lp together are 4 at most in LZMA2. */
  setProperties(byte: number): boolean {
    if (byte > (4 * 5 + 4) * 9 + 8) return false;
    const context = byte % 9;
    const rest = Math.floor(byte / 9);
    const literalPosition = rest % 5;
    if (context + literalPosition > 4) return false;
    this.#literalContext = context;
    this.#literalMask = (1 << literalPosition) - 1;
    this.#positionMask = (1 << Math.floor(rest / 5)) - 1;
    this.#models = probabilities(context + literalPosition);
    return true;
  }

  resetState(): void {
    this.#models.fill(half);
    this.#repeats.fill(0);
    this.#state = 0;
  }

  /**
   * Decodes one chunk to `size` bytes at the window's position, where there is room for them. The window starts its
   * positions anew when the dictionary is reset, as the literals' context counts from there.
   * @returns what is wrong with the chunk; `undefined` where nothing is.
   */
  decode(input: Uint8Array, window: LzmaWindow, size: number): string | undefined {
    if (input.length < 5 || input[0] !== 0) return 'its range coder does not start with a zero';
    this.#input = input;
    this.#coder[0] = 0xffffffff;
    this.#coder[1] = Buffer.from(input.buffer, input.byteOffset, 5).readUInt32BE(1);
    this.#at = 5;
    const problem = this.#symbols(window, window.position + size);
    if (problem !== undefined) return problem;
    // The range is filled up for a bit that doesn't come.
    const [range = 0, code = 0] = this.#coder;
    const rest = range < topValue ? ((code << 8) | (input[this.#at++] ?? 0)) >>> 0 : code;
    if (this.#at !== input.length) return 'it has another length than its header says';
    return rest === 0 ? undefined : 'its range coder does not end in a zero';
  }

  #symbols(window: LzmaWindow, end: number): string | undefined {
    while (this.#literals(window, end)) {
      const length = this.#match(window.position & this.#positionMask);
      const distance = (this.#repeats[0] ?? 0) >>> 0;
      if (distance >= window.position - window.start) return 'a match reaches before the dictionary';
      if (length > end - window.position) return 'a match reaches over the end of its chunk';
      copyMatch(window, distance + 1, length);
    }
    return this.#at > this.#input.length ? 'it ends in the middle of a symbol' : undefined;
  }

  /** Literals up to the next match: false where the chunk ends before one. */
  #literals(window: LzmaWindow, end: number): boolean {
    const models = this.#models;
    const input = this.#input;
    const coder = this.#coder;
    let range = coder[0] ?? 0;
    let code = coder[1] ?? 0;
    let at = this.#at;
    const { bytes, start } = window;
    const context = this.#literalContext;
    const literalMask = this.#literalMask;
    const positionMask = this.#positionMask;
    const distance = (this.#repeats[0] ?? 0) + 1;
    let state = this.#state;
    let position = window.position;
    let isLiteral = true;
    while (position < end) {
      const index = isMatch + (state << 4) + (position & positionMask);
      if (range < topValue) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | (input[at++] ?? 0)) >>> 0;
      }
      const probability = models[index] ?? half;
      const bound = Math.imul(range >>> 11, probability) >>> 0;
      if (code < bound) {
        range = bound;
        models[index] = probability + ((2048 - probability) >> 5);
      } else {
        range = (range - bound) >>> 0;
        code = (code - bound) >>> 0;
        models[index] = probability - (probability >> 5);
        isLiteral = false;
        break;
      }
      const before = position > start ? (bytes[position - 1] ?? 0) : 0;
      const base = literals + 0x300 * (((position & literalMask) << context) + (before >> (8 - context)));
      // Right after a match it's coded with the byte that the match would have gone on with, as far as the two agree.
      let matched = state < 7 ? 0 : (bytes[position - distance] ?? 0);
      let agrees = state < 7 ? 0 : 0x100;
      let symbol = 1;
      while (symbol < 0x100) {
        matched <<= 1;
        const bit = matched & agrees;
        const index = base + agrees + bit + symbol;
        if (range < topValue) {
          range = (range << 8) >>> 0;
          code = ((code << 8) | (input[at++] ?? 0)) >>> 0;
        }
        const probability = models[index] ?? half;
        const bound = Math.imul(range >>> 11, probability) >>> 0;
        if (code < bound) {
          range = bound;
          models[index] = probability + ((2048 - probability) >> 5);
          symbol <<= 1;
          agrees &= ~bit;
        } else {
          range = (range - bound) >>> 0;
          code = (code - bound) >>> 0;
          models[index] = probability - (probability >> 5);
          symbol = (symbol << 1) | 1;
          agrees &= bit;
        }
      }
      bytes[position++] = symbol;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
    }
    coder[0] = range;
    coder[1] = code;
    this.#at = at;
    this.#state = state;
    window.position = position;
    return !isLiteral;
  }

  /** The length of a match; its distance is the first of the repeats then. */
  #match(positionState: number): number {
    const models = this.#models;
    const input = this.#input;
    const coder = this.#coder;
    let range = coder[0] ?? 0;
    let code = coder[1] ?? 0;
    let at = this.#at;

    const state = this.#state;
    let node = 1;
    for (let base = isRepeat; base >= 0; base = choices[node] ?? -1) {
      const index = base + (node === 6 ? (state << 4) + positionState : state);
      if (range < topValue) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | (input[at++] ?? 0)) >>> 0;
      }
      const probability = models[index] ?? half;
      const bound = Math.imul(range >>> 11, probability) >>> 0;
      if (code < bound) {
        range = bound;
        models[index] = probability + ((2048 - probability) >> 5);
        node <<= 1;
      } else {
        range = (range - bound) >>> 0;
        code = (code - bound) >>> 0;
        models[index] = probability - (probability >> 5);
        node = (node << 1) | 1;
      }
    }
    if (node === 12) {
      coder[0] = range;
      coder[1] = code;
      this.#at = at;

      this.#state = state < 7 ? 9 : 11;
      return 1;
    }
    const lengths = node === 2 ? newLength : repeatLength;
    // The length: choices between few, more (6) and many (7), which each have a tree.
    let size = 1;
    do {
      const index = lengths + (size >> 1);
      if (range < topValue) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | (input[at++] ?? 0)) >>> 0;
      }
      const probability = models[index] ?? half;
      const bound = Math.imul(range >>> 11, probability) >>> 0;
      if (code < bound) {
        range = bound;
        models[index] = probability + ((2048 - probability) >> 5);
        size <<= 1;
      } else {
        range = (range - bound) >>> 0;
        code = (code - bound) >>> 0;
        models[index] = probability - (probability >> 5);
        size = (size << 1) | 1;
      }
    } while (size === 3);
    const tree = lengths + (size === 7 ? lengthHigh : (size === 2 ? 2 : lengthMid) + (positionState << 3));
    const limit = size === 7 ? 256 : 8;
    let symbol = 1;
    do {
      const index = tree + symbol;
      if (range < topValue) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | (input[at++] ?? 0)) >>> 0;
      }
      const probability = models[index] ?? half;
      const bound = Math.imul(range >>> 11, probability) >>> 0;
      if (code < bound) {
        range = bound;
        models[index] = probability + ((2048 - probability) >> 5);
        symbol <<= 1;
      } else {
        range = (range - bound) >>> 0;
        code = (code - bound) >>> 0;
        models[index] = probability - (probability >> 5);
        symbol = (symbol << 1) | 1;
      }
    } while (symbol < limit);
    coder[0] = range;
    coder[1] = code;
    this.#at = at;

    const length = symbol - limit + (size === 2 ? 2 : size === 6 ? 10 : 18);
    this.#remember(node, length);
    return length;
  }

  /** Puts the match's distance first. */
  #remember(node: number, length: number): void {
    const repeats = this.#repeats;
    const isNew = node === 2;
    this.#state = this.#state < 7 ? (isNew ? 7 : 8) : isNew ? 10 : 11;
    if (node === 13) return;
    const from = node === 14 ? 1 : node === 30 ? 2 : 3;
    const distance = isNew
      ? this.#distance(Math.min(length - 2, lengthToDistanceStates - 1))
      : (repeats[from] ?? 0);
    for (let place = from; place > 0; place--) repeats[place] = repeats[place - 1] ?? 0;
    repeats[0] = distance;
  }

  /** A new distance, less one. Its highest bits are in a slot; the lowest come in a tree, the lowest first. */
  #distance(lengthState: number): number {
    const models = this.#models;
    const input = this.#input;
    const coder = this.#coder;
    let range = coder[0] ?? 0;
    let code = coder[1] ?? 0;
    let at = this.#at;

    let symbol = 1;
    do {
      const index = slots + (lengthState << 6) + symbol;
      if (range < topValue) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | (input[at++] ?? 0)) >>> 0;
      }
      const probability = models[index] ?? half;
      const bound = Math.imul(range >>> 11, probability) >>> 0;
      if (code < bound) {
        range = bound;
        models[index] = probability + ((2048 - probability) >> 5);
        symbol <<= 1;
      } else {
        range = (range - bound) >>> 0;
        code = (code - bound) >>> 0;
        models[index] = probability - (probability >> 5);
        symbol = (symbol << 1) | 1;
      }
    } while (symbol < 64);
    const slot = symbol - 64;
    let bits = slot < 4 ? 0 : (slot >> 1) - 1;
    let distance = slot < 4 ? slot : (2 | (slot & 1)) << bits;
    let tree = distances + distance - slot;
    if (slot >= endDistanceModel) {
      // Those between are as likely to be set as not.
      let direct = 0;
      for (let left = bits - alignBits; left > 0; left--) {
        if (range < topValue) {
          range = (range << 8) >>> 0;
          code = ((code << 8) | (input[at++] ?? 0)) >>> 0;
        }
        range >>>= 1;
        const bit = code < range ? 0 : 1;
        if (bit === 1) code = (code - range) >>> 0;
        direct = (direct << 1) | bit;
      }
      distance = (distance + (direct << alignBits)) | 0;
      tree = align;
      bits = alignBits;
    }
    symbol = 1;
    for (let shift = 0; shift < bits; shift++) {
      const index = tree + symbol;
      if (range < topValue) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | (input[at++] ?? 0)) >>> 0;
      }
      const probability = models[index] ?? half;
      const bound = Math.imul(range >>> 11, probability) >>> 0;
      if (code < bound) {
        range = bound;
        models[index] = probability + ((2048 - probability) >> 5);
        symbol <<= 1;
      } else {
        range = (range - bound) >>> 0;
        code = (code - bound) >>> 0;
        models[index] = probability - (probability >> 5);
        symbol = (symbol << 1) | 1;
        distance = (distance + (1 << shift)) | 0;
      }
    }
    coder[0] = range;
    coder[1] = code;
    this.#at = at;

    return distance;
  }
}
