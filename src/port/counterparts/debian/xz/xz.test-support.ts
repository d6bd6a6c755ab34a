import { crc32 } from 'node:zlib';

export interface StoredXz {
  /** Bytes a block has at most; all in one unless told. */
  readonly blockBytes?: number;
  /** 0: none, 1: CRC32. */
  readonly check?: 0 | 1;
  /** The dictionary's size, as the format writes it; 4 KiB unless told. */
  readonly dictionary?: number;
}

/** An xz stream whose content is stored, not compressed (xz-file-format 1.2). */
export function storedXz(
  content: Uint8Array,
  { blockBytes, check = 1, dictionary = 0 }: StoredXz = {},
): Buffer {
  const size = blockBytes ?? Math.max(1, content.length);
  const blocks: Block[] = [];
  for (let at = 0; at < content.length; at += size)
    blocks.push(blockOf(content.subarray(at, at + size), { check, dictionary }));
  const flags = Buffer.from([0, check]);
  const index = indexOf(blocks);
  const footer = Buffer.concat([uint32(index.length / 4 - 1), flags]);
  return Buffer.concat([
    Buffer.from('fd377a585a00', 'hex'),
    flags,
    uint32(crc32(flags)),
    ...blocks.map(({ bytes }) => bytes),
    index,
    uint32(crc32(footer)),
    footer,
    Buffer.from('YZ'),
  ]);
}

interface Block {
  readonly bytes: Buffer;
  readonly unpadded: number;
  readonly size: number;
}

function blockOf(content: Uint8Array, { check, dictionary }: { check: 0 | 1; dictionary: number }): Block {
  const head = padded(Buffer.from([2, 0, 0x21, 1, dictionary, 0, 0, 0]));
  const body = Buffer.concat([...chunksOf(content), Buffer.from([0])]);
  const sum = check === 0 ? Buffer.alloc(0) : uint32(crc32(content));
  const header = Buffer.concat([head, uint32(crc32(head))]);
  const unpadded = header.length + body.length + sum.length;
  return { bytes: Buffer.concat([header, padded(body), sum]), unpadded, size: content.length };
}

function* chunksOf(content: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 65_536) {
    const part = content.subarray(at, at + 65_536);
    yield Buffer.from([at === 0 ? 1 : 2, (part.length - 1) >> 8, (part.length - 1) & 0xff]);
    yield Buffer.from(part);
  }
}

function indexOf(blocks: readonly Block[]): Buffer {
  const numbers = [blocks.length, ...blocks.flatMap(({ unpadded, size }) => [unpadded, size])];
  const body = padded(Buffer.concat([Buffer.from([0]), ...numbers.map(sevenBits)]));
  return Buffer.concat([body, uint32(crc32(body))]);
}

function sevenBits(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Buffer.from([...bytes, left]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
