import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Descriptor, type Digest, DigestChecker, parseDigest } from '../../oci/index.ts';
import { makeFolders } from '../make-folders.ts';
import type { CallOptions } from '../types.ts';
import { errorCode } from './content.ts';
import { writeFresh } from './write-fresh.ts';

const chunkBytes = 256 * 1024;
const abandonedAfterMilliseconds = 24 * 60 * 60 * 1000;

/**
 * The `blobs` of one layout folder (image-spec image-layout.md). Content is written beside under another name and moved
 * in when it's whole and right, so a kill at any moment leaves at most a file named `.incoming-…`. Not synced to disk:
 * after a power failure a blob may be damaged, which its digest shows.
 */
export class BlobFolder {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws DocumentError where the digest is none, so that no text from outside becomes a path. */
  path(digest: Digest): string {
    const [algorithm, hex] = parseDigest(digest).split(':') as [string, string];
    return join(this.#directory, 'blobs', algorithm, hex);
  }

  /** Bytes; `undefined` where it isn't there. */
  async size(digest: Digest): Promise<number | undefined> {
    try {
      const facts = await stat(this.path(digest));
      return facts.isFile() ? facts.size : undefined;
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  /** Unchecked bytes; `range` counts as in HTTP, both ends included. */
  read(
    digest: Digest,
    options: CallOptions & { readonly range?: { readonly start: number; readonly end: number } } = {},
  ): AsyncIterable<Uint8Array> {
    return createReadStream(this.path(digest), {
      highWaterMark: chunkBytes,
      ...options.range,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }

  /** @throws DocumentError where the source isn't the digest's content; nothing is kept then. */
  async write(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    source: AsyncIterable<Uint8Array>,
    options: CallOptions = {},
  ): Promise<void> {
    const temporary = await this.temporaryPath();
    const checker = new DigestChecker(descriptor.digest, descriptor.size);
    try {
      await writeFresh(temporary, checked(source, checker), options);
      await this.adopt(temporary, descriptor.digest);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** A fresh path on the same file system as the blobs. */
  async temporaryPath(): Promise<string> {
    await makeFolders(this.#directory);
    return join(this.#directory, `.incoming-${randomUUID()}`);
  }

  /** Moves a file whose content has been checked to its place. */
  async adopt(file: string, digest: Digest): Promise<void> {
    const path = this.path(digest);
    await makeFolders(dirname(path));
    await rename(file, path);
  }

  /** Shares a blob of another folder: by hard link, or as a copy where the file system has none. */
  async share(from: BlobFolder, digest: Digest): Promise<void> {
    const temporary = await this.temporaryPath();
    try {
      await link(from.path(digest), temporary).catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') throw error;
        return copyFile(from.path(digest), temporary);
      });
      await this.adopt(temporary, digest);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async remove(digest: Digest): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  /** Removes what killed writers left behind more than a day ago. */
  async removeAbandoned(now: number): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (!name.startsWith('.incoming-')) continue;
      const path = join(this.#directory, name);
      const modified = await stat(path).then(
        (facts) => facts.mtimeMs,
        () => now,
      );
      if (modified < now - abandonedAfterMilliseconds) await rm(path, { force: true });
    }
  }
}

async function* checked(
  source: AsyncIterable<Uint8Array>,
  checker: DigestChecker,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    checker.update(chunk);
    yield chunk;
  }
  checker.finish();
}
