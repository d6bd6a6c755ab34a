import { chmod, readdir, rm } from 'node:fs/promises';

/**
 * Removes a folder that an image was unpacked into, directories that forbid it included. Links are removed, not
 * followed. Fine where there is no such folder.
 */
export async function removeUnpacked(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    await openUp(Buffer.from(folder));
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Gives the owner, who may not be root, all rights on every directory. */
async function openUp(folder: Buffer): Promise<void> {
  const todo = [folder];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    await chmod(at, 0o700);
    for (const inner of await readdir(at, { encoding: 'buffer', withFileTypes: true }))
      if (inner.isDirectory()) todo.push(Buffer.concat([at, Buffer.from('/'), inner.name]));
  }
}
