import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../../../core/index.ts';
import { DebianError } from '../errors.ts';

/** What a file must be. */
export interface ContentId {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
}

/**
 * Files by their SHA-256, in a folder. What is in it is checked before its first use; what is put there is written under
 * another name first, so that a kill leaves nothing wrong behind.
 */
export class ContentCache {
  readonly #folder: string;
  /** Checked by this object. */
  readonly #good = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The file's path; `undefined` where it isn't there, or is damaged, which counts the same. */
  async find(content: ContentId): Promise<string | undefined> {
    const path = this.#pathOf(content);
    const size = await stat(path).then(
      (status) => (status.isFile() ? status.size : undefined),
      () => undefined,
    );
    if (size !== content.size) return undefined;
    if (this.#good.has(content.sha256)) return path;
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
    } catch {
      return undefined;
    }
    if (hash.digest('hex') !== content.sha256) return undefined;
    this.#good.add(content.sha256);
    return path;
  }

  /**
   * Takes a stream that must be this content, and gives its path.
   * @throws DebianError `DEBIAN_HASH` where it's something else, `DEBIAN_CACHE` where it can't be written; what the stream
   * throws.
   */
  async put(stream: AsyncIterable<Uint8Array>, content: ContentId, url: string): Promise<string> {
    const path = this.#pathOf(content);
    const temporary = `${path}.${randomUUID()}`;
    try {
      await this.#write(stream, temporary, { content, url });
      await this.#guarded(() => rename(temporary, path));
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
    this.#good.add(content.sha256);
    return path;
  }

  async #write(
    stream: AsyncIterable<Uint8Array>,
    path: string,
    { content, url }: { readonly content: ContentId; readonly url: string },
  ): Promise<void> {
    await this.#guarded(() => mkdir(dirname(path), { recursive: true }));
    const file = await this.#guarded(() => open(path, 'wx', 0o644));
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const chunk of stream) {
        size += chunk.length;
        if (size > content.size) break;
        hash.update(chunk);
        await this.#guarded(() => file.writeFile(chunk));
      }
    } finally {
      await file.close();
    }
    const sha256 = hash.digest('hex');
    if (size === content.size && sha256 === content.sha256) return;
    const got =
      size > content.size ? `more than ${content.size} bytes` : `${size} bytes with SHA-256 ${sha256}`;
    throw new DebianError(
      'DEBIAN_HASH',
      `${url} has ${got}; its index says ${content.size} bytes with SHA-256 ${content.sha256}`,
      {
        hint: 'The mirror is being updated, or something on the way changes files: try again, or another mirror.',
      },
    );
  }

  async #guarded<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      throw new DebianError(
        'DEBIAN_CACHE',
        `the cache in ${this.#folder} can't be written: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  }

  #pathOf({ sha256 }: ContentId): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }
}
