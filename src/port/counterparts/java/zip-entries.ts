import type { FileHandle } from 'node:fs/promises';
import { readZipDirectory } from '../../../binary/index.ts';

/** An entry of a zip, with the places of its bytes. */
export interface PlacedEntry {
  readonly name: string;
  readonly method: number;
  /** Where its local header begins. */
  readonly offset: number;
  /** Where what belongs to it ends: the next entry, or the directory. */
  readonly end: number;
  /** Of its record in `directory`. */
  readonly record: number;
}

export interface PlacedZip {
  readonly entries: readonly PlacedEntry[];
  /** The central directory with the end record, as they stand from `start` on. */
  readonly directory: Buffer;
  readonly start: number;
  /** Bytes that stand before what offsets count from: a script that starts the archive. */
  readonly shift: number;
  /** Of the end record in `directory`. */
  readonly endRecord: number;
}

const maxTail = 64 * 1024 ** 2;
const recordBytes = 46;
const wide = 0xffff_ffff;

/**
 * The entries of a zip in the order of their bytes. `undefined` for one that is damaged, has an entry twice, or whose fields
 * are of 64 bits.
 */
export async function placedEntries(handle: FileHandle, maxEntries: number): Promise<PlacedZip | undefined> {
  const { size } = await handle.stat();
  const base = Math.max(0, size - maxTail);
  const tail = await readAt(handle, base, size - base);
  const found = readZipDirectory(tail, base, maxEntries);
  if (found === undefined || found.isCut || found.problems.length > 0) return undefined;
  const directory = tail.subarray(found.start - base);
  const records: {
    readonly name: string;
    readonly method: number;
    readonly offset: number;
    readonly record: number;
  }[] = [];
  let at = 0;
  for (const { name, method, offset } of found.entries) {
    if (at + recordBytes > directory.length || directory.readUInt32LE(at) !== 0x0201_4b50) return undefined;
    if ([20, 24, 42].some((field) => directory.readUInt32LE(at + field) === wide)) return undefined;
    records.push({ name, method, offset, record: at });
    at += recordBytes + [28, 30, 32].reduce((sum, field) => sum + directory.readUInt16LE(at + field), 0);
  }
  const first = records[0];
  const isPlain = at + 22 <= directory.length && directory.readUInt32LE(at) === 0x0605_4b50;
  const isUnique = new Set(records.map(({ name }) => name)).size === records.length;
  if (first === undefined || !isPlain || !isUnique) return undefined;
  const sorted = [...records].sort((left, right) => left.offset - right.offset);
  const entries = sorted.map((entry, index) => ({ ...entry, end: sorted[index + 1]?.offset ?? found.start }));
  if (entries.some(({ offset, end }) => offset < 0 || end <= offset)) return undefined;
  const shift = first.offset - directory.readUInt32LE(first.record + 42);
  return { entries, directory, start: found.start, shift, endRecord: at };
}

export async function readAt(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
  return buffer.subarray(0, bytesRead);
}
