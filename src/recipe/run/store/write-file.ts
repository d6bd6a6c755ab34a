import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode, writingFailed } from '../errors.ts';

/** Writes the whole file or nothing, so that it's there after a power cut. @throws RunError `DISK_FULL` */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = await writeTemporary(path, content);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw writingFailed(error, path);
  }
  await syncFolder(dirname(path));
}

/** Makes the file, whole, if there's none of its name. False where there is one. */
export async function createWhole(path: string, content: string): Promise<boolean> {
  const temporary = await writeTemporary(path, content);
  try {
    // A link, unlike a rename, leaves alone what is there.
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw writingFailed(error, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeTemporary(path: string, content: string | Uint8Array): Promise<string> {
  const temporary = join(dirname(path), `.incoming-${randomUUID()}`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw writingFailed(error, path);
  }
}

/** Makes the names in a folder lasting. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems can't; there, the names are as lasting as they can be.
    if (!['EINVAL', 'EBADF', 'EPERM', 'ENOTSUP'].includes(systemCode(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** For its owner alone: what a build prints may be nobody else's business. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}
