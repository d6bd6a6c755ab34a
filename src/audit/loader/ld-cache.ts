/** One line of an ld.so.cache: a library name, its path, and for whom it is. */
export interface CacheEntry {
  readonly path: string;
  readonly flags: number;
  /** For newer processors only: a hardware capability or a `glibc-hwcaps` directory is asked for. */
  readonly isSpecial: boolean;
}

/** The libraries of an ld.so.cache by name, or why a loader makes nothing of it. */
export type LdCache =
  | { readonly entries: ReadonlyMap<string, readonly CacheEntry[]>; readonly flags: ReadonlySet<number> }
  /** A loader goes on without it. */
  | { readonly unusable: string }
  /** It was not read to its end: what is in it is unknown. */
  | { readonly unread: string };

const oldMagic = 'ld.so-1.7.0';
const newMagic = 'glibc-ld.so.cache1.1';
const oldHeader = 16;
const oldEntry = 12;
const newHeader = 48;
const newEntry = 24;
const maxNameLength = 4096;
/** Characters of all names and paths together. */
const maxText = 32 * 1024 * 1024;
/** Ends the fields of the header that say the byte order (glibc 2.33). */
const orders: Readonly<Record<number, 'little' | 'big'>> = { 2: 'little', 3: 'big' };

type Endian = 'little' | 'big';

/**
 * Reads an ld.so.cache as glibc's loader does (`sysdeps/generic/dl-cache.h`, elf/dl-cache.c): the new format, alone or behind
 * the old one, or the old one alone. Entries that point outside the file are left out, as the loader leaves them.
 */
export function parseLdCache(bytes: Uint8Array, endian: Endian): LdCache {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (hasText(buffer, 0, newMagic)) return readNew(buffer, endian);
  if (!hasText(buffer, 0, oldMagic) || buffer.length < oldHeader)
    return { unusable: 'it does not begin as such a file does' };
  const count = u32(buffer, 12, endian);
  const end = oldHeader + count * oldEntry;
  if (end > buffer.length) return { unusable: 'it is shorter than it says, or of the other byte order' };
  // The new part begins where its 64-bit fields are aligned.
  const behind = buffer.subarray((end + 7) & ~7);
  for (const part of [behind, buffer.subarray(end)])
    if (hasText(part, 0, newMagic)) return readNew(part, endian);
  const texts = buffer.subarray(end);
  const read = (at: number) => ({ flags: u32(buffer, at, endian), isSpecial: false });
  return collect({ buffer, texts, count, first: oldHeader, size: oldEntry, endian }, read);
}

function readNew(buffer: Buffer, endian: Endian): LdCache {
  if (buffer.length < newHeader) return { unusable: 'it is shorter than its header' };
  const order = orders[(buffer[28] ?? 0) & 3];
  if (order !== undefined && order !== endian) return { unusable: 'it is of the other byte order' };
  const count = u32(buffer, 20, endian);
  if (newHeader + count * newEntry > buffer.length)
    return { unusable: 'it is shorter than it says, or of the other byte order' };
  return collect({ buffer, texts: buffer, count, first: newHeader, size: newEntry, endian }, (at) => ({
    flags: u32(buffer, at, endian),
    isSpecial: u32(buffer, at + 16, endian) !== 0 || u32(buffer, at + 20, endian) !== 0,
  }));
}

interface Table {
  readonly buffer: Buffer;
  /** What the offsets of texts count from. */
  readonly texts: Buffer;
  readonly count: number;
  readonly first: number;
  readonly size: number;
  readonly endian: Endian;
}

function collect(table: Table, read: (at: number) => Omit<CacheEntry, 'path'>): LdCache {
  const entries = new Map<string, CacheEntry[]>();
  const flags = new Set<number>();
  let length = 0;
  for (let index = 0; index < table.count; index++) {
    const at = table.first + index * table.size;
    const name = textAt(table.texts, u32(table.buffer, at + 4, table.endian));
    const path = textAt(table.texts, u32(table.buffer, at + 8, table.endian));
    if (name === undefined || path === undefined) continue;
    length += name.length + path.length;
    if (length > maxText) return { unread: `it holds more than ${maxText} characters` };
    const entry = { path, ...read(at) };
    flags.add(entry.flags);
    const known = entries.get(name);
    if (known === undefined) entries.set(name, [entry]);
    else known.push(entry);
  }
  return { entries, flags };
}

function textAt(texts: Buffer, offset: number): string | undefined {
  if (offset >= texts.length) return undefined;
  const end = texts.subarray(offset, offset + maxNameLength).indexOf(0);
  return end < 0 ? undefined : texts.toString('utf8', offset, offset + end);
}

function u32(buffer: Buffer, at: number, endian: Endian): number {
  return endian === 'little' ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at);
}

function hasText(buffer: Buffer, at: number, text: string): boolean {
  return buffer.toString('latin1', at, at + text.length) === text;
}
