import { PackagesError } from '../shared/packages/errors.ts';
import type { RpmHeader } from './header.ts';
import { digestNames, tags } from './tags.ts';

/** A file as a header describes it. */
export interface HeaderFile {
  /** From the root, without a leading slash. */
  readonly path: string;
  /** With the type's bits. */
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  readonly flags: number;
  readonly state: number;
  /** Hexadecimal; empty for what has no content. */
  readonly digest: string;
  readonly linkName: string;
  readonly user: string;
  readonly group: string;
}

/** The files of a header, in its order. @throws PackagesError `PACKAGES_MALFORMED`. */
export function headerFiles(header: RpmHeader, name: string): readonly HeaderFile[] {
  const names = header.texts(tags.baseNames);
  const folders = header.texts(tags.directoryNames);
  const indexes = header.numbers(tags.directoryIndexes);
  const [modes, flags, states] = [tags.fileModes, tags.fileFlags, tags.fileStates].map((tag) =>
    header.numbers(tag),
  );
  const sizes = header.entries.has(tags.longFileSizes)
    ? header.numbers(tags.longFileSizes)
    : header.numbers(tags.fileSizes);
  const times = header.numbers(tags.fileTimes);
  const [digests, links, users, groups] = [
    tags.fileDigests,
    tags.fileLinks,
    tags.fileUsers,
    tags.fileGroups,
  ].map((tag) => header.texts(tag));
  return names.map((base, at) => {
    const folder = folders[indexes[at] ?? -1];
    const path = `${folder ?? ''}${base}`.replace(/^\/+/, '');
    if (folder === undefined || !isPlain(path))
      throw new PackagesError(
        'PACKAGES_MALFORMED',
        `the header of ${name} is damaged: "${path.slice(0, 200)}" is no path`,
      );
    return {
      ...{ path, mode: modes?.[at] ?? 0, flags: flags?.[at] ?? 0, state: states?.[at] ?? 0 },
      ...{ size: sizes[at] ?? 0, mtime: times[at] ?? 0 },
      ...{ digest: digests?.[at] ?? '', linkName: links?.[at] ?? '' },
      ...{ user: users?.[at] ?? 'root', group: groups?.[at] ?? 'root' },
    };
  });
}

function isPlain(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** The hash of the header's file digests, as Node names it; `undefined` for one that isn't known. */
export function digestAlgorithm(header: RpmHeader): string | undefined {
  return digestNames[header.number(tags.fileDigestAlgorithm) ?? 1];
}
