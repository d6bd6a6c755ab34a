import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Keeps the documents of layers that were read. Neither call throws: a store that fails is only slower. */
export interface LayerStore {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, document: Uint8Array): Promise<void>;
}

const hashBytes = 32;

/** A store in a folder: a file for each layer, written under another name first, and checked when it's read. */
export function folderLayerStore(folder: string): LayerStore {
  const fileOf = (key: string): string => join(folder, key.slice(0, 2), key);
  return {
    async get(key) {
      const bytes = await readFile(fileOf(key)).catch(() => undefined);
      if (bytes === undefined || bytes.length < hashBytes) return undefined;
      const document = bytes.subarray(hashBytes);
      return sha256(document).equals(bytes.subarray(0, hashBytes)) ? document : undefined;
    },
    async put(key, document) {
      const file = fileOf(key);
      const temporary = `${file}.${randomUUID()}`;
      try {
        await mkdir(dirname(file), { recursive: true });
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
