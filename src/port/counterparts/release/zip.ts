import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { readZipDirectory, type ZipEntry } from '../../../binary/index.ts';
import { tarPath } from '../../../layer/index.ts';
import { type KeptFile, keep, piecesOf } from './kept-file.ts';
import { type ExtractOptions, NearNames, problem } from './member.ts';

/** The list of a zip's files stands at its end. */
const maxTail = 32 * 1024 ** 2;
const maxEntries = 100_000;
const localHeader = 30;

/** Takes one file out of a zip, as its central directory has it. @throws ReleaseError; what zlib throws. */
export async function extractFromZip(archive: string, to: string, options: ExtractOptions): Promise<void> {
  const handle = await open(archive);
  try {
    const entry = await findEntry(handle, options);
    const start = await dataStart(handle, entry, options);
    await inflate(archive, { entry, start, to }, options);
  } finally {
    await handle.close();
  }
}

async function findEntry(handle: FileHandle, options: ExtractOptions): Promise<ZipEntry> {
  const { size } = await handle.stat();
  const base = Math.max(0, size - maxTail);
  const tail = await readAt(handle, base, size - base);
  const directory = readZipDirectory(tail, base, maxEntries);
  if (directory === undefined || directory.isCut || directory.problems.length > 0)
    throw problem(options, 'the list of its files is damaged, or too long');
  const near = new NearNames(options.member);
  const found: ZipEntry[] = [];
  for (const entry of directory.entries) {
    const path = tarPath(entry.name);
    if (path.ok && path.path === options.member) found.push(entry);
    else if (path.ok && !entry.name.endsWith('/')) near.add(path.path);
  }
  const [entry, second] = found;
  if (entry === undefined) throw problem(options, `it has no ${options.member}${near.hint()}`);
  if (second !== undefined) throw problem(options, `it has ${options.member} twice`);
  if (entry.encrypted) throw problem(options, `${options.member} is encrypted`);
  if (entry.method !== 0 && entry.method !== 8)
    throw problem(options, `${options.member} is compressed by method ${entry.method}: unpack it first`);
  return entry;
}

/** The content stands behind a second header, whose name and extra fields may have other lengths. */
async function dataStart(handle: FileHandle, entry: ZipEntry, options: ExtractOptions): Promise<number> {
  const header = await readAt(handle, entry.offset, localHeader);
  if (header.length < localHeader || header.readUInt32LE(0) !== 0x0403_4b50)
    throw problem(options, `${options.member} is not where the list of its files says`);
  return entry.offset + localHeader + header.readUInt16LE(26) + header.readUInt16LE(28);
}

async function inflate(
  archive: string,
  place: { readonly entry: ZipEntry; readonly start: number; readonly to: string },
  options: ExtractOptions,
): Promise<void> {
  const { entry, start, to } = place;
  const { member, limits, signal } = options;
  const settings = { name: member, maxBytes: Math.min(limits.bytes, entry.size), signal };
  const isEmpty = entry.compressedSize === 0;
  const bytes = isEmpty ? [] : piecesOf(archive, { start, end: start + entry.compressedSize - 1, signal });
  let kept: KeptFile | undefined;
  // Where writing fails, the pipeline tells of the end it made of the reading.
  let failure: { readonly error: unknown } | undefined;
  const write = async (content: AsyncIterable<Uint8Array>): Promise<void> => {
    try {
      kept = await keep(content, to, settings);
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  try {
    if (entry.method === 0 || isEmpty) await write(piecesIn(bytes));
    else await pipeline(bytes, createInflateRaw(), write);
  } catch (error) {
    throw failure?.error ?? error;
  }
  if (kept?.size !== entry.size)
    throw problem(options, `${member} has another size than the list of its files says`);
}

async function* piecesIn(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* bytes;
}

async function readAt(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  if (!Number.isSafeInteger(start) || start < 0) return Buffer.alloc(0);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
  return buffer.subarray(0, bytesRead);
}
