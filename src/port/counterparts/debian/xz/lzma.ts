/** Probabilities start in the middle: 11 bits, half of 2048. */
const half = 1024;
const topValue = 0x1000000;
const states = 12;
const maxPositionStates = 16;
const lengthToDistanceStates = 4;
const endDistanceModel = 14;
const fullDistances = 128;
const alignBits = 4;
const minMatch = 2;

/** Which of a literal, a match, a repeated match or a short one came before: "LZMA specification", State machine. */
const afterLiteral = Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5);

function probabilities(length: number): Uint16Array {
  return new Uint16Array(length).fill(half);
}

/** The probabilities of match lengths: two choices, then trees of 3, 3 and 8 bits. */
class LengthModel {
  readonly choice = probabilities(2);
  readonly low = probabilities(maxPositionStates << 3);
  readonly mid = probabilities(maxPositionStates << 3);
  readonly high = probabilities(256);

  reset(): void {
    for (const part of [this.choice, this.low, this.mid, this.high]) part.fill(half);
  }
}

/** Where decoded bytes go, and matches are copied from. `start` is the first byte that a match may reach. */
export interface LzmaWindow {
  bytes: Uint8Array;
  position: number;
  start: number;
}

/**
 * Decodes LZMA chunks, whose compressed bytes are all at hand (LZMA SDK, "lzma-specification.txt"; xz-file-format). The
 * range decoder's state is kept in fields, and in locals where bits are read in a row.
 */
