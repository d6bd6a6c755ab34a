import { createHash } from 'node:crypto';
import { losslessName, tarPath } from '../../../../layer/index.ts';
import { readTar, type TarEntry } from '../../../../tar/index.ts';
import { ByteSource } from '../byte-source.ts';
import { type DebCompression, decompressed } from '../decompress.ts';
import { DebianError } from '../errors.ts';
import { type DebControl, readControlTar } from './control-tar.ts';
import { type DebLimits, defaultDebLimits } from './limits.ts';
import { type Member, nextMember, readMagic } from './members.ts';

export interface OpenDebOptions {
  /** For errors: its address. */
  readonly name: string;
  /** What the index says of the file: checked when the last entry was taken. */
  readonly expected?: { readonly sha256: string; readonly size: number };
  readonly limits?: Partial<DebLimits>;
  readonly signal?: AbortSignal | undefined;
}

/** An entry of a package's data tar. */
export interface DebEntry {
  /** From the root, without a leading slash; as the view of an image spells it. */
  readonly path: string;
  /** Of a hard link, the path it names, spelled the same. */
  readonly linkPath?: string;
  /** Extended attributes, base64 values by name. */
  readonly xattrs?: Readonly<Record<string, string>>;
  /** Owner, mode, time, and the body, to be read before the next entry. */
  readonly entry: TarEntry;
}

/** A package whose control tar has been read, and whose files come next. */
export interface Deb {
  readonly control: DebControl;
  /**
   * The files, directories and links, the root left out. To be taken once, to the end, or left: then the input is closed.
   * @throws DebianError, TarError, or the signal's reason.
   */
  entries(): AsyncGenerator<DebEntry, void, undefined>;
  /** Lets the input go, where the entries are not wanted. */
  close(): Promise<void>;
}

/**
 * Reads a package (deb(5), format 2) as a stream: nothing of it is unpacked to the file system.
 * @throws DebianError `DEBIAN_MALFORMED`, `DEBIAN_UNSUPPORTED`, `DEBIAN_LIMIT`, `DEBIAN_HASH`; TarError; what the input
 * throws.
 */
export async function openDeb(input: AsyncIterable<Uint8Array>, options: OpenDebOptions): Promise<Deb> {
  const { name } = options;
  const limits = { ...defaultDebLimits, ...options.limits };
  const source = new ByteSource(checked(input, options), name);
  try {
    await readMagic(source);
    await readFormat(source);
    const member = await memberNamed(source, 'control.tar');
    const tar = bounded(memberTar(source, member, name), limits.controlBytes, name);
    const control = await readControlTar(tar, name);
    const data = await memberNamed(source, 'data.tar');
    return {
      control,
      entries: () => entries(source, data, { ...options, limits }),
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readFormat(source: ByteSource): Promise<void> {
  const member = await nextMember(source);
  if (member?.name !== 'debian-binary' || member.size > 64) throw source.malformed('it is no Debian package');
  const text = Buffer.from(await source.exactly(member.size)).toString('latin1');
  if (!/^2\.[0-9]+\n/.test(text))
    throw new DebianError(
      'DEBIAN_UNSUPPORTED',
      `a Debian package of the format ${text.trim()} is not supported`,
    );
}

/** Members whose names start with an underscore may stand between (deb(5)). */
async function memberNamed(source: ByteSource, wanted: string): Promise<Member> {
  for (;;) {
    const member = await nextMember(source);
    if (member === undefined) throw source.malformed(`it has no ${wanted}`);
    if (member.name === wanted || member.name.startsWith(`${wanted}.`)) return member;
    if (!member.name.startsWith('_')) throw source.malformed(`${member.name} stands where ${wanted} was due`);
    for await (const _ of source.stream(member.size));
  }
}

const compressions: Readonly<Record<string, DebCompression>> = {
  '': 'none',
  '.gz': 'gzip',
  '.xz': 'xz',
  '.zst': 'zstd',
};

function memberTar(source: ByteSource, member: Member, name: string): AsyncIterable<Uint8Array> {
  const ending = member.name.slice(member.name.indexOf('.tar') + '.tar'.length);
  const compression = compressions[ending];
  if (compression === undefined)
    throw new DebianError(
      'DEBIAN_UNSUPPORTED',
      `${name} has a ${member.name}, a compression armload doesn't read`,
    );
  return decompressed(source.stream(member.size), compression, `${member.name} of ${name}`);
}

interface EntriesOptions extends OpenDebOptions {
  readonly limits: DebLimits;
}

async function* entries(
  source: ByteSource,
  member: Member,
  { name, limits, signal }: EntriesOptions,
): AsyncGenerator<DebEntry, void, undefined> {
  const { dataBytes, ratio, ratioFreeBytes, entries: maxEntries } = limits;
  const most = Math.min(dataBytes, Math.max(ratioFreeBytes, ratio * member.size));
  const tar = bounded(memberTar(source, member, name), most, name);
  try {
    for await (const entry of readTar(tar, { maxEntries, ...(signal === undefined ? {} : { signal }) })) {
      const described = describe(entry, name);
      if (described.path !== '') yield described;
    }
    for (let rest = await nextMember(source); rest !== undefined; rest = await nextMember(source))
      for await (const _ of source.stream(rest.size));
  } finally {
    await source.close();
  }
}

async function* bounded(
  tar: AsyncIterable<Uint8Array>,
  maxBytes: number,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of tar) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new DebianError('DEBIAN_LIMIT', `${name} unpacks to more than the limit of ${maxBytes} bytes`);
    yield chunk;
  }
}

const xattrPrefix = 'SCHILY.xattr.';

/** @throws DebianError `DEBIAN_MALFORMED` for a name that leads out of the root, or an unknown type. */
function describe(entry: TarEntry, name: string): DebEntry {
  const path = pathOf(losslessName(entry.name, entry.nameBytes), name);
  if (entry.type === 'other')
    throw new DebianError('DEBIAN_MALFORMED', `${name}: ${path} has the unknown type "${entry.typeflag}"`);
  const attributes = [...entry.pax].filter(([key]) => key.startsWith(xattrPrefix));
  const isHardlink = entry.type === 'hardlink';
  return {
    path,
    ...(isHardlink ? { linkPath: pathOf(losslessName(entry.linkName, entry.linkNameBytes), name) } : {}),
    ...(attributes.length === 0 ? {} : { xattrs: xattrsOf(attributes) }),
    entry,
  };
}

function xattrsOf(records: readonly (readonly [string, Uint8Array])[]): Readonly<Record<string, string>> {
  const pairs = records.map(([key, value]) => [
    key.slice(xattrPrefix.length),
    Buffer.from(value).toString('base64'),
  ]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

function pathOf(written: string, name: string): string {
  const path = tarPath(written);
  if (path.ok) return path.path;
  throw new DebianError(
    'DEBIAN_MALFORMED',
    `${name} has the entry "${written.slice(0, 200)}": ${path.reason}`,
  );
}

/** Fails at the input's end where it's not what was expected. */
async function* checked(
  input: AsyncIterable<Uint8Array>,
  { name, expected }: OpenDebOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (expected === undefined) {
    yield* input;
    return;
  }
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of input) {
    hash.update(chunk);
    size += chunk.length;
    yield chunk;
  }
  const sha256 = hash.digest('hex');
  if (size !== expected.size || sha256 !== expected.sha256)
    throw new DebianError(
      'DEBIAN_HASH',
      `${name} has ${size} bytes with SHA-256 ${sha256}; its index says ${expected.size} bytes with ${expected.sha256}`,
    );
}
