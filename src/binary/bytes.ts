/** Bytes of a file by offset; of a big file, some ranges only. */
export interface View {
  /** The file's size, as far as it is known. */
  readonly size: number;
  /** True where every byte is there. */
  readonly whole: boolean;
  /** The bytes, or `undefined` where not all of them were kept or the file ends before. Not a copy. */
  read(offset: number, length: number): Buffer | undefined;
  /** As many of the bytes from `offset` on as there are at hand, up to `length`. */
  readSome(offset: number, length: number): Buffer;
}

const nothing: Buffer = Buffer.alloc(0);

export interface Range {
  readonly start: number;
  readonly bytes: Buffer;
}

export class RangeView implements View {
  readonly size: number;
  readonly whole: boolean;
  readonly #ranges: readonly Range[];

  constructor(size: number, ranges: readonly Range[]) {
    this.size = size;
    this.#ranges = ranges;
    this.whole = ranges.some((range) => range.start === 0 && range.bytes.length >= size);
  }

  read(offset: number, length: number): Buffer | undefined {
    const bytes = this.readSome(offset, length);
    return bytes.length === length ? bytes : undefined;
  }

  readSome(offset: number, length: number): Buffer {
    let best: Buffer = nothing;
    for (const { start, bytes } of this.#ranges) {
      if (offset < start || offset >= start + bytes.length) continue;
      const found = bytes.subarray(offset - start, offset - start + length);
      if (found.length > best.length) best = found;
    }
    return best;
  }
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Numbers of a structure in either byte order, with words of 4 or 8 bytes. Reading beyond the bytes gives 0. */
export class Fields {
  readonly bytes: Buffer;
  readonly #little: boolean;
  readonly #wide: boolean;

  constructor(bytes: Buffer, little: boolean, wide: boolean) {
    this.bytes = bytes;
    this.#little = little;
    this.#wide = wide;
  }

  u16(at: number): number {
    if (at + 2 > this.bytes.length) return 0;
    return this.#little ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  u32(at: number): number {
    if (at + 4 > this.bytes.length) return 0;
    return this.#little ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  /** Loses the lowest bits over 2^53: no offset of a real file is that big. */
  u64(at: number): number {
    const [low, high] = this.#little ? [at, at + 4] : [at + 4, at];
    return this.u32(high) * 2 ** 32 + this.u32(low);
  }

  /** The low 32 bits of a word, exact however big it is. */
  low(at: number): number {
    return this.u32(this.#wide && !this.#little ? at + 4 : at);
  }

  /** 8 bytes in a 64-bit file, 4 in a 32-bit one. */
  word(at: number): number {
    return this.#wide ? this.u64(at) : this.u32(at);
  }
}