export class LzmaDecoder {
  readonly #isMatch = probabilities(states << 4);
  readonly #isRepeat = probabilities(states);
  readonly #isRepeat0 = probabilities(states);
  readonly #isRepeat1 = probabilities(states);
  readonly #isRepeat2 = probabilities(states);
  readonly #isRepeat0Long = probabilities(states << 4);
  readonly #slots = probabilities(lengthToDistanceStates << 6);
  readonly #distances = probabilities(1 + fullDistances - endDistanceModel);
  readonly #align = probabilities(1 << alignBits);
  readonly #length = new LengthModel();
  readonly #repeatLength = new LengthModel();
  #literals = probabilities(0);
  #literalContext = 0;
  #literalMask = 0;
  #positionMask = 0;
  #state = 0;
  readonly #repeats = new Uint32Array(4);
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
    this.#literals = probabilities(0x300 << (context + literalPosition));
    return true;
  }

  resetState(): void {
    const models = [this.#isMatch, this.#isRepeat, this.#isRepeat0, this.#isRepeat1, this.#isRepeat2];
    for (const model of models) model.fill(half);
    for (const model of [this.#isRepeat0Long, this.#slots, this.#distances, this.#align]) model.fill(half);
    this.#literals.fill(half);
    this.#length.reset();
    this.#repeatLength.reset();
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
    this.#normalize();
    if (this.#at !== input.length) return 'it has another length than its header says';
    return this.#coder[1] === 0 ? undefined : 'its range coder does not end in a zero';
  }

  #symbols(window: LzmaWindow, end: number): string | undefined {
    while (window.position < end) {
      const place = (this.#state << 4) + (window.position & this.#positionMask);
      if (this.#bit(this.#isMatch, place) === 0) {
        this.#literal(window);
        continue;
      }
      const length = this.#match(window, place);
      const distance = this.#repeats[0] ?? 0;
      if (distance >= window.position - window.start) return 'a match reaches before the dictionary';
      if (length > end - window.position) return 'a match reaches over the end of its chunk';
      copyMatch(window, distance + 1, length);
    }
    return this.#at > this.#input.length ? 'it ends in the middle of a symbol' : undefined;
  }

  #literal(window: LzmaWindow): void {
    const { bytes, position } = window;
    const before = position > window.start ? (bytes[position - 1] ?? 0) : 0;
    const place =
      ((position & this.#literalMask) << this.#literalContext) + (before >> (8 - this.#literalContext));
    const base = 0x300 * place;
    const state = this.#state;
    const matched = bytes[position - (this.#repeats[0] ?? 0) - 1] ?? 0;
    const symbol =
      state < 7
        ? this.#tree(this.#literals, base, 0x100)
        : this.#matchedLiteral(this.#literals, base, matched);
    bytes[position] = symbol;
    window.position = position + 1;
    this.#state = afterLiteral[state] ?? 0;
  }

  /** The length; the distance is the first of the repeats then. */
  #match(window: LzmaWindow, place: number): number {
    const state = this.#state;
    const positionState = window.position & this.#positionMask;
    if (this.#bit(this.#isRepeat, state) === 0) return this.#newMatch(positionState);
    const repeats = this.#repeats;
    if (this.#bit(this.#isRepeat0, state) === 0) {
      if (this.#bit(this.#isRepeat0Long, place) === 0) {
        this.#state = state < 7 ? 9 : 11;
        return 1;
      }
    } else this.#rotate(this.#whichRepeat(state), repeats);
    this.#state = state < 7 ? 8 : 11;
    return this.#lengthOf(this.#repeatLength, positionState);
  }

  #whichRepeat(state: number): number {
    if (this.#bit(this.#isRepeat1, state) === 0) return 1;
    return 2 + this.#bit(this.#isRepeat2, state);
  }

  #rotate(index: number, repeats: Uint32Array): void {
    const distance = repeats[index] ?? 0;
    repeats.copyWithin(1, 0, index);
    repeats[0] = distance;
  }

  #newMatch(positionState: number): number {
    this.#repeats.copyWithin(1, 0, 3);
    this.#state = this.#state < 7 ? 7 : 10;
    const length = this.#lengthOf(this.#length, positionState);
    const lengthState = Math.min(length - minMatch, lengthToDistanceStates - 1);
    const slot = this.#tree(this.#slots, lengthState << 6, 0x40);
    this.#repeats[0] = slot < 4 ? slot : this.#distance(slot);
    return length;
  }

  #distance(slot: number): number {
    const bits = (slot >> 1) - 1;
    const base = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < endDistanceModel) return base + this.#reverse(this.#distances, base - slot, bits);
    const direct = this.#direct(bits - alignBits);
    return base + direct * (1 << alignBits) + this.#reverse(this.#align, 0, alignBits);
  }

  #lengthOf(model: LengthModel, positionState: number): number {
    if (this.#bit(model.choice, 0) === 0) return minMatch + this.#tree(model.low, positionState << 3, 8);
    if (this.#bit(model.choice, 1) === 0) return minMatch + 8 + this.#tree(model.mid, positionState << 3, 8);
    return minMatch + 16 + this.#tree(model.high, 0, 256);
  }

  #normalize(): void {
    const coder = this.#coder;
    const range = coder[0] ?? 0;
    if (range >= topValue) return;
    coder[0] = range << 8;
    coder[1] = ((coder[1] ?? 0) << 8) | (this.#input[this.#at++] ?? 0);
  }

  #bit(model: Uint16Array, index: number): number {
    this.#normalize();
    const coder = this.#coder;
    const range = coder[0] ?? 0;
    const code = coder[1] ?? 0;
    const probability = model[index] ?? half;
    const bound = Math.imul(range >>> 11, probability) >>> 0;
    if (code < bound) {
      coder[0] = bound;
      model[index] = probability + ((2048 - probability) >> 5);
      return 0;
    }
    coder[0] = range - bound;
    coder[1] = code - bound;
    model[index] = probability - (probability >> 5);
    return 1;
  }

  /** Bits of a tree, the highest first, until the symbol reaches `limit`, a power of two. */
  #tree(model: Uint16Array, base: number, limit: number): number {
    const input = this.#input;
    const coder = this.#coder;
    let range = coder[0] ?? 0;
    let code = coder[1] ?? 0;
    let at = this.#at;
    let symbol = 1;
    while (symbol < limit) {
      if (range < topValue) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | (input[at++] ?? 0)) >>> 0;
      }
      const probability = model[base + symbol] ?? half;
      const bound = Math.imul(range >>> 11, probability) >>> 0;
      if (code < bound) {
        range = bound;
        model[base + symbol] = probability + ((2048 - probability) >> 5);
        symbol <<= 1;
      } else {
        range = (range - bound) >>> 0;
        code = (code - bound) >>> 0;
        model[base + symbol] = probability - (probability >> 5);
        symbol = (symbol << 1) | 1;
      }
    }
    coder[0] = range;
    coder[1] = code;
    this.#at = at;
    return symbol - limit;
  }

  /** A literal after a match is coded with the byte that the match would have gone on with. */
  #matchedLiteral(model: Uint16Array, base: number, matched: number): number {
    let offset = 0x100;
    let symbol = 1;
    let match = matched;
    while (symbol < 0x100) {
      match <<= 1;
      const matchBit = match & offset;
      const bit = this.#bit(model, base + offset + matchBit + symbol);
      symbol = (symbol << 1) | bit;
      offset &= bit === 1 ? matchBit : ~matchBit;
    }
    return symbol - 0x100;
  }

  #reverse(model: Uint16Array, base: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let index = 0; index < bits; index++) {
      const bit = this.#bit(model, base + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << index;
    }
    return value;
  }

  #direct(bits: number): number {
    const coder = this.#coder;
    let value = 0;
    for (let left = bits; left > 0; left--) {
      this.#normalize();
      const range = (coder[0] ?? 0) >>> 1;
      const code = coder[1] ?? 0;
      const bit = code >= range ? 1 : 0;
      coder[0] = range;
      if (bit === 1) coder[1] = code - range;
      value = (value << 1) | bit;
    }
    return value >>> 0;
  }
}

function copyMatch(window: LzmaWindow, distance: number, length: number): void {
  const { bytes, position } = window;
  if (distance >= length && length > 32)
    bytes.copyWithin(position, position - distance, position - distance + length);
  else for (let at = position; at < position + length; at++) bytes[at] = bytes[at - distance] ?? 0;
  window.position = position + length;
}
