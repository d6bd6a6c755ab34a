import { TarError } from './errors.ts';
import { type HeaderFields, text } from './header.ts';
import type { PaxRecords } from './pax.ts';
import { paxSparse, type SparseFile } from './sparse.ts';

/**
 * `sparse` is a file of which only the parts with data are stored: its `body` is the stored form, which SparseExpander
 * turns into the content. `other` is a type this reader gives no meaning to; its body can be read.
 */
export type EntryType =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo'
  | 'sparse'
  | 'other';

/** The facts of one entry, extension headers applied. */
export interface EntryFacts {
  /** As written, read as UTF-8; may be absolute or hold `..`. Where that loses bytes, `nameBytes` has them. */
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly type: EntryType;
  /** The type's character, as written. */
  readonly typeflag: string;
  /** Target of a hard or symbolic link; empty for others. */
  readonly linkName: string;
  readonly linkNameBytes: Uint8Array;
  /** Permission bits and setuid, setgid, sticky, as written. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the body as stored. 0 for links, devices, directories and FIFOs, whatever the header says. */
  readonly size: number;
  /** Seconds since the epoch; may be negative or have a fraction. */
  readonly mtime: number;
  readonly userName: string;
  readonly groupName: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** The extended header records in force, `SCHILY.xattr.…` among them. */
  readonly pax: PaxRecords;
  /** Of a sparse file only. */
  readonly sparse: SparseFile | undefined;
}

/** Where an entry stands in the archive. */
export interface EntryPlace {
  /** Where the entry starts: its first extension header, if it has any. */
  readonly offset: number;
  readonly bodyOffset: number;
  /** Every header block of the entry, extension headers and their bodies included: for passing it through. */
  readonly rawHeaders: Uint8Array;
}

/** What extension headers said before the entry's own header came. */
export interface Extensions {
  readonly pax: PaxRecords;
  readonly longName?: Uint8Array | undefined;
  readonly longLink?: Uint8Array | undefined;
  /** Reads an old GNU sparse map, given the stored size. */
  readonly sparse?: ((size: number) => SparseFile) | undefined;
}

const types: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  S: 'sparse',
};

/**
 * Joins a header with its extensions, and with the facts of its place. GNU long names win over pax, pax over the
 * header; an empty pax value takes an earlier one back (POSIX pax). Go's archive/tar, which the container engines read
 * with, decides the same.
 * @throws TarError `TAR_MALFORMED`.
 */
export function describeEntry(
  header: HeaderFields,
  extensions: Extensions,
  place: EntryPlace,
): EntryFacts & EntryPlace {
  const { pax } = extensions;
  const { offset } = place;
  const hasPax = pax.size > 0;
  const nameBytes =
    extensions.longName ?? bytesOf(pax, 'GNU.sparse.name') ?? bytesOf(pax, 'path') ?? header.name;
  const linkNameBytes = extensions.longLink ?? bytesOf(pax, 'linkpath') ?? header.linkName;
  const stored = (hasPax ? integerOf(pax, 'size', offset) : undefined) ?? header.size;
  if (stored < 0) throw new TarError('TAR_MALFORMED', offset, `the entry has the negative size ${stored}`);
  const plain = plainTypeOf(header.typeflag, nameBytes);
  const sparse =
    extensions.sparse?.(stored) ??
    (hasPax && plain === 'file' ? paxSparse(pax, { size: stored }, offset) : undefined);
  const type = sparse === undefined ? plain : 'sparse';
  return {
    offset,
    bodyOffset: place.bodyOffset,
    rawHeaders: place.rawHeaders,
    name: text(nameBytes),
    nameBytes,
    type,
    typeflag: header.typeflag,
    linkName: text(linkNameBytes),
    linkNameBytes,
    mode: header.mode,
    uid: (hasPax ? integerOf(pax, 'uid', offset) : undefined) ?? header.uid,
    gid: (hasPax ? integerOf(pax, 'gid', offset) : undefined) ?? header.gid,
    size: hasBody(type) ? stored : 0,
    mtime: (hasPax ? secondsOf(pax, offset) : undefined) ?? header.mtime,
    userName: text(bytesOf(pax, 'uname') ?? header.userName),
    groupName: text(bytesOf(pax, 'gname') ?? header.groupName),
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
    pax,
    sparse,
  };
}

function plainTypeOf(typeflag: string, name: Uint8Array): EntryType {
  // Before ustar there was no type for directories: a closing slash said it.
  if (typeflag === '\0') return name.at(-1) === 0x2f ? 'directory' : 'file';
  return types[typeflag] ?? 'other';
}

/** Go's archive/tar, and so every container engine, takes no body for these, whatever size the header names. */
function hasBody(type: EntryType): boolean {
  return type === 'file' || type === 'sparse' || type === 'other';
}

function bytesOf(pax: PaxRecords, key: string): Uint8Array | undefined {
  const value = pax.get(key);
  return value === undefined || value.length === 0 ? undefined : value;
}

function integerOf(pax: PaxRecords, key: string, offset: number): number | undefined {
  const value = bytesOf(pax, key);
  if (value === undefined) return undefined;
  const digits = text(value.subarray(0, 32));
  const number = Number(digits);
  if (/^-?[0-9]{1,16}$/.test(digits) && Number.isSafeInteger(number)) return number;
  throw new TarError('TAR_MALFORMED', offset, `the extended header's ${key} is not a whole number`);
}

function secondsOf(pax: PaxRecords, offset: number): number | undefined {
  const value = bytesOf(pax, 'mtime');
  if (value === undefined) return undefined;
  const digits = text(value.subarray(0, 64));
  if (/^-?[0-9]{1,16}(\.[0-9]{0,40})?$/.test(digits)) return Number(digits);
  throw new TarError('TAR_MALFORMED', offset, "the extended header's mtime is not a time");
}
