import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ByteSource } from '../byte-source.ts';
import { DebianError } from '../errors.ts';
import { type Check, checkOf, crc32Bytes } from './checks.ts';
import { decodeLzma2 } from './lzma2.ts';

export interface XzLimits {
  /** Bytes of the dictionary, which is kept in memory; 64 MiB, what `xz -9` uses, unless told. */
  readonly dictionaryBytes?: number;
}

const magic = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0);
const defaultDictionary = 64 * 1024 * 1024;

/**
 * Decompresses xz: any number of streams, with padding between them, every check, size and index verified
 * (xz-file-format 1.2). Filters other than LZMA2 alone are refused: Debian's packages and indexes have none. How far it
 * unpacks is for the caller to bound.
 * @throws DebianError `DEBIAN_MALFORMED`, with the offset, `DEBIAN_UNSUPPORTED` or `DEBIAN_LIMIT`; what the input throws.
 */
export async function* unxz(
  input: AsyncIterable<Uint8Array>,
  limits: XzLimits = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = new ByteSource(input, 'the xz stream');
  try {
    let padding = 0;
    do {
      if (padding % 4 !== 0) throw source.malformed(`${padding} bytes of padding, not a multiple of four`);
      yield* stream(source, limits.dictionaryBytes ?? defaultDictionary);
      padding = 0;
      while (!(await source.atEnd()) && (await isPadding(source))) padding += 1;
    } while (!(await source.atEnd()));
    if (padding % 4 !== 0) throw source.malformed(`${padding} bytes of padding, not a multiple of four`);
  } finally {
    await source.close();
  }
}

/** Takes the byte where it's zero. */
async function isPadding(source: ByteSource): Promise<boolean> {
  if ((await source.peek()) !== 0) return false;
  await source.exactly(1);
  return true;
}

/** A record of the index: sizes of one block. */
interface BlockSizes {
  readonly unpadded: number;
  readonly size: number;
}

async function* stream(
  source: ByteSource,
  maxDictionary: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const flags = await streamHeader(source);
  const newCheck = checkOf(flags[1] ?? 0);
  if (newCheck === undefined)
    throw new DebianError('DEBIAN_UNSUPPORTED', `the xz stream has a check of the unknown kind ${flags[1]}`);
  const blocks = createHash('sha256');
  let count = 0;
  for (;;) {
    const first = (await source.exactly(1))[0] ?? 0;
    if (first === 0) break;
    blocks.update(recordText(yield* block(source, { first, check: newCheck(), maxDictionary })));
    count += 1;
  }
  const indexBytes = await index(source, count, blocks.digest('hex'));
  await footer(source, flags, indexBytes);
}

async function streamHeader(source: ByteSource): Promise<Uint8Array> {
  const header = (await source.exactly(12)).slice();
  if (!Buffer.from(header.subarray(0, 6)).equals(magic)) throw source.malformed('no xz stream starts here');
  const flags = header.subarray(6, 8);
  if (!Buffer.from(crc32Bytes(crc32(flags))).equals(header.subarray(8)))
    throw source.malformed("the stream header's CRC32 is wrong");
  if (flags[0] !== 0 || (flags[1] ?? 0) > 15) throw source.malformed('the stream header has unknown flags');
  return flags;
}

interface BlockParts {
  /** The header's first byte. */
  readonly first: number;
  readonly check: Check;
  readonly maxDictionary: number;
}

async function* block(
  source: ByteSource,
  { first, check, maxDictionary }: BlockParts,
): AsyncGenerator<Uint8Array, BlockSizes, undefined> {
  const start = source.offset - 1;
  const header = await blockHeader(source, first);
  if (header.dictionary > maxDictionary)
    throw new DebianError(
      'DEBIAN_LIMIT',
      `the xz stream wants a dictionary of ${header.dictionary} bytes, over the limit of ${maxDictionary}`,
    );
  const bodyStart = source.offset;
  let size = 0;
  for await (const piece of decodeLzma2(source, header.dictionary)) {
    size += piece.length;
    check.update(piece);
    yield piece;
  }
  const packed = source.offset - bodyStart;
  if ((header.packed ?? packed) !== packed || (header.size ?? size) !== size)
    throw source.malformed('a block has other sizes than its header says');
  const padding = await source.exactly((4 - (packed % 4)) % 4);
  if (padding.some((byte) => byte !== 0)) throw source.malformed("a block's padding is not zero");
  const expected = check.digest();
  if (!Buffer.from(await source.exactly(expected.length)).equals(expected))
    throw source.malformed("a block's content does not match its check");
  return { unpadded: bodyStart - start + packed + expected.length, size };
}

