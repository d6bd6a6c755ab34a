import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, UsageError } from '../../../../core/index.ts';
import { defaultBaseTable } from '../../../base/index.ts';
import type { GoAsset } from '../../../options.ts';
import { formatAssets, parseAssets, spelled } from './document.ts';

/** Bytes of a table. */
const maxTableBytes = 16 * 1024 * 1024;

/** What became of a table. */
export interface AssetTableChange {
  /** All that is in it now. */
  readonly assets: readonly GoAsset[];
  readonly added: number;
  readonly removed: number;
}

/** The person's own table, beside that of known bases: `$XDG_STATE_HOME/armload/release-assets.json`. */
export function defaultAssetTable(environment?: Readonly<Record<string, string | undefined>>): string {
  return join(dirname(defaultBaseTable(environment)), 'release-assets.json');
}

/** The assets of a table; none where there is no file. @throws UsageError `CONFIG` where it can't be read or is none. */
export async function readAssetTable(file: string): Promise<readonly GoAsset[]> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error('it is not a file');
    if (found.size > maxTableBytes)
      throw new Error(`it has ${found.size} bytes, over the limit of ${maxTableBytes}`);
    return parseAssets(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UsageError('CONFIG', `can't use the table of release assets ${file}: ${messageOf(error)}`, {
      cause: error,
      hint: 'Correct it, or move it away and record the assets anew with armload catalog assets add.',
    });
  }
}

/**
 * Records assets. What is there already keeps its date.
 * @throws UsageError for a table that can't be read or written, or an asset that it can't hold.
 */
export async function addAssets(file: string, assets: readonly GoAsset[]): Promise<AssetTableChange> {
  const before = await readAssetTable(file);
  const known = new Set(before.map(identityOf));
  const fresh = assets.filter((asset) => {
    const isNew = !known.has(identityOf(asset));
    known.add(identityOf(asset));
    return isNew;
  });
  const all = [...before, ...fresh];
  if (fresh.length > 0) await writeTable(file, all);
  return { assets: all, added: fresh.length, removed: 0 };
}

/**
 * Takes out all assets of a module, of one version or for one platform where these are named.
 * @throws UsageError for a table that can't be read or written.
 */
export async function removeAssets(
  file: string,
  { module, version, platform }: Pick<GoAsset, 'module' | 'version'> & Partial<Pick<GoAsset, 'platform'>>,
): Promise<AssetTableChange> {
  const before = await readAssetTable(file);
  const assets = before.filter(
    (asset) =>
      asset.module !== module ||
      (version !== undefined && asset.version !== version) ||
      (platform !== undefined && asset.platform !== spelled(platform)),
  );
  if (assets.length < before.length) await writeTable(file, assets);
  return { assets, added: 0, removed: before.length - assets.length };
}

/** Everything but the date. */
function identityOf({ module, version, package: path, platform, from, sha256 }: GoAsset): string {
  return JSON.stringify([module, version ?? null, path ?? null, spelled(platform), from, sha256]);
}

/** All or nothing, on disk when this resolves; for the person alone, as addresses may hold passwords. @throws UsageError `OUTPUT_UNWRITABLE` */
async function writeTable(file: string, assets: readonly GoAsset[]): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  try {
    const text = formatAssets(assets);
    // What can't be read again must not take the place of what can.
    parseAssets(text);
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new UsageError(
      'OUTPUT_UNWRITABLE',
      `can't write the table of release assets ${file}: ${messageOf(cause)}`,
      { cause },
    );
  }
}
