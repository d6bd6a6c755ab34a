import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolders } from '../registry/index.ts';
import { BoundedFolder } from './bounded-folder.ts';

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

/** A store in a folder: a file for each layer, written under another name first, and checked when it's read. */
export function folderLayerStore(
  folder: string,
  { maxBytes = 1024 ** 3 }: FolderStoreOptions = {},
): LayerStore {
  const fileOf = (key: string): string => join(folder, key.slice(0, 2), key);
  const bounded = new BoundedFolder(folder, { maxBytes });

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
        await bounded.account(document.length + hashBytes);
        await writeFile(temporary, Buffer.concat([sha256(document), document]));
        await rename(temporary, file);
      } catch {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
  };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
