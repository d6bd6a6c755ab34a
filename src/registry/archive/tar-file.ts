import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { readTar, TarError, type TarInput } from '../../tar/index.ts';
import { RegistryError } from '../errors.ts';
import type { CallOptions } from '../types.ts';

export interface OpenArchiveOptions extends CallOptions {
  /** Where a compressed archive is unpacked to; the system's temporary folder unless told. */
  readonly temporaryDirectory?: string;
  /** Most bytes of a compressed archive's content; 64 GiB unless told. */
  readonly maxUnpackedBytes?: number;
}

interface IndexedEntry {
  readonly type: string;
  readonly offset: number;
  readonly size: number;
  readonly linkName: string;
}

const chunkBytes = 256 * 1024;
const headerChunkBytes = 16 * 1024;
const maxEntries = 200_000;
const maxLinks = 16;
const defaultUnpackedBytes = 64 * 1024 ** 3;

/** A tar file opened for reading at any place: its headers are walked once, bodies are read by offset. */
export class TarFile {
  readonly name: string;
  readonly #file: FileHandle;
  readonly #entries: ReadonlyMap<string, IndexedEntry>;

  constructor(name: string, file: FileHandle, entries: ReadonlyMap<string, IndexedEntry>) {
    this.name = name;
    this.#file = file;
    this.#entries = entries;
  }

  /** Bytes of the file at this path of the archive, links followed; `undefined` where there is none. */
  size(path: string): number | undefined {
    return this.#resolve(path)?.size;
  }

  /** @throws RegistryError `not-found` where there is no such file. */
  read(path: string, options: CallOptions & { readonly length?: number } = {}): AsyncIterable<Uint8Array> {
    const entry = this.#resolve(path);
    if (entry === undefined) throw new RegistryError('not-found', `${this.name} has no file ${path}`);
    const length = Math.min(entry.size, options.length ?? entry.size);
    return readRange(this.#file, entry.offset, length, options.signal);
  }

  /** The whole of a small file. @throws RegistryError `not-found`; `malformed` above `limit` bytes. */
  async readSmall(path: string, limit: number, options: CallOptions = {}): Promise<Uint8Array> {
    const size = this.size(path);
    if (size !== undefined && size > limit)
      throw new RegistryError(
        'malformed',
        `${path} in ${this.name} has ${size} bytes, over the limit of ${limit}`,
      );
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.read(path, options)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Follows links inside the archive only. @throws RegistryError `malformed` where they lead out of it, or in circles. */
  #resolve(path: string): IndexedEntry | undefined {
    let current = inside(path);
    for (let hop = 0; hop <= maxLinks; hop++) {
      if (current === undefined)
        throw new RegistryError(
          'malformed',
          `${path} in ${this.name} is a link that leads out of the archive`,
        );
      const entry = this.#entries.get(current);
      if (entry === undefined || entry.type === 'file') return entry;
      if (entry.type === 'hardlink') current = inside(entry.linkName);
      else if (entry.type === 'symlink') current = inside(posix.join(posix.dirname(current), entry.linkName));
      else return undefined;
    }
    throw new RegistryError('malformed', `${path} in ${this.name} is a chain of more than ${maxLinks} links`);
  }
}

/** The path as the archive's root sees it; `undefined` where it is outside. */
function inside(path: string): string | undefined {
  const normal = posix.normalize(path).replace(/^\/+/, '').replace(/\/+$/, '');
  return normal === '..' || normal.startsWith('../') ? undefined : normal;
}

/**
 * Opens a tar, plain or gzip. A gzip'd one is unpacked once to a temporary file that has no name any more, so that
 * nothing of it stays behind, whatever happens. To be closed.
 * @throws RegistryError, TarError, or what the file system throws.
 */
export async function openTarFile(
  path: string,
  name: string,
  options: OpenArchiveOptions = {},
): Promise<TarFile> {
  let file = await open(path, 'r');
  try {
    if (await isGzip(file, name)) {
      const unpacked = await unpack(file, name, options);
      await file.close();
      file = unpacked;
    }
    return new TarFile(name, file, await indexEntries(file, options));
  } catch (error) {
    await file.close();
    throw error;
  }
}

const unsupportedMagic: readonly (readonly [string, string])[] = [
  ['28b52ffd', 'zstd'],
  ['fd377a58', 'xz'],
  ['425a68', 'bzip2'],
];

async function isGzip(file: FileHandle, name: string): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const magic = buffer.toString('hex', 0, bytesRead);
  const other = unsupportedMagic.find(([bytes]) => magic.startsWith(bytes))?.[1];
  if (other !== undefined)
    throw new RegistryError(
      'unsupported',
      `${name} is compressed with ${other}; archives can be plain or gzip`,
      {},
      { hint: `Unpack it with ${other} first.` },
    );
  return magic.startsWith('1f8b');
}

