import { createReadStream } from 'node:fs';
import { messageOf } from '../../../core/index.ts';
import { decompressed } from '../debian/decompress.ts';
import { DebianError } from '../debian/errors.ts';
import { bounded } from '../shared/packages/bounded.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import type { Owners } from '../shared/packages/image-owners.ts';
import type { PackedFile } from '../shared/packages/unpack.ts';
import { type CpioEntry, readCpio } from './cpio.ts';
import { digestAlgorithm, type HeaderFile, headerFiles } from './header-files.ts';
import type { RpmFile } from './package-file.ts';
import { fileFlags, tags } from './tags.ts';

/** How far a payload may unpack for each byte of it, beyond `free`. */
const ratio = { most: 500, free: 1024 ** 3 };
const compressions = { none: 'none', gzip: 'gzip', xz: 'xz', zstd: 'zstd' } as const;
type Kind = PackedFile['kind'];
/** The kinds of files by the bits of their modes (stat(2)). */
const typeBits = 0o170000;
const kinds: Readonly<Record<number, Kind>> = {
  [0o040000]: 'directory',
  [0o100000]: 'file',
  [0o120000]: 'symlink',
  [0o060000]: 'block-device',
  [0o020000]: 'character-device',
  [0o010000]: 'fifo',
};

export interface EntriesOptions {
  readonly name: string;
  readonly owners: Owners;
}

/**
 * The files of a package: what they are is in the header, and the payload has their contents. Those that the package only
 * claims, and doesn't bring, are left out.
 * @throws PackagesError.
 */
export async function* packageEntries(
  path: string,
  { header, payloadOffset, payloadBytes }: RpmFile,
  { name, owners }: EntriesOptions,
): AsyncGenerator<PackedFile, void, undefined> {
  const files = headerFiles(header, name);
  const known = new Map(files.map((file) => [file.path, file]));
  const algorithm = digestAlgorithm(header);
  const compression = compressionOf(header.text(tags.payloadCompressor) ?? 'gzip', name);
  const most = Math.max(ratio.free, ratio.most * payloadBytes);
  const input = createReadStream(path, { start: payloadOffset });
  const groups = linkedFiles(header, files);
  const waiting = new Set<HeaderFile>();
  try {
    const cpio = readCpio(bounded(decompressed(input, compression, name), most, name), name);
    for await (const entry of cpio) {
      const file = fileOf(entry, { files, known, name });
      if ((file.flags & fileFlags.ghost) !== 0) continue;
      const kind = kindOf(file, name);
      const packed = { ...factsOf(file, kind, owners), ...promisedBy(file, kind, algorithm) };
      if (kind !== 'file') {
        // A link's target is the entry's content too.
        for await (const _ of entry.body(entry.size ?? (kind === 'symlink' ? file.size : 0)));
        yield { ...packed, size: 0 };
        continue;
      }
      // Of several names of one file only the last comes with the content.
      const group = groups.get(file) ?? [file];
      const isLast = group.at(-1) === file;
      const size = entry.size ?? (isLast ? file.size : 0);
      if (!isLast && size === 0 && file.size > 0) {
        for await (const _ of entry.body(0));
        waiting.add(file);
        continue;
      }
      yield { ...packed, size, body: entry.body(size) };
      for (const one of group)
        if (waiting.delete(one)) yield { ...factsOf(one, 'hardlink', owners), linkName: file.path, size: 0 };
    }
  } catch (error) {
    if (!(error instanceof DebianError)) throw error;
    const code = error.code === 'DEBIAN_LIMIT' ? 'PACKAGES_LIMIT' : 'PACKAGES_MALFORMED';
    throw new PackagesError(code, messageOf(error), { cause: error });
  } finally {
    input.destroy();
  }
  if (waiting.size > 0)
    throw new PackagesError('PACKAGES_MALFORMED', `${name} has names of a file whose content it lacks`);
}

/** Regular files that are names of one. */
function linkedFiles(
  header: RpmFile['header'],
  files: readonly HeaderFile[],
): ReadonlyMap<HeaderFile, readonly HeaderFile[]> {
  const [devices, inodes] = [header.numbers(tags.fileDevices), header.numbers(tags.fileInodes)];
  const byInode = new Map<string, HeaderFile[]>();
  const groups = new Map<HeaderFile, readonly HeaderFile[]>();
  for (const [at, file] of files.entries()) {
    const inode = inodes[at] ?? 0;
    if (inode === 0 || kinds[file.mode & typeBits] !== 'file' || (file.flags & fileFlags.ghost) !== 0)
      continue;
    const key = `${devices[at] ?? 0} ${inode}`;
    const group = byInode.get(key) ?? [];
    group.push(file);
    byInode.set(key, group);
    groups.set(file, group);
  }
  return groups;
}

function compressionOf(written: string, name: string): (typeof compressions)[keyof typeof compressions] {
  if (written === 'none' || written === 'gzip' || written === 'xz' || written === 'zstd')
    return compressions[written];
  throw new PackagesError(
    'PACKAGES_UNSUPPORTED',
    `${name} has a payload of ${written.slice(0, 50)}, which armload doesn't read`,
  );
}

function fileOf(
  entry: CpioEntry,
  {
    files,
    known,
    name,
  }: {
    readonly files: readonly HeaderFile[];
    readonly known: ReadonlyMap<string, HeaderFile>;
    readonly name: string;
  },
): HeaderFile {
  const path = entry.name?.replace(/^\.?\/+/, '');
  const file = path === undefined ? files[entry.index ?? -1] : known.get(path);
  if (file !== undefined) return file;
  throw new PackagesError(
    'PACKAGES_MALFORMED',
    `${name} has ${path ?? `a file ${entry.index}`}, of which its header says nothing`,
  );
}

function kindOf({ mode, path }: HeaderFile, name: string): Kind {
  const kind = kinds[mode & typeBits];
  if (kind !== undefined) return kind;
  throw new PackagesError('PACKAGES_MALFORMED', `${name}: ${path} is of no kind that there is`);
}

function factsOf(file: HeaderFile, kind: Kind, owners: Owners): Omit<PackedFile, 'size'> {
  return {
    ...{ path: file.path, kind, mode: file.mode & 0o7777, mtime: file.mtime },
    uid: owners.user(file.user) ?? 0,
    gid: owners.group(file.group) ?? 0,
    ...(kind === 'symlink' ? { linkName: file.linkName } : {}),
  };
}

function promisedBy(
  { digest }: HeaderFile,
  kind: Kind,
  algorithm: string | undefined,
): Pick<PackedFile, 'promised'> {
  const isKnown = algorithm === 'sha256' || algorithm === 'sha1' || algorithm === 'md5';
  return kind === 'file' && isKnown && digest !== ''
    ? { promised: { algorithm, hex: digest.toLowerCase() } }
    : {};
}
