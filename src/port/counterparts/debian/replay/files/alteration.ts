import type { LayerEntry } from '../../../../../layer/index.ts';
import type { InstalledPackage } from '../../database/index.ts';
import type { StoredPackage } from '../../store/index.ts';
import type { OldFile } from './pairing.ts';

/** Is a file of the image as its package has it? */
export type Alteration = 'unaltered' | 'altered' | 'unknown';

/**
 * Compares a file with what dpkg recorded of it, and where it recorded nothing, with the package itself. MD5 is what dpkg
 * has: it's to find what people changed, not what they hid; and what is found unaltered is replaced, never trusted.
 */
export async function alterationOf(
  { listed }: OldFile,
  entry: LayerEntry,
  from: {
    readonly installed: InstalledPackage;
    readonly originalOf: (installed: InstalledPackage) => Promise<StoredPackage | undefined>;
  },
): Promise<Alteration> {
  const { installed, originalOf } = from;
  const recorded = recordedMd5(installed, listed);
  if (recorded !== undefined && entry.md5 !== undefined)
    return recorded === entry.md5 ? 'unaltered' : 'altered';
  if (entry.sha256 === undefined) return 'unknown';
  const original = await originalOf(installed);
  const file = original?.files.findLast(({ path }) => path === listed);
  if (file?.sha256 === undefined) return 'unknown';
  return file.sha256 === entry.sha256 ? 'unaltered' : 'altered';
}

function recordedMd5({ conffiles, md5sums }: InstalledPackage, listed: string): string | undefined {
  const conffile = conffiles.find(({ path }) => path === listed);
  return conffile === undefined ? md5sums?.get(listed) : conffile.md5;
}
