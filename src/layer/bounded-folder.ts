import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file of such a folder. */
export interface KeptFile {
  readonly path: string;
  readonly size: number;
  /** Its time of change, which is set when it's used. Milliseconds since the epoch. */
  readonly usedAt: number;
}

export interface BoundedFolderOptions {
  /** Bytes above which what was longest unused goes. */
  readonly maxBytes: number;
  /** Files that stay whatever their age. */
  readonly isInUse?: (file: KeptFile) => boolean;
}

/** What is left after a sweep, of the limit: so that the next one isn't due at once. */
const keptShare = 0.8;

/** Keeps a folder of shelves, each a folder of files, within its bound. */
export class BoundedFolder {
  readonly #folder: string;
  readonly #options: BoundedFolderOptions;
  /** Bytes in the folder as far as this process knows; counted when it first writes. */
  #used: Promise<number> | undefined;

  constructor(folder: string, options: BoundedFolderOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** To be called with each file that is put there. @throws the system's error where the folder can't be read. */
  async account(bytes: number): Promise<void> {
    const { maxBytes } = this.#options;
    this.#used = (this.#used ?? this.#total()).then(async (total) =>
      total + bytes <= maxBytes ? total + bytes : await this.#sweep(maxBytes * keptShare),
    );
    await this.#used;
  }

  async #total(): Promise<number> {
    return (await filesIn(this.#folder)).reduce((sum, { size }) => sum + size, 0);
  }

  /** Removes what was longest unused, until so many bytes are left; another process may do the same. */
  async #sweep(bytes: number): Promise<number> {
    const files = (await filesIn(this.#folder)).sort((left, right) => left.usedAt - right.usedAt);
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const file of files) {
      if (total <= bytes) break;
      if (this.#options.isInUse?.(file) === true) continue;
      await rm(file.path, { force: true });
      total -= file.size;
    }
    return total;
  }
}

async function filesIn(folder: string): Promise<KeptFile[]> {
  const files: KeptFile[] = [];
  for (const shelf of await readdir(folder)) {
    for (const name of await readdir(join(folder, shelf)).catch(() => [])) {
      const path = join(folder, shelf, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile()) files.push({ path, size: found.size, usedAt: found.mtimeMs });
    }
  }
  return files;
}
