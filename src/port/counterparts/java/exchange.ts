import { createReadStream, createWriteStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { crc32, deflateRawSync } from 'node:zlib';
import { type PlacedEntry, type PlacedZip, placedEntries, readAt } from './zip-entries.ts';

const localBytes = 30;
const maxEntries = 100_000;
const signature = /^META-INF\/[^/]+\.(?:SF|RSA|DSA|EC)$/i;

/**
 * Writes an archive anew with other content for some of its files: all else is byte for byte as it was, in the same order, and
 * what was stored is stored. What starts such an archive may want it so.
 * @param files by the name of the entry, files of this machine.
 * @returns why it can't be done, as the rest of a sentence; `undefined` where it is done.
 */
export async function exchange(
  archive: string,
  to: string,
  files: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const handle = await open(archive);
  try {
    const zip = await placedEntries(handle, maxEntries);
    if (zip === undefined) return 'it is a zip of another kind than is packed anew';
    if (zip.entries.some(({ name }) => signature.test(name))) return 'it is signed';
    const changes = zip.entries.filter(({ name }) => files.has(name));
    if (changes.length !== files.size || changes.some(({ method }) => method !== 0 && method !== 8))
      return 'it has no such file, or packs it in another way';
    const parts: (Buffer | { readonly start: number; readonly end: number })[] = [];
    const moves: { readonly from: number; readonly by: number }[] = [];
    const directory = Buffer.from(zip.directory);
    let reached = 0;
    for (const entry of changes) {
      const head = await readAt(handle, entry.offset, localBytes);
      if (head.length < localBytes || head.readUInt32LE(0) !== 0x0403_4b50) return 'it is damaged';
      const rest = await readAt(
        handle,
        entry.offset + localBytes,
        head.readUInt16LE(26) + head.readUInt16LE(28),
      );
      const made = await packed(files.get(entry.name) ?? '', entry);
      describe(head, { at: 6, fields: 14 }, made);
      describe(directory.subarray(entry.record), { at: 8, fields: 16 }, made);
      parts.push({ start: reached, end: entry.offset }, head, rest, made.data);
      const length = head.length + rest.length + made.data.length;
      moves.push({ from: entry.end, by: length - (entry.end - entry.offset) });
      reached = entry.end;
    }
    parts.push({ start: reached, end: zip.start }, moved(directory, zip, moves));
    await pipeline(joined(archive, parts), createWriteStream(to, { flags: 'wx', mode: 0o600 }));
    return undefined;
  } finally {
    await handle.close();
  }
}

interface Packed {
  readonly data: Buffer;
  readonly size: number;
  readonly crc: number;
}

async function packed(file: string, { method }: PlacedEntry): Promise<Packed> {
  const bytes = await readFile(file);
  return { data: method === 0 ? bytes : deflateRawSync(bytes), size: bytes.length, crc: crc32(bytes) };
}

/** Sizes and sum stand in the header itself, and so not behind the data (flag 3). */
function describe(
  record: Buffer,
  { at, fields }: { readonly at: number; readonly fields: number },
  { data, size, crc }: Packed,
): void {
  record.writeUInt16LE(record.readUInt16LE(at) & ~8, at);
  record.writeUInt32LE(crc, fields);
  record.writeUInt32LE(data.length, fields + 4);
  record.writeUInt32LE(size, fields + 8);
}

function moved(
  directory: Buffer,
  { entries, start, shift, endRecord }: PlacedZip,
  moves: readonly { readonly from: number; readonly by: number }[],
): Buffer {
  const place = (offset: number): number =>
    moves.reduce((sum, { from, by }) => (offset >= from ? sum + by : sum), offset) - shift;
  for (const { record, offset } of entries) directory.writeUInt32LE(place(offset), record + 42);
  directory.writeUInt32LE(place(start), endRecord + 16);
  return directory;
}

async function* joined(
  archive: string,
  parts: readonly (Buffer | { readonly start: number; readonly end: number })[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const part of parts) {
    if (Buffer.isBuffer(part)) yield part;
    else if (part.end > part.start)
      yield* createReadStream(archive, { start: part.start, end: part.end - 1 });
  }
}
