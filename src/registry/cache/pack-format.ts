import { crc32 } from 'node:zlib';
import { algorithmOf, type Digest, maxManifestBytes } from '../../oci/index.ts';
import { type Content, isMediaType } from './content.ts';

/** Larger content is not kept, bytes. */
export const maxEntryBytes = maxManifestBytes;

/** Where content stands in a pack. */
export interface Placed {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes from the start of the pack, or of the frame where one is being made. */
  readonly offset: number;
  readonly size: number;
}

/**
 * A pack is a row of frames, one for each write. A frame is a head (magic, length of the table, length of the contents,
 * CRC-32 of those two and the table; four bytes each, little endian), a table with a row for each entry (length of the
 * digest, length of the media type, both one byte; size, four bytes; digest; media type), and the contents in that order.
 *
 * It is appended to without a temporary name: what a killed process left half written is the last frame, of which only the
 * entries that are whole are found, and every read checks size and digest again, so that it can never give wrong bytes.
 */
const magic = 0x31704c61;
const headBytes = 16;
const rowHeadBytes = 6;
/** The largest row: a sha512 digest and the longest media type. */
export const maxRowBytes = rowHeadBytes + 64 + 255;
const maxTableBytes = 1024 * 1024;
/** Takes in the head and table of a usual frame with one read. */
const firstReadBytes = 32 * 1024;

export function encodeFrame(entries: ReadonlyMap<Digest, Content>): {
  readonly frame: Buffer;
  readonly placed: readonly Placed[];
} {
  const table = Buffer.concat([...entries].map(encodeRow));
  const contents = [...entries.values()].map((content) => content.bytes);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(table.length, 4);
  head.writeUInt32LE(
    contents.reduce((sum, bytes) => sum + bytes.length, 0),
    8,
  );
  head.writeUInt32LE(checksum(head, table), 12);
  const placed: Placed[] = [];
  let offset = headBytes + table.length;
  for (const [digest, { bytes, mediaType }] of entries) {
    placed.push({ digest, mediaType, offset, size: bytes.length });
    offset += bytes.length;
  }
  return { frame: Buffer.concat([head, table, ...contents]), placed };
}

function encodeRow([digest, { bytes, mediaType }]: readonly [Digest, Content]): Buffer {
  const hash = Buffer.from(digest.slice(algorithmOf(digest).length + 1), 'hex');
  const row = Buffer.alloc(rowHeadBytes + hash.length + mediaType.length);
  row.writeUInt8(hash.length, 0);
  row.writeUInt8(mediaType.length, 1);
  row.writeUInt32LE(bytes.length, 2);
  hash.copy(row, rowHeadBytes);
  row.write(mediaType, rowHeadBytes + hash.length, 'latin1');
  return row;
}

/** The bytes of a pack from an offset on; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Buffer;

/** The entries of a pack of `size` bytes, up to the first frame that is torn or damaged. Throws what `readAt` throws. */
export function* entriesOf(readAt: ReadAt, size: number): Generator<Placed> {
  let start = 0;
  while (start + headBytes <= size) {
    let read = readAt(start, firstReadBytes);
    const lengths = readHead(read);
    if (!lengths) return;
    const { tableBytes, contentBytes } = lengths;
    if (read.length < headBytes + tableBytes) read = readAt(start, headBytes + tableBytes);
    const table = read.subarray(headBytes, headBytes + tableBytes);
    if (table.length < tableBytes || read.readUInt32LE(12) !== checksum(read, table)) return;
    const contents = start + headBytes + tableBytes;
    for (const entry of rowsOf(table, contents)) {
      if (entry.offset + entry.size > size) return;
      yield entry;
    }
    start = contents + contentBytes;
  }
}

function readHead(read: Buffer): { tableBytes: number; contentBytes: number } | undefined {
  if (read.length < headBytes || read.readUInt32LE(0) !== magic) return undefined;
  const tableBytes = read.readUInt32LE(4);
  if (tableBytes === 0 || tableBytes > maxTableBytes) return undefined;
  return { tableBytes, contentBytes: read.readUInt32LE(8) };
}

function* rowsOf(table: Buffer, contents: number): Generator<Placed> {
  let offset = contents;
  let at = 0;
  while (at + rowHeadBytes <= table.length) {
    const hashEnd = at + rowHeadBytes + table.readUInt8(at);
    const end = hashEnd + table.readUInt8(at + 1);
    const size = table.readUInt32LE(at + 2);
    const hash = table.toString('hex', at + rowHeadBytes, hashEnd);
    const digest: Digest = hash.length === 128 ? `sha512:${hash}` : `sha256:${hash}`;
    const mediaType = table.toString('latin1', hashEnd, end);
    // Content that is too large, or whose digest has another length, fails when it is read.
    yield { digest, mediaType: isMediaType(mediaType) ? mediaType : '', offset, size };
    offset += size;
    at = end;
  }
}

function checksum(head: Buffer, table: Buffer): number {
  return crc32(table, crc32(head.subarray(4, 12)));
}
