import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { readZipDirectory } from '../../../binary/index.ts';

const unpack = promisify(inflateRaw);
const maxTail = 8 * 1024 ** 2;
const maxEntries = 100_000;
const localHeader = 30;

/** The one file of a zip whose name fits, whole; `undefined` where there's none, or several, or the zip is not as it should be. */
export async function bytesInZip(file: string, name: RegExp, maxBytes: number): Promise<Buffer | undefined> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return undefined;
  const readAt = async (start: number, length: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
    return buffer.subarray(0, bytesRead);
  };
  try {
    const { size } = await handle.stat();
    const base = Math.max(0, size - maxTail);
    const directory = readZipDirectory(await readAt(base, size - base), base, maxEntries);
    const [entry, second] = directory?.entries.filter((one) => name.test(one.name)) ?? [];
    if (
      entry === undefined ||
      second !== undefined ||
      entry.encrypted ||
      entry.size > maxBytes ||
      entry.compressedSize > maxBytes
    )
      return undefined;
    const head = await readAt(entry.offset, localHeader);
    if (head.length < localHeader || head.readUInt32LE(0) !== 0x0403_4b50) return undefined;
    const start = entry.offset + localHeader + head.readUInt16LE(26) + head.readUInt16LE(28);
    const packed = await readAt(start, entry.compressedSize);
    if (entry.method !== 0 && entry.method !== 8) return undefined;
    const bytes = entry.method === 0 ? packed : await unpack(packed, { maxOutputLength: maxBytes });
    return bytes.length === entry.size ? bytes : undefined;
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}
