import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inPieces } from './compress.ts';

/** The files of one assembly in the caller's folder. None has a name that an image chose. */
export class WorkFiles {
  readonly #folder: string;
  /** For what isn't finished, or not for the caller. */
  readonly #inner: string;
  readonly #signal: AbortSignal | undefined;
  readonly #finished: string[] = [];
  #count = 0;

  private constructor(folder: string, signal: AbortSignal | undefined) {
    this.#folder = folder;
    this.#inner = join(folder, `assembly-${randomUUID()}`);
    this.#signal = signal;
  }

  static async open(folder: string, signal: AbortSignal | undefined): Promise<WorkFiles> {
    const files = new WorkFiles(folder, signal);
    await mkdir(files.#inner, { recursive: true, mode: 0o700 });
    return files;
  }

  /** Sets content aside; it can be opened until the assembly ends. */
  async setAside(content: AsyncIterable<Uint8Array>): Promise<() => AsyncIterable<Uint8Array>> {
    const file = await this.write(inPieces(content));
    return () => createReadStream(file);
  }

  /** A new file with this content; its path. */
  async write(content: AsyncIterable<Uint8Array>): Promise<string> {
    const file = join(this.#inner, `${this.#count++}`);
    await pipeline(
      // Lets go at once when it's given up, even of content that never comes.
      Readable.from(content, { objectMode: false }),
      createWriteStream(file, { flags: 'wx', mode: 0o600 }),
      this.#signal === undefined ? {} : { signal: this.#signal },
    );
    return file;
  }

  /** Gives a file its lasting name in the caller's folder. */
  async finish(file: string, name: string): Promise<string> {
    const target = join(this.#folder, name);
    await rename(file, target);
    this.#finished.push(target);
    return target;
  }

  /** Removes what isn't for the caller; all of it where the assembly failed. */
  async close(outcome: 'done' | 'failed'): Promise<void> {
    await rm(this.#inner, { recursive: true, force: true });
    if (outcome === 'failed') for (const file of this.#finished) await rm(file, { force: true });
  }
}
