import { isUtf8 } from 'node:buffer';
import type { EntryType } from './entry.ts';
import { TarError } from './errors.ts';
import { blockSize, encodeHeader, type HeaderFields } from './header.ts';
import { paddingOf } from './headers.ts';
import { encodeOctal } from './numbers.ts';
import { encodePax } from './pax.ts';

/** An entry to write. What is left out is the same everywhere: times 0, ids 0, names of owners empty. */
export interface TarMember {
  /** Directories get their closing slash if it's missing. */
  readonly name: string | Uint8Array;
  /** `file` unless told. */
  readonly type?: Exclude<EntryType, 'sparse' | 'other'>;
  /** 0755 for directories, 0777 for symbolic links, 0644 for others unless told. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since the epoch. */
  readonly mtime?: number;
  readonly linkName?: string | Uint8Array;
  readonly userName?: string;
  readonly groupName?: string;
  readonly deviceMajor?: number;
  readonly deviceMinor?: number;
  /** More extended header records, such as `SCHILY.xattr.security.capability`. */
  readonly pax?: ReadonlyMap<string, string | Uint8Array>;
  /** The content; a stream must come with its `size`. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly size?: number;
}

/** An entry passed through as it was read: its header blocks, and its stored body. */
export interface RawMember {
  readonly rawHeaders: Uint8Array;
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** Asked when the body is written; zeros without it. */
  padding?(): Promise<Uint8Array>;
}

export interface WriteTarOptions {
  /** What stands behind the last entry, asked for after it; two blocks of zeros unless told. */
  readonly trailer?: Iterable<Uint8Array>;
}

const flags = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const;
const noBytes = new Uint8Array(0);

/**
 * Writes a tar: plain ustar headers where the facts fit, with a pax header before where they don't. Equal members give
 * equal bytes, on every machine.
 * @throws TarError `TAR_UNWRITABLE` where a body isn't as long as its size, or a fact can't be written.
 */
export async function* writeTar(
  members: AsyncIterable<TarMember | RawMember> | Iterable<TarMember | RawMember>,
  options: WriteTarOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let offset = 0;
  for await (const member of members) {
    const headers = 'rawHeaders' in member ? member.rawHeaders : encodeMember(member, offset);
    yield headers;
    const size = sizeOf(member, offset);
    offset += headers.length;
    yield* exactBody(member.body, size, offset);
    const padding = paddingOf(size);
    if (padding > 0) yield 'padding' in member ? await rawPadding(member, padding) : new Uint8Array(padding);
    offset += size + padding;
  }
  yield* options.trailer ?? [new Uint8Array(2 * blockSize)];
}

async function rawPadding(member: Pick<RawMember, 'padding'>, length: number): Promise<Uint8Array> {
  const bytes = await member.padding?.();
  return bytes?.length === length ? bytes : new Uint8Array(length);
}

/** @throws TarError `TAR_UNWRITABLE`. */
function sizeOf(member: TarMember | RawMember, offset: number): number {
  if (member.body instanceof Uint8Array) return member.body.length;
  const size = member.size ?? (member.body === undefined ? 0 : undefined);
  if (size !== undefined && Number.isSafeInteger(size) && size >= 0) return size;
  throw new TarError('TAR_UNWRITABLE', offset, 'an entry with a streamed body needs its size');
}

async function* exactBody(
  body: TarMember['body'],
  size: number,
  offset: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let written = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : (body ?? [])) {
    written += chunk.length;
    if (written > size) break;
    yield chunk;
  }
  if (written !== size)
    throw new TarError(
      'TAR_UNWRITABLE',
      offset,
      `a body has ${written > size ? 'more' : `${written} bytes, less`} than its size of ${size} bytes`,
    );
}

function encodeMember(member: TarMember, offset: number): Uint8Array {
  const wanted = fieldsOf(member, offset);
  const records = new Map<string, Uint8Array>();
  for (const [key, value] of member.pax ?? []) records.set(key, bytesOf(value));
  const header = encodeHeader(fitFields(wanted, records, offset), offset);
  if (records.size === 0) return header;
  const body = encodePax(records);
  const extension = encodeHeader(extensionFields(wanted, body.length), offset);
  return Buffer.concat([extension, body, new Uint8Array(paddingOf(body.length)), header]);
}

