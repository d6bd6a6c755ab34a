import { messageOf } from '../../../core/index.ts';
import type { MergedView } from '../../../layer/index.ts';
import type { ListedPath } from '../debian/database/index.ts';
import { imageFile, linesOf } from '../debian/image-text.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import { ownersIn } from '../shared/packages/owners.ts';
import type { InstalledDatabase, InstalledPackage } from '../shared/packages/types.ts';
import { NewPlaces } from '../shared/replay/new-places.ts';
import type { Sum } from '../shared/replay/types.ts';
import { parseChecksum } from './checksum.ts';
import { type ApkRecord, dependencyNames, parseRecords } from './records.ts';

/** A package of the image's apk database. */
export type ApkPackage = InstalledPackage & {
  /** `Q1…`: of the package's control part, which identifies it. */
  readonly checksum: string;
  readonly record: ApkRecord;
};

export interface ApkDatabase extends InstalledDatabase<ApkPackage> {
  /** Where it is: `lib/apk/db`, or `usr/lib/apk/db`. */
  readonly folder: string;
  /** Names that people asked for. */
  readonly world: ReadonlySet<string>;
}

export type ApkReading =
  | { readonly kind: 'read'; readonly database: ApkDatabase }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly path: string; readonly text: string };

const folders = ['lib/apk/db', 'usr/lib/apk/db'];

/** Files of an image that its packages are read from, and what is planned with them, for the layer reader's `wanted`. */
export const apkFiles: readonly string[] = [
  ...folders.flatMap((folder) =>
    ['installed', 'scripts.tar', 'scripts.tar.gz', 'triggers'].map((name) => `${folder}/${name}`),
  ),
  'etc/apk/arch',
  'etc/apk/keys/*',
  'etc/apk/repositories',
  'etc/apk/repositories.d/*',
  'etc/apk/world',
  'etc/group',
  'etc/os-release',
  'etc/passwd',
  'lib/apk/repositories.d/*',
  'usr/lib/os-release',
  'usr/share/apk/keys/*',
  'usr/share/apk/keys/*/*',
];

/** Reads the packages of an image whose layers were read with `apkFiles` wanted. */
export function readApkDatabase(view: MergedView): ApkReading {
  for (const folder of folders) {
    const path = `${folder}/installed`;
    const file = imageFile(view, path);
    if (file.kind === 'missing') continue;
    if (file.kind === 'unread') return { kind: 'unreadable', path, text: 'its content was not read' };
    try {
      return { kind: 'read', database: databaseOf(view, folder, file.bytes) };
    } catch (error) {
      if (!(error instanceof PackagesError)) throw error;
      return { kind: 'unreadable', path, text: messageOf(error) };
    }
  }
  return { kind: 'none' };
}

function databaseOf(view: MergedView, folder: string, bytes: Uint8Array): ApkDatabase {
  const real = realFolder(view, folder);
  const path = `${real}/installed`;
  const places = new NewPlaces(view, [], { candidates: () => [] });
  const packages = parseRecords(bytes, path).map((record) => packageOf(record, { places, path }));
  const world = imageFile(view, 'etc/apk/world');
  const names = world.kind === 'read' ? linesOf(world.bytes).flatMap(dependencyNames) : [];
  return { folder: real, packages, diversions: [], world: new Set(names), ownersOf: ownersIn(packages) };
}

function realFolder(view: MergedView, folder: string): string {
  const resolved = view.resolve(folder);
  return resolved.found ? resolved.entry.path : folder;
}

function packageOf(
  record: ApkRecord,
  { places, path }: { readonly places: NewPlaces; readonly path: string },
): ApkPackage {
  const field = (letter: string): string => record.fields.get(letter) ?? '';
  const name = field('P');
  const { files, sums } = filesOf(record, places);
  const architecture = field('A');
  return {
    ...{ name, version: field('V'), checksum: field('C'), record, files, sums },
    architecture: architecture === 'noarch' || architecture === '' ? 'all' : architecture,
    source: { name: field('o') || name },
    needs: dependencyNames(field('D')),
    gives: dependencyNames(field('p')),
    ...{ state: 'installed', conffiles: [], recordedIn: path, infoFiles: new Map() },
  };
}

function filesOf(
  { files: lines }: ApkRecord,
  places: NewPlaces,
): { readonly files: readonly ListedPath[]; readonly sums: ReadonlyMap<string, Sum> } {
  const files: ListedPath[] = [];
  const sums = new Map<string, Sum>();
  let [folder, listed] = ['', ''];
  const list = (path: string): void => {
    listed = path;
    if (path !== '') files.push({ listed: path, path: places.at(path) });
  };
  for (const line of lines) {
    const value = line.slice(2);
    if (line[0] === 'F') {
      folder = value;
      list(folder);
    } else if (line[0] === 'R') list(folder === '' ? value : `${folder}/${value}`);
    else if (line[0] === 'Z') {
      const sum = parseChecksum(value);
      if (sum !== undefined) sums.set(listed, sum);
    }
  }
  return { files, sums };
}
