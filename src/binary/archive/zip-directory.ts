import { Fields } from '../bytes.ts';

const endSize = 22;
const maxComment = 65_535;
const entrySize = 46;
export const localHeaderBytes = 30;
export const localSignature = 0x0403_4b50;

/** One entry as the central directory has it, which is what unzip and the JVM go by (APPNOTE.TXT 4.3.12). */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly compressedSize: number;
  readonly size: number;
  /** Of the local header, in the file. */
  readonly offset: number;
  /** Type and permission bits as Unix has them; absent where the entry was made on another system. */
  readonly mode?: number;
}

export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  /** Where the directory begins. */
  readonly start: number;
  /** There are more entries than were allowed. */
  readonly isCut: boolean;
  /** What doesn't fit together. */
  readonly problems: readonly string[];
}

interface End {
  readonly at: number;
  readonly count: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * Finds and reads the central directory in the last bytes of a zip; `undefined` where there is none. `base` is the offset of
 * these bytes in the file. An archive may stand behind something else, such as a script: its offsets then count from there.
 */
export function readDirectory(tail: Buffer, base: number, maxEntries: number): ZipDirectory | undefined {
  const end = findEnd(tail, base);
  if (end === undefined) return undefined;
  const start = end.at - end.size;
  if (start < base) return undefined;
  const shift = start - end.offset;
  const problems: string[] = [];
  const entries: ZipEntry[] = [];
  const bytes = tail.subarray(start - base, end.at - base);
  let at = 0;
  while (at + entrySize <= bytes.length && entries.length < maxEntries) {
    if (bytes.readUInt32LE(at) !== 0x0201_4b50) break;
    const found = readEntry(bytes, at, shift);
    entries.push(found.entry);
    at = found.end;
  }
  const isCut = entries.length >= maxEntries && entries.length < end.count;
  if (entries.length < end.count && !isCut)
    problems.push(`the central directory announces ${end.count} entries and holds ${entries.length}`);
  if (shift < 0) problems.push('the central directory lies before the place it is said to be at');
  return { entries, start, isCut, problems };
}

function findEnd(tail: Buffer, base: number): End | undefined {
  const from = Math.max(0, tail.length - endSize - maxComment);
  const last = tail.subarray(from);
  for (let at = last.length; at > 0; ) {
    at = last.lastIndexOf('PK\x05\x06', at - 1);
    if (at < 0) return undefined;
    if (at + endSize > last.length) continue;
    const comment = last.readUInt16LE(at + 20);
    if (at + endSize + comment <= last.length)
      return wideEnd(tail, from + at, base) ?? plainEnd(tail, from + at, base);
  }
  return undefined;
}

function plainEnd(tail: Buffer, at: number, base: number): End {
  return {
    at: base + at,
    count: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
}

/** Zip64: a locator of 20 bytes before the end record, and before that a record of 56 bytes or more. */
function wideEnd(tail: Buffer, at: number, base: number): End | undefined {
  if (at < 20 || tail.readUInt32LE(at - 20) !== 0x0706_4b50) return undefined;
  const fields = new Fields(tail, true, true);
  const place = fields.u64(at - 20 + 8) - base;
  if (!Number.isSafeInteger(place) || place < 0 || place + 56 > tail.length) return undefined;
  if (tail.readUInt32LE(place) !== 0x0606_4b50) return undefined;
  return {
    at: base + place,
    count: fields.u64(place + 32),
    size: fields.u64(place + 40),
    offset: fields.u64(place + 48),
  };
}

function readEntry(
  bytes: Buffer,
  at: number,
  shift: number,
): { readonly entry: ZipEntry; readonly end: number } {
  const nameSize = bytes.readUInt16LE(at + 28);
  const extraSize = bytes.readUInt16LE(at + 30);
  const extraAt = at + entrySize + nameSize;
  const wide = wideFields(bytes.subarray(extraAt, extraAt + extraSize), [
    bytes.readUInt32LE(at + 24),
    bytes.readUInt32LE(at + 20),
    bytes.readUInt32LE(at + 42),
  ]);
  const [size, compressedSize, offset] = wide;
  const isUnix = bytes[at + 5] === 3;
  return {
    entry: {
      name: bytes.toString('utf8', at + entrySize, extraAt),
      method: bytes.readUInt16LE(at + 10),
      encrypted: (bytes.readUInt16LE(at + 8) & 1) === 1,
      compressedSize,
      size,
      offset: offset + shift,
      ...(isUnix && { mode: bytes.readUInt16LE(at + 40) }),
    },
    end: extraAt + extraSize + bytes.readUInt16LE(at + 32),
  };
}

type Three = readonly [size: number, compressedSize: number, offset: number];

/** Fields of 0xFFFFFFFF stand, in this order, in the zip64 extra field. */
function wideFields(extra: Buffer, narrow: Three): Three {
  if (!narrow.includes(0xffff_ffff)) return narrow;
  const fields = new Fields(extra, true, true);
  let at = 0;
  while (at + 4 <= extra.length && fields.u16(at) !== 1) at += 4 + fields.u16(at + 2);
  let next = at + 4;
  const widen = (value: number): number => {
    if (value !== 0xffff_ffff || next + 8 > extra.length) return value;
    next += 8;
    return fields.u64(next - 8);
  };
  return [widen(narrow[0]), widen(narrow[1]), widen(narrow[2])];
}
