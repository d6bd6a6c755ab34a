import { createReadStream } from 'node:fs';
import { messageOf } from '../../../core/index.ts';
import { gunzip, LayerError } from '../../../layer/index.ts';
import { readTar, TarError } from '../../../tar/index.ts';
import { bounded } from '../shared/packages/bounded.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import type { Owners } from '../shared/packages/image-owners.ts';
import { packedEntry } from '../shared/packages/tar-entry.ts';
import type { PackedFile } from '../shared/packages/unpack.ts';
import { limits } from './limits.ts';
import type { ApkFile } from './package-file.ts';

export interface EntriesOptions {
  /** For errors. */
  readonly name: string;
  readonly owners: Owners;
  readonly signal?: AbortSignal | undefined;
}

/** The files, folders and links of a package. @throws PackagesError, or the signal's reason. */
export async function* packageEntries(
  path: string,
  { dataOffset, dataBytes }: ApkFile,
  { name, owners, signal }: EntriesOptions,
): AsyncGenerator<PackedFile, void, undefined> {
  const most = Math.max(limits.ratioFree, limits.ratio * dataBytes);
  const input = createReadStream(path, { start: dataOffset });
  try {
    const tar = bounded(gunzip(input), most, name);
    for await (const entry of readTar(tar, signal === undefined ? {} : { signal })) {
      const packed = packedEntry(entry, name);
      if (packed.path === '') continue;
      const sum = entry.pax.get('APK-TOOLS.checksum.SHA1');
      const hex = sum === undefined ? undefined : Buffer.from(sum).toString('latin1').toLowerCase();
      yield {
        ...packed,
        uid: owners.user(entry.userName) ?? packed.uid,
        gid: owners.group(entry.groupName) ?? packed.gid,
        ...(hex === undefined || packed.kind !== 'file' ? {} : { promised: { algorithm: 'sha1', hex } }),
      };
    }
  } catch (error) {
    if (!(error instanceof TarError) && !(error instanceof LayerError)) throw error;
    throw new PackagesError('PACKAGES_MALFORMED', `${name} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    input.destroy();
  }
}