function fieldsOf(member: TarMember, offset: number): HeaderFields {
  const type = member.type ?? 'file';
  const name = bytesOf(member.name);
  if (type !== 'file' && sizeOf(member, offset) > 0)
    throw new TarError('TAR_UNWRITABLE', offset, `a ${type} has no body`);
  if (name.length === 0 || name.includes(0))
    throw new TarError('TAR_UNWRITABLE', offset, 'an entry needs a name without NUL');
  const linkName = bytesOf(member.linkName ?? '');
  if (linkName.includes(0)) throw new TarError('TAR_UNWRITABLE', offset, 'a link target has a NUL');
  return {
    name: type === 'directory' && name.at(-1) !== 0x2f ? Buffer.concat([name, Buffer.from('/')]) : name,
    mode: member.mode ?? (type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644),
    uid: member.uid ?? 0,
    gid: member.gid ?? 0,
    size: sizeOf(member, offset),
    mtime: member.mtime ?? 0,
    typeflag: flags[type],
    linkName,
    userName: bytesOf(member.userName ?? ''),
    groupName: bytesOf(member.groupName ?? ''),
    deviceMajor: member.deviceMajor ?? 0,
    deviceMinor: member.deviceMinor ?? 0,
  };
}

/** Moves into `records` what a ustar header can't hold; what stays in its place there is for old readers only. */
function fitFields(
  wanted: HeaderFields,
  records: Map<string, Uint8Array>,
  offset: number,
): HeaderFields & { readonly prefix?: Uint8Array } {
  const number = (key: string, value: number, width: number): number => {
    if (encodeOctal(value, width) !== undefined) return value;
    if (!/^-?[0-9]+(\.[0-9]+)?$/.test(String(value)))
      throw new TarError('TAR_UNWRITABLE', offset, `${key} ${value} can't be written`);
    records.set(key, bytesOf(String(value)));
    return Math.max(0, Math.min(Math.floor(value), 0o7777777));
  };
  const text = (key: string, value: Uint8Array, width: number): Uint8Array => {
    if (value.length <= width && isAscii(value)) return value;
    records.set(key, value);
    // Extended headers are UTF-8 unless told (POSIX pax, `hdrcharset`): libarchive gives up on a name that isn't.
    if (!isUtf8(value)) records.set('hdrcharset', Buffer.from('BINARY'));
    return value.slice(0, width).map((byte) => (byte < 0x80 ? byte : 0x5f));
  };
  const split = splitName(wanted.name);
  return {
    ...wanted,
    ...(split ?? { name: text('path', wanted.name, 100) }),
    uid: number('uid', wanted.uid, 8),
    gid: number('gid', wanted.gid, 8),
    size: number('size', wanted.size, 12),
    mtime: number('mtime', wanted.mtime, 12),
    linkName: text('linkpath', wanted.linkName, 100),
    userName: text('uname', wanted.userName, 32),
    groupName: text('gname', wanted.groupName, 32),
  };
}

/** The shortest prefix that leaves 100 bytes; `undefined` where ustar can't hold the name. */
function splitName(name: Uint8Array): { name: Uint8Array; prefix?: Uint8Array } | undefined {
  if (!isAscii(name)) return undefined;
  if (name.length <= 100) return { name };
  const slash = name.indexOf(0x2f, name.length - 101);
  if (slash < 1 || slash > 155 || slash === name.length - 1) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

function extensionFields(entry: HeaderFields, size: number): HeaderFields {
  const base = entry.name.slice(0, 80).map((byte) => (byte < 0x80 && byte !== 0x2f ? byte : 0x5f));
  return {
    name: Buffer.concat([Buffer.from('PaxHeaders/'), base]),
    mode: 0o644,
    uid: 0,
    gid: 0,
    size,
    mtime: 0,
    typeflag: 'x',
    linkName: noBytes,
    userName: noBytes,
    groupName: noBytes,
    deviceMajor: 0,
    deviceMinor: 0,
  };
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}
