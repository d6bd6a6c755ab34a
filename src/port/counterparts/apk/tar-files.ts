import { messageOf } from '../../../core/index.ts';
import { readTar, TarError } from '../../../tar/index.ts';
import { PackagesError } from '../shared/packages/errors.ts';

/** The files of a small tar by their names. @throws PackagesError `PACKAGES_MALFORMED`. */
export async function filesInTar(tar: Uint8Array, name: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const input = async function* (): AsyncGenerator<Uint8Array> {
    yield tar;
  };
  try {
    for await (const entry of readTar(input(), { maxEntries: 10_000 })) {
      if (entry.type !== 'file') continue;
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry.body) chunks.push(Uint8Array.from(chunk));
      files.set(entry.name.replace(/^(?:\.\/)+/, ''), Buffer.concat(chunks));
    }
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    throw new PackagesError('PACKAGES_MALFORMED', `${name} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return files;
}
