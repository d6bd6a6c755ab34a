import type { UnpackedFile } from '../shared/packages/unpack.ts';
import { formatChecksum } from './checksum.ts';
import type { ApkPackage } from './database.ts';
import type { FetchedApk } from './fetched.ts';

/** What files and folders have unless the record says otherwise (apk-tools' `database.c`). */
const [plainFile, plainFolder] = ['0:0:644', '0:0:755'];

/**
 * A package's lines as apk writes them where it installs it: those of the index, what it replaces, the tag that it was asked
 * for with, and its files. `isOthers` tells files that another package has taken over.
 */
export function newRecord(
  { offer, apk, files }: FetchedApk,
  old: ApkPackage | undefined,
  isOthers: (path: string) => boolean,
): readonly string[] {
  const info = (key: string): readonly string[] => apk.info.get(key) ?? [];
  const replaces = info('replaces').join(' ');
  const priority = info('replaces_priority')[0] ?? '';
  const tag = old?.record.fields.get('s');
  return [
    ...offer.record.head.filter((line) => !'rqsf'.includes(line[0] ?? '')),
    ...(replaces === '' ? [] : [`r:${replaces}`]),
    ...(priority === '' || priority === '0' ? [] : [`q:${priority}`]),
    ...(tag === undefined ? [] : [`s:${tag}`]),
    ...fileLines(files.filter(({ path }) => !isOthers(path))),
  ];
}

/** Folders in the order of the package, each with what is in it. */
function fileLines(files: readonly UnpackedFile[]): readonly string[] {
  const folders = new Map<string, { folder?: UnpackedFile; readonly files: UnpackedFile[] }>();
  const folderOf = (path: string) => {
    const known = folders.get(path) ?? { files: [] };
    folders.set(path, known);
    return known;
  };
  for (const file of files) {
    if (file.kind === 'directory') folderOf(file.path).folder = file;
    else folderOf(file.path.slice(0, Math.max(0, file.path.lastIndexOf('/')))).files.push(file);
  }
  return [...folders].flatMap(([path, { folder, files: own }]) => [
    `F:${path}`,
    ...(folder === undefined || accessOf(folder) === plainFolder ? [] : [`M:${accessOf(folder)}`]),
    ...own.flatMap((file) => [
      `R:${file.path.slice(path === '' ? 0 : path.length + 1)}`,
      ...(accessOf(file) === plainFile ? [] : [`a:${accessOf(file)}`]),
      ...(file.sha1 === undefined ? [] : [`Z:${formatChecksum(file.sha1)}`]),
    ]),
  ]);
}

function accessOf({ uid, gid, mode }: UnpackedFile): string {
  return `${uid}:${gid}:${mode.toString(8)}`;
}