interface BlockHeader {
  readonly packed: number | undefined;
  readonly size: number | undefined;
  readonly dictionary: number;
}

async function blockHeader(source: ByteSource, first: number): Promise<BlockHeader> {
  const rest = (await source.exactly((first + 1) * 4 - 1)).slice();
  const header = Buffer.concat([Uint8Array.of(first), rest]);
  const end = header.length - 4;
  if (!Buffer.from(crc32Bytes(crc32(header.subarray(0, end)))).equals(header.subarray(end)))
    throw source.malformed("a block header's CRC32 is wrong");
  const flags = header[1] ?? 0;
  if ((flags & 0x3c) !== 0) throw source.malformed('a block header has unknown flags');
  const fields = new Fields(header.subarray(2, end), source);
  const packed = (flags & 0x40) === 0 ? undefined : fields.number();
  const size = (flags & 0x80) === 0 ? undefined : fields.number();
  const filter = fields.number();
  if ((flags & 3) !== 0 || filter !== 0x21)
    throw new DebianError(
      'DEBIAN_UNSUPPORTED',
      `the xz stream has filters besides LZMA2 (${filter.toString(16)})`,
    );
  if (fields.number() !== 1) throw source.malformed("LZMA2's properties are not one byte");
  const dictionary = dictionarySize(fields.byte());
  if (dictionary === undefined || !fields.isZeroToEnd())
    throw source.malformed('a block header has a wrong dictionary size or padding');
  return { packed, size, dictionary };
}

function dictionarySize(bits: number): number | undefined {
  if (bits > 40) return undefined;
  return bits === 40 ? 0xffffffff : (2 | (bits & 1)) * 2 ** (Math.floor(bits / 2) + 11);
}

/** Numbers of seven bits a byte (xz-file-format 1.2), out of bytes at hand. */
class Fields {
  readonly #bytes: Uint8Array;
  readonly #source: ByteSource;
  #at = 0;

  constructor(bytes: Uint8Array, source: ByteSource) {
    this.#bytes = bytes;
    this.#source = source;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw this.#source.malformed('a block header ends early');
    return byte;
  }

  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return checkedNumber(value, byte, factor, this.#source);
    }
  }

  isZeroToEnd(): boolean {
    return this.#bytes.subarray(this.#at).every((byte) => byte === 0);
  }
}

function checkedNumber(
  ...[value, last, factor, source]: readonly [value: number, last: number, factor: number, source: ByteSource]
): number {
  const isShortest = last !== 0 || factor === 1;
  if (Number.isSafeInteger(value) && factor <= 128 ** 7 && isShortest) return value;
  throw source.malformed('a number is too large, or not in its shortest form');
}

/** Checks the index against the blocks that were there, and gives its length with the indicator byte. */
async function index(source: ByteSource, count: number, expected: string): Promise<number> {
  const start = source.offset - 1;
  let crc = crc32(Uint8Array.of(0));
  const byte = async (): Promise<number> => {
    const bytes = await source.exactly(1);
    crc = crc32(bytes, crc);
    return bytes[0] ?? 0;
  };
  const number = async (): Promise<number> => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const next = await byte();
      value += (next & 0x7f) * factor;
      if (next < 0x80 || factor > 128 ** 7) return checkedNumber(value, next, factor, source);
    }
  };
  if ((await number()) !== count) throw source.malformed('the index counts other blocks than there were');
  const records = createHash('sha256');
  for (let left = count; left > 0; left--)
    records.update(recordText({ unpadded: await number(), size: await number() }));
  if (records.digest('hex') !== expected)
    throw source.malformed('the index names other sizes than the blocks had');
  while ((source.offset - start) % 4 !== 0)
    if ((await byte()) !== 0) throw source.malformed("the index's padding is not zero");
  const stored = crc32Bytes(crc);
  if (!Buffer.from(await source.exactly(4)).equals(stored))
    throw source.malformed("the index's CRC32 is wrong");
  return source.offset - start;
}

function recordText({ unpadded, size }: BlockSizes): string {
  return `${unpadded} ${size}\n`;
}

async function footer(source: ByteSource, flags: Uint8Array, indexBytes: number): Promise<void> {
  const bytes = Buffer.from(await source.exactly(12));
  if (!bytes.subarray(0, 4).equals(crc32Bytes(crc32(bytes.subarray(4, 10)))))
    throw source.malformed("the stream footer's CRC32 is wrong");
  const backward = (bytes.readUInt32LE(4) + 1) * 4;
  if (
    bytes.toString('latin1', 10) !== 'YZ' ||
    !bytes.subarray(8, 10).equals(flags) ||
    backward !== indexBytes
  )
    throw source.malformed('the stream footer does not fit its stream');
}
