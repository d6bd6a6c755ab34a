/** The libraries in an `ld.so.cache`, by the machine their flags say; `undefined` where the bytes are no such file. */
export type CacheFlags = ReadonlyMap<number, number>;

const oldMagic = 'ld.so-1.7.0\0';
const oldHeader = 16;
const oldEntry = 12;
const newMagic = 'glibc-ld.so.cache1.1';
const newHeader = 48;
const newEntry = 24;
/** FLAG_REQUIRED_MASK: the ABI an entry is for. */
const abi = 0xff00;

/**
 * Counts the entries of a cache by the ABI part of their flags (glibc `sysdeps/generic/ldconfig.h`), in the format of glibc
 * 2.2 and later, alone or behind the older one.
 */
export function readCacheFlags(bytes: Uint8Array): CacheFlags | undefined {
  const cache = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = startOfNewFormat(cache);
  if (at === undefined) return undefined;
  const body = cache.subarray(at);
  if (body.length < newHeader || body.toString('latin1', 0, newMagic.length) !== newMagic) return undefined;
  // The low bits of the flags say the byte order, 3 for big-endian; 0 from glibc before 2.33.
  const orders = (body[28] ?? 0) === 0 ? [true, false] : [((body[28] ?? 0) & 3) !== 3];
  for (const little of orders) {
    const numbers = new DataView(body.buffer, body.byteOffset, body.length);
    const count = numbers.getUint32(20, little);
    if (newHeader + count * newEntry <= body.length) return countFlags(numbers, count, little);
  }
  return undefined;
}

/** The old format's libraries stand before the new format's, which begins at a multiple of 8. */
function startOfNewFormat(cache: Buffer): number | undefined {
  if (cache.toString('latin1', 0, oldMagic.length) !== oldMagic) return 0;
  if (cache.length < oldHeader) return undefined;
  const ends = [cache.readUInt32LE(12), cache.readUInt32BE(12)].map((count) => oldHeader + count * oldEntry);
  const end = ends.find((candidate) => candidate <= cache.length);
  return end === undefined ? undefined : end + (-end & 7);
}

function countFlags(numbers: DataView, count: number, little: boolean): CacheFlags {
  const counts = new Map<number, number>();
  for (let entry = 0; entry < count; entry += 1) {
    const flags = numbers.getUint32(newHeader + entry * newEntry, little) & abi;
    counts.set(flags, (counts.get(flags) ?? 0) + 1);
  }
  return counts;
}
