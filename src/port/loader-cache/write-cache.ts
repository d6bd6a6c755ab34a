import { stringTable } from './string-table.ts';
import type { CachedLibrary } from './types.ts';

const headerSize = 48;
const entrySize = 24;
/** FLAG_AARCH64_LIB64 and FLAG_ELF_LIBC6. */
const flags = 0x0a03;
const littleEndian = 2;
/** The highest but one bit: the lower half is the number of a `glibc-hwcaps` level. */
const hwcapExtension = 1n << 62n;
const extensionMagic = 0xeaa4_2174;
const tags = { generator: 0, hwcaps: 1 } as const;

export interface CacheContent {
  /** In the cache's order. */
  readonly libraries: readonly CachedLibrary[];
  /** All names of levels that were met; those that no library has are in the texts alone, as with `ldconfig`. */
  readonly levels: Iterable<string>;
  /** Who wrote it, for people that look. */
  readonly generator: string;
}

/**
 * Writes an ld.so.cache for 64-bit arm in the one format that glibc has written since 2.33 and read since 2.2
 * (`sysdeps/generic/dl-cache.h`): header, entries, texts, and what 2.33 added, which older loaders pass over.
 */
export function writeCache({ libraries, levels, generator }: CacheContent): Uint8Array {
  const used = new Set(libraries.flatMap(({ hwcaps }) => hwcaps ?? []));
  const usedLevels = [...used].sort();
  const table = stringTable([...libraries.flatMap(({ name, path }) => [name, path]), ...levels]);
  const textsAt = headerSize + libraries.length * entrySize;
  const offsetOf = (text: string): number => textsAt + (table.offsets.get(text) ?? 0);
  const extensionAt = (textsAt + table.bytes.length + 3) & ~3;
  const head = Buffer.alloc(textsAt);
  head.write('glibc-ld.so.cache1.1', 'latin1');
  head.writeUInt32LE(libraries.length, 20);
  head.writeUInt32LE(table.bytes.length, 24);
  head.writeUInt8(littleEndian, 28);
  head.writeUInt32LE(extensionAt, 32);
  for (const [index, { name, path, hwcaps }] of libraries.entries()) {
    const at = headerSize + index * entrySize;
    head.writeUInt32LE(flags, at);
    head.writeUInt32LE(offsetOf(name), at + 4);
    head.writeUInt32LE(offsetOf(path), at + 8);
    if (hwcaps !== undefined)
      head.writeBigUInt64LE(hwcapExtension | BigInt(usedLevels.indexOf(hwcaps)), at + 16);
  }
  const padding = Buffer.alloc(extensionAt - textsAt - table.bytes.length);
  const extension = extensionOf(extensionAt, usedLevels.map(offsetOf), Buffer.from(generator));
  return Buffer.concat([head, table.bytes, padding, extension]);
}

/** A directory of sections, and the sections: where the levels' names are, and the generator. */
function extensionOf(start: number, levels: readonly number[], generator: Uint8Array): Uint8Array {
  const count = levels.length === 0 ? 1 : 2;
  const bytes = Buffer.alloc(8 + count * 16 + levels.length * 4);
  const levelsAt = start + 8 + count * 16;
  bytes.writeUInt32LE(extensionMagic, 0);
  bytes.writeUInt32LE(count, 4);
  section(bytes, 8, [tags.generator, 0, levelsAt + levels.length * 4, generator.length]);
  if (levels.length > 0) section(bytes, 24, [tags.hwcaps, 0, levelsAt, levels.length * 4]);
  for (const [index, offset] of levels.entries()) bytes.writeUInt32LE(offset, 8 + count * 16 + index * 4);
  return Buffer.concat([bytes, generator]);
}

function section(bytes: Buffer, at: number, fields: readonly number[]): void {
  for (const [index, field] of fields.entries()) bytes.writeUInt32LE(field, at + index * 4);
}
