import { losslessName, tarPath } from '../../../../layer/index.ts';
import type { TarEntry } from '../../../../tar/index.ts';
import { PackagesError } from './errors.ts';
import type { PackedFile } from './unpack.ts';

const xattrPrefix = 'SCHILY.xattr.';

/** @throws PackagesError `PACKAGES_MALFORMED` for a name that leads out of the root, or an unknown type. */
export function packedEntry(entry: TarEntry, name: string): PackedFile {
  const path = pathOf(losslessName(entry.name, entry.nameBytes), name);
  const { type, mode, uid, gid, mtime, size, body } = entry;
  if (type === 'other' || type === 'sparse')
    throw new PackagesError(
      'PACKAGES_MALFORMED',
      `${name}: ${path} has the type "${entry.typeflag}", which packages have not`,
    );
  const attributes = [...entry.pax].filter(([key]) => key.startsWith(xattrPrefix));
  const link = losslessName(entry.linkName, entry.linkNameBytes);
  return {
    ...{ path, kind: type, mode: mode & 0o7777, uid, gid, mtime, size },
    ...(type === 'hardlink' ? { linkName: pathOf(link, name) } : {}),
    ...(type === 'symlink' ? { linkName: link } : {}),
    ...(type === 'file' ? { body } : {}),
    ...(attributes.length === 0 ? {} : { xattrs: xattrsOf(attributes) }),
  };
}

function xattrsOf(records: readonly (readonly [string, Uint8Array])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    records.map(([key, value]) => [key.slice(xattrPrefix.length), Buffer.from(value).toString('base64')]),
  );
}

function pathOf(written: string, name: string): string {
  const path = tarPath(written);
  if (path.ok) return path.path;
  throw new PackagesError(
    'PACKAGES_MALFORMED',
    `${name} has the entry "${written.slice(0, 200)}": ${path.reason}`,
  );
}
