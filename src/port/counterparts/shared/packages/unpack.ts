import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Scratch } from '../../../../binary/index.ts';
import { ContentReader } from '../../../../layer/index.ts';
import type { StoredFile } from '../../debian/store/index.ts';
import { BodyWriter } from './body-writer.ts';
import { PackagesError } from './errors.ts';

/** A file of a package on its way by: all but the content is known. */
export interface PackedFile
  extends Pick<
    StoredFile,
    'path' | 'kind' | 'mode' | 'uid' | 'gid' | 'mtime' | 'linkName' | 'xattrs' | 'device'
  > {
  /** Bytes; 0 for all but files. */
  readonly size: number;
  /** Of files; to be read before the next one is asked for. */
  readonly body?: AsyncIterable<Uint8Array>;
  /** What the package itself says of its content. Hexadecimal. */
  readonly promised?: { readonly algorithm: 'md5' | 'sha1' | 'sha256'; readonly hex: string };
}

/** A file of an unpacked package. */
export interface UnpackedFile extends StoredFile {
  /** Hexadecimal; of a symbolic link, of its target's text. */
  readonly sha1?: string;
}

export interface UnpackOptions {
  /** Gets the bodies of all files, one after the other; must not be there yet. */
  readonly bodies: string;
  /** For errors. */
  readonly name: string;
  readonly limits: UnpackLimits;
  readonly signal?: AbortSignal | undefined;
}

export interface UnpackLimits {
  /** Of one package. */
  readonly files: number;
  readonly bytes: number;
  /** Inflated from archives inside, by which they are inspected. */
  readonly inflatedBytes: number;
}

export const defaultUnpackLimits: UnpackLimits = {
  files: 500_000,
  bytes: 16 * 1024 ** 3,
  inflatedBytes: 4 * 1024 ** 3,
};

/**
 * Unpacks a package into one file of all bodies: nothing takes a name that the package chose.
 * @throws PackagesError; what the input throws; the signal's reason.
 */
export async function unpack(
  input: AsyncIterable<PackedFile>,
  { bodies, name, limits, signal }: UnpackOptions,
): Promise<readonly UnpackedFile[]> {
  const files = new Map<string, UnpackedFile>();
  const scratch = new Scratch();
  const allowance = { inflatedBytes: limits.inflatedBytes };
  const writer = await BodyWriter.create(bodies);
  try {
    for await (const packed of input) {
      signal?.throwIfAborted();
      if (files.size >= limits.files) throw limit(name, `${limits.files} files`);
      if (writer.bytes + packed.size > limits.bytes) throw limit(name, `${limits.bytes} bytes`);
      const file = await stored(packed, { writer, bodies, name, scratch, allowance, files });
      // Where a path comes twice, package managers take the last.
      files.delete(file.path);
      files.set(file.path, file);
    }
    await writer.flush();
  } finally {
    await writer.close();
  }
  return [...files.values()];
}

interface Parts {
  readonly writer: BodyWriter;
  readonly bodies: string;
  readonly name: string;
  readonly scratch: Scratch;
  readonly allowance: { inflatedBytes: number };
  readonly files: ReadonlyMap<string, UnpackedFile>;
}

async function stored(packed: PackedFile, parts: Parts): Promise<UnpackedFile> {
  const { body, promised, ...facts } = packed;
  const { path, kind, linkName } = facts;
  if (kind === 'hardlink') return hardlink(packed, parts);
  if (kind === 'symlink') {
    const sha1 = createHash('sha1')
      .update(linkName ?? '')
      .digest('hex');
    return { ...facts, size: 0, sha1, content: noContent(packed, parts) };
  }
  if (kind !== 'file') return { ...facts, size: 0, content: noContent(packed, parts) };
  const { writer, scratch, allowance, bodies } = parts;
  const offset = writer.bytes;
  const { size } = packed;
  const reader = new ContentReader({
    ...{ path, size, keep: false, md5: true, sha1: true, sparse: undefined },
    ...{ stored: { size, offset: 0 }, scratch, allowance },
  });
  let read = 0;
  for await (const chunk of body ?? []) {
    read += chunk.length;
    if (read > size) break;
    reader.data(chunk);
    await writer.write(chunk);
  }
  if (read !== size)
    throw new PackagesError('PACKAGES_MALFORMED', `${parts.name}: ${path} has other than its ${size} bytes`);
  const { sha256, md5, sha1, facts: inspected } = reader.finish();
  const sums = { sha256, ...(md5 === undefined ? {} : { md5 }), ...(sha1 === undefined ? {} : { sha1 }) };
  if (promised !== undefined && sums[promised.algorithm] !== promised.hex)
    throw new PackagesError(
      'PACKAGES_HASH',
      `${parts.name}: ${path} has the ${promised.algorithm} ${sums[promised.algorithm] ?? ''}, and the package says ${promised.hex}`,
    );
  const content = (): AsyncIterable<Uint8Array> =>
    size === 0 ? noBytes() : createReadStream(bodies, { start: offset, end: offset + size - 1 });
  return { ...facts, ...sums, content, ...(inspected === undefined ? {} : { facts: inspected }) };
}

async function* noBytes(): AsyncGenerator<Uint8Array, void, undefined> {
  // Nothing.
}

/** Engines and managers take the owner, mode and content of what it names. */
function hardlink({ path, linkName = '' }: PackedFile, { files, name }: Parts): UnpackedFile {
  const target = files.get(linkName);
  if (target?.kind === 'file' || target?.kind === 'hardlink')
    return { ...target, path, kind: 'hardlink', linkName };
  throw new PackagesError(
    'PACKAGES_MALFORMED',
    `${name}: ${path} is a hard link to ${linkName}, which is no file before it`,
  );
}

function noContent({ path, kind }: PackedFile, { name }: Parts): () => AsyncIterable<Uint8Array> {
  return () => {
    throw new PackagesError('PACKAGES_UNSUPPORTED', `${path} of ${name} is a ${kind}, which has no content`);
  };
}

function limit(name: string, what: string): PackagesError {
  return new PackagesError('PACKAGES_LIMIT', `${name} unpacks to more than the limit of ${what}`);
}
