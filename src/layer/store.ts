import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolders } from '../registry/index.ts';

/** Keeps the documents of layers that were read. Neither call throws: a store that fails is only slower. */
export interface LayerStore {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, document: Uint8Array): Promise<void>;
}

export interface FolderStoreOptions {
  /** Bytes on disk, above which what was longest unused goes; 1 GiB unless told. */
  readonly maxBytes?: number;
}

const hashBytes = 32;
/** What is left after a sweep, of the limit: so that the next one isn't due at once. */
const keptShare = 0.8;

/** A store in a folder: a file for each layer, written under another name first, and checked when it's read. */
export function folderLayerStore(
  folder: string,
  { maxBytes = 1024 ** 3 }: FolderStoreOptions = {},
): LayerStore {
  const fileOf = (key: string): string => join(folder, key.slice(0, 2), key);
  /** Bytes in the folder as far as this process knows; counted when it first writes. */
  let used: Promise<number> | undefined;

  async function account(bytes: number): Promise<void> {
    used = (used ?? totalOf(folder)).then(async (total) =>
      total + bytes <= maxBytes ? total + bytes : await sweep(folder, maxBytes * keptShare),
    );
    await used;
  }

  return {
    async get(key) {
      const bytes = await readFile(fileOf(key)).catch(() => undefined);
      if (bytes === undefined || bytes.length < hashBytes) return undefined;
      const document = bytes.subarray(hashBytes);
      if (!sha256(document).equals(bytes.subarray(0, hashBytes))) return undefined;
      const now = new Date();
      await utimes(fileOf(key), now, now).catch(() => undefined);
      return document;
    },
    async put(key, document) {
      const file = fileOf(key);
      const temporary = `${file}.${randomUUID()}`;
      try {
        await makeFolders(dirname(file));
        await account(document.length + hashBytes);
        await writeFile(temporary, Buffer.concat([sha256(document), document]));
        await rename(temporary, file);
      } catch {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
  };
}

interface StoredFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

async function totalOf(folder: string): Promise<number> {
  return (await filesIn(folder)).reduce((sum, { size }) => sum + size, 0);
}

/** Removes what was longest unused, until so many bytes are left; another process may do the same. */
async function sweep(folder: string, bytes: number): Promise<number> {
  const files = (await filesIn(folder)).sort((left, right) => left.usedAt - right.usedAt);
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of files) {
    if (total <= bytes) break;
    await rm(path, { force: true });
    total -= size;
  }
  return total;
}

async function filesIn(folder: string): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (const shelf of await readdir(folder)) {
    for (const name of await readdir(join(folder, shelf)).catch(() => [])) {
      const path = join(folder, shelf, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile()) files.push({ path, size: found.size, usedAt: found.mtimeMs });
    }
  }
  return files;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
