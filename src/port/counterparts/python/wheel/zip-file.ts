import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInflateRaw } from 'node:zlib';
import { readZipDirectory, type ZipEntry } from '../../../../binary/index.ts';
import { PythonError } from '../errors.ts';
import type { PythonLimits } from '../limits.ts';

/** The list of a zip's files stands at its end. */
const maxTail = 64 * 1024 ** 2;
const localHeader = 30;
const pieceBytes = 1024 ** 2;
const typeMask = 0o170_000;
const plainFile = 0o100_000;
const folder = 0o040_000;

/** A file of a wheel. */
export interface ZipMember {
  readonly name: string;
  readonly size: number;
  readonly isExecutable: boolean;
  /** The bytes afresh at each call. @throws PythonError where they aren't what the list says; what zlib throws. */
  readonly content: () => AsyncIterable<Uint8Array>;
}

/**
 * The files of a wheel, checked before one is read: plain files alone, below the root, each named once and with bytes of its
 * own, no more of them than the limits let be.
 * @throws PythonError `PYTHON_WHEEL`, `PYTHON_LIMIT`.
 */
export async function readZip(
  file: string,
  name: string,
  limits: PythonLimits,
): Promise<readonly ZipMember[]> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const base = Math.max(0, size - maxTail);
    const directory = readZipDirectory(await readAt(handle, base, size - base), base, limits.wheelFiles);
    if (directory === undefined || directory.problems.length > 0)
      throw wrong(name, 'the list of its files is damaged');
    if (directory.isCut) throw tooMuch(name, `more than ${limits.wheelFiles} files`);
    checkSizes(directory.entries, { name, size, limits });
    checkPlaces(directory.entries, directory.start, name);
    const files = directory.entries.filter((entry) => !isFolder(entry));
    checkNames(files, name);
    return files.map((entry) => ({
      name: entry.name,
      size: entry.size,
      isExecutable: ((entry.mode ?? 0) & 0o111) !== 0,
      content: () => contentOf(file, entry, name),
    }));
  } finally {
    await handle.close();
  }
}

function isFolder({ name, mode = 0 }: ZipEntry): boolean {
  return name.endsWith('/') && [0, folder].includes(mode & typeMask);
}

function checkSizes(
  entries: readonly ZipEntry[],
  { name, size, limits }: { readonly name: string; readonly size: number; readonly limits: PythonLimits },
): void {
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (!Number.isSafeInteger(total) || total > limits.unpackedBytes)
    throw tooMuch(name, `${total} bytes, and the limit is ${limits.unpackedBytes}`);
  if (total > limits.ratioFreeBytes && total > size * limits.ratio)
    throw tooMuch(name, `more than ${limits.ratio} bytes for each of its own`);
}

/** No two files from the same bytes: a small zip could unpack to anything. */
function checkPlaces(entries: readonly ZipEntry[], end: number, name: string): void {
  const sorted = [...entries].sort((left, right) => left.offset - right.offset);
  let before = 0;
  for (const { offset, compressedSize, name: member } of sorted) {
    const isWrong = !Number.isSafeInteger(offset + compressedSize) || offset < before;
    before = offset + localHeader + compressedSize;
    if (isWrong || before > end) throw wrong(name, `${shown(member)} is not in a place of its own`);
  }
}

function checkNames(entries: readonly ZipEntry[], name: string): void {
  const seen = new Set<string>();
  const folders = new Set<string>();
  for (const { name: member, mode = 0, encrypted, method } of entries) {
    if (!isInside(member)) throw wrong(name, `${shown(member)} is no path that a wheel may have`);
    if (seen.has(member)) throw wrong(name, `it has ${shown(member)} twice`);
    if (![0, plainFile].includes(mode & typeMask)) throw wrong(name, `${shown(member)} is no plain file`);
    if (encrypted || (method !== 0 && method !== 8))
      throw wrong(name, `${shown(member)} is encrypted, or packed by method ${method}`);
    seen.add(member);
    for (let at = member.lastIndexOf('/'); at > 0; at = member.lastIndexOf('/', at - 1))
      folders.add(member.slice(0, at));
  }
  const both = [...seen].find((member) => folders.has(member));
  if (both !== undefined) throw wrong(name, `${shown(both)} is a file, and a folder too`);
}

/** Below the root, with no spelling that somebody may read in another way. */
function isInside(path: string): boolean {
  if (path.length > 4096 || /[\\:\p{Cc}\u{fffd}]/u.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function shown(member: string): string {
  return JSON.stringify(member.slice(0, 200));
}

async function* contentOf(
  file: string,
  entry: ZipEntry,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const start = await dataStart(file, entry, name);
  let size = 0;
  if (entry.compressedSize > 0)
    for await (const chunk of unpacked(file, entry, start)) {
      size += chunk.length;
      if (size > entry.size) break;
      yield chunk;
    }
  if (size !== entry.size)
    throw wrong(name, `${shown(entry.name)} has another size than the list of its files says`);
}

async function* unpacked(
  file: string,
  { method, compressedSize }: ZipEntry,
  start: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const packed = createReadStream(file, {
    start,
    end: start + compressedSize - 1,
    highWaterMark: pieceBytes,
  });
  const inflate = method === 0 ? undefined : createInflateRaw({ chunkSize: 256 * 1024 });
  if (inflate !== undefined) {
    packed.on('error', (error) => inflate.destroy(error));
    packed.pipe(inflate);
  }
  try {
    for await (const chunk of inflate ?? packed) yield chunk as Uint8Array;
  } finally {
    packed.destroy();
    inflate?.destroy();
  }
}

/** The content stands behind a second header, which must be of the same file. */
async function dataStart(file: string, entry: ZipEntry, name: string): Promise<number> {
  const handle = await open(file);
  try {
    const header = await readAt(handle, entry.offset, localHeader);
    if (header.length < localHeader || header.readUInt32LE(0) !== 0x0403_4b50)
      throw wrong(name, `${shown(entry.name)} is not where the list of its files says`);
    const nameSize = header.readUInt16LE(26);
    const written = await readAt(handle, entry.offset + localHeader, nameSize);
    if (written.toString('utf8') !== entry.name)
      throw wrong(name, `${shown(entry.name)} has another name where it is`);
    return entry.offset + localHeader + nameSize + header.readUInt16LE(28);
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
  return buffer.subarray(0, bytesRead);
}

function wrong(name: string, what: string): PythonError {
  return new PythonError('PYTHON_WHEEL', `${name} can't be used: ${what}`);
}

function tooMuch(name: string, what: string): PythonError {
  return new PythonError('PYTHON_LIMIT', `${name} would unpack to ${what}`);
}
