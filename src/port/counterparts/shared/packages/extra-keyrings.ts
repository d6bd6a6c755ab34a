import { readFile } from 'node:fs/promises';
import { messageOf, UsageError } from '../../../../core/index.ts';
import type { Keyring } from '../../debian/trust/index.ts';

/** Keyrings that a person named. @throws UsageError `CONFIG` for one that can't be read, or the signal's reason. */
export async function readExtraKeyrings(
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Keyring[]> {
  const keyrings: Keyring[] = [];
  for (const path of paths) {
    try {
      keyrings.push({ path, bytes: await readFile(path, signal === undefined ? {} : { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      throw new UsageError('CONFIG', `the keyring ${path} can't be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return keyrings;
}