async function unpack(file: FileHandle, name: string, options: OpenArchiveOptions): Promise<FileHandle> {
  const temporary = join(options.temporaryDirectory ?? tmpdir(), `.incoming-${randomUUID()}.tar`);
  const unpacked = await open(temporary, 'wx+', 0o600);
  try {
    await unlink(temporary);
    await pipeline(
      readRange(file, 0, (await file.stat()).size, options.signal),
      createGunzip({ chunkSize: chunkBytes }),
      atMost(options.maxUnpackedBytes ?? defaultUnpackedBytes, name),
      // Not a write stream: one that doesn't close the handle never lets it be closed either.
      async (source: AsyncIterable<Uint8Array>) => {
        for await (const chunk of source) await unpacked.appendFile(chunk);
      },
      options.signal === undefined ? {} : { signal: options.signal },
    );
    return unpacked;
  } catch (error) {
    await unpacked.close();
    throw error;
  }
}

function atMost(limit: number, name: string) {
  return async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    let seen = 0;
    for await (const chunk of source) {
      seen += chunk.length;
      if (seen > limit)
        throw new RegistryError('malformed', `${name} unpacks to more than the limit of ${limit} bytes`);
      yield chunk;
    }
  };
}

/** Of two entries with one name the later counts, as it would after unpacking. */
async function indexEntries(
  file: FileHandle,
  options: CallOptions,
): Promise<ReadonlyMap<string, IndexedEntry>> {
  const entries = new Map<string, IndexedEntry>();
  const { size } = await file.stat();
  const walk = readTar(seekable(file, size), {
    maxEntries,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  for await (const entry of walk) {
    const path = inside(entry.name);
    if (entry.bodyOffset + entry.size > size)
      throw new TarError('TAR_TRUNCATED', size, `the tar ends inside ${entry.name}`);
    if (path !== undefined)
      entries.set(path, {
        type: entry.type,
        offset: entry.bodyOffset,
        size: entry.size,
        linkName: entry.linkName,
      });
  }
  return entries;
}

/** Reads headers in small pieces and jumps over bodies. */
function seekable(file: FileHandle, size: number): TarInput {
  let position = 0;
  return {
    async *[Symbol.asyncIterator]() {
      while (position < size) {
        const { buffer, bytesRead } = await file.read(
          Buffer.alloc(headerChunkBytes),
          0,
          headerChunkBytes,
          position,
        );
        if (bytesRead === 0) return;
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    },
    skip(bytes) {
      const skipped = Math.min(bytes, Math.max(0, size - position));
      position += skipped;
      return Promise.resolve(skipped);
    },
  };
}

async function* readRange(
  file: FileHandle,
  start: number,
  length: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let done = 0; done < length; ) {
    signal?.throwIfAborted();
    const want = Math.min(chunkBytes, length - done);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(want), 0, want, start + done);
    if (bytesRead === 0) throw new TarError('TAR_TRUNCATED', start + done, 'the archive became shorter');
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
