import { randomBytes } from 'node:crypto';
import { rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes to a new name in `temporaryDirectory` (of the same file system) and renames: whoever reads the path sees all of
 * the old bytes or all of the new ones. Not synced to the disk: a cache may lose, never lie.
 */
export async function writeAtomically(
  path: string,
  content: Uint8Array | string,
  temporaryDirectory: string,
): Promise<void> {
  const temporary = join(temporaryDirectory, `${process.pid}-${randomBytes(9).toString('hex')}`);
  try {
    await writeFile(temporary, content, { flag: 'wx', mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** The error code of a failed system call: `ENOENT`, `EACCES`, … */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
