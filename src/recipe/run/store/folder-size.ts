import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all files below it; what goes meanwhile isn't counted. */
export async function folderSize(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries)
    if (entry.isFile())
      bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  return bytes;
}
