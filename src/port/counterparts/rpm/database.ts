import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { messageOf } from '../../../core/index.ts';
import type { MergedView } from '../../../layer/index.ts';
import { imageFile } from '../debian/image-text.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import { ownersIn } from '../shared/packages/owners.ts';
import type { InstalledDatabase, InstalledPackage } from '../shared/packages/types.ts';
import { NewPlaces } from '../shared/replay/new-places.ts';
import type { Sum } from '../shared/replay/types.ts';
import { RpmHeader } from './header.ts';
import { digestAlgorithm, type HeaderFile, headerFiles } from './header-files.ts';
import { formatVersion, neededNames, sourceName } from './primary.ts';
import { withSqlite } from './sqlite.ts';
import { fileFlags, fileStates, tags } from './tags.ts';

/** A package of the image's rpm database. */
export type RpmPackage = InstalledPackage & {
  /** Its number in the database. */
  readonly number: number;
  readonly header: RpmHeader;
  /** All that the header lists. */
  readonly listed: readonly HeaderFile[];
};

export interface RpmDatabase extends InstalledDatabase<RpmPackage> {
  /** The file, links followed. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export type RpmReading =
  | { readonly kind: 'read'; readonly database: RpmDatabase }
  | { readonly kind: 'none' }
  /** A form that is not rewritten: at its path. */
  | { readonly kind: 'unsupported'; readonly path: string; readonly form: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly text: string };

const folders = ['usr/lib/sysimage/rpm', 'var/lib/rpm'];
const otherForms: readonly (readonly [name: string, form: string])[] = [
  ['Packages.db', 'ndb'],
  ['Packages', 'Berkeley DB'],
];

/** Files of an image that its packages are read from, for the layer reader's `wanted`. */
export const databaseFiles: readonly string[] = [
  ...folders.map((folder) => `${folder}/rpmdb.sqlite`),
  'etc/group',
  'etc/passwd',
  'etc/pki/rpm-gpg/*',
];

/** Reads the packages of an image whose layers were read with `databaseFiles` wanted. `folder` is for the work. */
export async function readRpmDatabase(view: MergedView, folder: string): Promise<RpmReading> {
  for (const place of folders) {
    const path = `${place}/rpmdb.sqlite`;
    const file = imageFile(view, path);
    if (file.kind === 'missing') continue;
    if (file.kind === 'unread') return { kind: 'unreadable', path, text: 'its content was not read' };
    const real = realPath(view, path);
    const log = view.lookup(`${real}-wal`);
    if (log !== undefined && log.entry.size > 0)
      return {
        kind: 'unreadable',
        path: log.path,
        text: 'changes are left in its log, which were not written to the database',
      };
    try {
      return { kind: 'read', database: await databaseOf(view, { path: real, bytes: file.bytes, folder }) };
    } catch (error) {
      if (!(error instanceof PackagesError)) throw error;
      return { kind: 'unreadable', path: real, text: messageOf(error) };
    }
  }
  for (const place of folders)
    for (const [name, form] of otherForms) {
      const found = view.resolve(`${place}/${name}`);
      if (found.found && found.entry.entry.kind === 'file')
        return { kind: 'unsupported', path: found.entry.path, form };
    }
  return { kind: 'none' };
}

function realPath(view: MergedView, path: string): string {
  const resolved = view.resolve(path);
  return resolved.found ? resolved.entry.path : path;
}

async function databaseOf(
  view: MergedView,
  { path, bytes, folder }: { readonly path: string; readonly bytes: Uint8Array; readonly folder: string },
): Promise<RpmDatabase> {
  const { result: rows } = await withSqlite(bytes, join(folder, randomUUID()), (database) =>
    database.all('SELECT hnum, blob FROM Packages ORDER BY hnum'),
  );
  const places = new NewPlaces(view, [], { candidates: () => [] });
  const packages = rows.map((row) => {
    const { hnum, blob } = row as { readonly hnum: unknown; readonly blob: unknown };
    if (typeof hnum !== 'number' || !(blob instanceof Uint8Array))
      throw new PackagesError('PACKAGES_MALFORMED', 'a row of the table Packages is no package');
    return packageOf({ number: hnum, blob, path }, places);
  });
  return { path, bytes, packages, diversions: [], ownersOf: ownersIn(packages) };
}

function packageOf(
  { number, blob, path }: { readonly number: number; readonly blob: Uint8Array; readonly path: string },
  places: NewPlaces,
): RpmPackage {
  const row = `package ${number} of ${path}`;
  const header = RpmHeader.read(blob, row);
  const text = (tag: number): string => header.text(tag) ?? '';
  const name = text(tags.name);
  if (name === '') throw new PackagesError('PACKAGES_MALFORMED', `${row} has no name`);
  const version = formatVersion({
    epoch: header.number(tags.epoch) ?? 0,
    version: text(tags.version),
    release: text(tags.release),
  });
  // Levels of a machine (`x86_64_v2`) are the same machine.
  const architecture = text(tags.architecture).replace(/_v[2-4]$/, '');
  const listed = headerFiles(header, row);
  // What a package only claims is nobody's content, and what another has replaced is that one's.
  const own = listed.filter(
    ({ flags, state }) =>
      (flags & fileFlags.ghost) === 0 && state !== fileStates.replaced && state !== fileStates.wrongColor,
  );
  return {
    ...{ number, header, listed, name, version },
    architecture:
      architecture === 'noarch' || architecture === '' || architecture === '(none)' ? 'all' : architecture,
    source: { name: sourceName(text(tags.sourceRpm)) || name },
    needs: neededNames(header.texts(tags.requireName)),
    gives: header.texts(tags.provideName),
    files: own.map((file) => ({ listed: file.path, path: places.at(file.path) })),
    sums: sumsOf(header, own),
    conffiles: own
      .filter(({ flags }) => (flags & fileFlags.config) !== 0)
      .map((file) => ({ path: file.path, obsolete: false })),
    ...{ state: 'installed', recordedIn: path, infoFiles: new Map() },
  };
}

function sumsOf(header: RpmHeader, files: readonly HeaderFile[]): ReadonlyMap<string, Sum> {
  const algorithm = digestAlgorithm(header);
  if (algorithm !== 'md5' && algorithm !== 'sha1' && algorithm !== 'sha256') return new Map();
  return new Map(
    files.flatMap(({ path, digest }) =>
      digest === '' ? [] : [[path, { algorithm, hex: digest.toLowerCase() }] as const],
    ),
  );
}

/** Keys that people made the image's rpm trust: it keeps each as a package of its own. */
export function importedKeys({
  packages,
}: RpmDatabase): readonly { readonly path: string; readonly bytes: Uint8Array }[] {
  return packages.flatMap(({ name, version, header }) => {
    const text = name === 'gpg-pubkey' ? header.text(tags.description) : undefined;
    return text?.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----') === true
      ? [{ path: `gpg-pubkey-${version}`, bytes: Buffer.from(text) }]
      : [];
  });
}
