import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError, systemCode, writingFailed } from '../errors.ts';
import type { RunState } from '../journal/replay.ts';
import { makeFolder, syncFolder } from './write-file.ts';

/** A kept file. */
export interface StoredObject {
  /** Hexadecimal. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

const maxBytes = 256 * 2 ** 30;

/** Files of one run, kept by their content. */
export class Objects {
  readonly #folder: string;
  #made: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  path(sha256: string): string {
    return join(this.#folder, 'sha256', sha256);
  }

  /** Where something unfinished that will have this content is gathered. */
  async partial(sha256: string): Promise<string> {
    await this.#make();
    return join(this.#folder, 'partial', sha256);
  }

  /** Its size, if it's there. */
  async size(sha256: string): Promise<number | undefined> {
    try {
      return (await stat(this.path(sha256))).size;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  open(sha256: string): AsyncIterable<Uint8Array> {
    return createReadStream(this.path(sha256), { highWaterMark: 256 * 1024 });
  }

  /** Keeps what comes. @throws RunError `DISK_FULL`, and what the content throws. */
  async keep(content: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    await this.#make();
    const temporary = join(this.#folder, 'partial', randomUUID());
    try {
      const kept = await this.#write(temporary, content);
      await this.adopt(temporary, kept.sha256);
      return kept;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Gives a finished file of the `partial` folder its lasting name. */
  async adopt(file: string, sha256: string): Promise<void> {
    await rename(file, this.path(sha256));
    await syncFolder(join(this.#folder, 'sha256'));
  }

  async #write(temporary: string, content: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    const hash = createHash('sha256');
    let size = 0;
    let handle: FileHandle | undefined;
    try {
      handle = await open(temporary, 'wx', 0o600);
      for await (const chunk of content) {
        size += chunk.length;
        if (size > maxBytes)
          throw new RunError('OUTPUT_WRONG', `a file has more than ${maxBytes / 2 ** 30} GiB`);
        hash.update(chunk);
        await writeAll(handle, chunk, temporary);
      }
      await handle.sync().catch((error: unknown) => {
        throw writingFailed(error, temporary);
      });
    } finally {
      await handle?.close();
    }
    return { sha256: hash.digest('hex'), size };
  }

  #make(): Promise<void> {
    this.#made ??= (async () => {
      await makeFolder(join(this.#folder, 'sha256'));
      await makeFolder(join(this.#folder, 'partial'));
    })().catch((error: unknown) => {
      this.#made = undefined;
      throw writingFailed(error, this.#folder);
    });
    return this.#made;
  }
}

/** Of what a run's steps and images are, the digests that are still kept. */
export async function keptObjects(
  objects: Objects,
  { steps, images }: Pick<RunState, 'steps' | 'images'>,
): Promise<ReadonlySet<string>> {
  const files = [...steps.values()].flatMap(({ facts }) => Object.values(facts?.files ?? {}));
  const kept = new Set<string>();
  for (const { sha256 } of [...files, ...images.values()])
    if ((await objects.size(sha256)) !== undefined) kept.add(sha256);
  return kept;
}

/** A write may take fewer bytes than it's given. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, path: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done);
      done += bytesWritten;
    }
  } catch (error) {
    throw writingFailed(error, path);
  }
}
