import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileFacts, inspectFile } from '../../../binary/index.ts';
import { isAbort, messageOf } from '../../../core/index.ts';
import { gunzip, losslessName, tarPath } from '../../../layer/index.ts';
import { readTar, type TarEntry } from '../../../tar/index.ts';
import { extractMember } from '../release/archive.ts';
import { RubyError } from './errors.ts';
import type { RubyLimits } from './limits.ts';

/** A file of a gem. */
export interface GemFile {
  /** As RubyGems installs it, without what a umask takes away. */
  readonly mode: number;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly facts: FileFacts;
  readonly content: () => AsyncIterable<Uint8Array>;
}

/** A gem that was read: its files by path, and its metadata, which is YAML. */
export interface Gem {
  readonly files: ReadonlyMap<string, GemFile>;
  readonly metadata: string;
}

export interface OpenGemParts {
  /** For errors: `fast 1.0 (aarch64-linux)`. */
  readonly name: string;
  /** A folder of this origin's own. */
  readonly folder: string;
  readonly limits: RubyLimits;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads a gem, a tar of `data.tar.gz` and `metadata.gz`. One with links, with a name twice, or with names that lead out of it
 * is refused.
 * @throws RubyError, or the signal's reason.
 */
export async function openGem(file: string, parts: OpenGemParts): Promise<Gem> {
  const { name, limits, signal } = parts;
  const folder = join(parts.folder, randomUUID());
  const bounds = { bytes: limits.gemBytes, unpackedBytes: limits.unpackedBytes, time: limits.time };
  const part = async (member: string): Promise<string> => {
    const to = join(folder, member);
    await extractMember(file, to, { name, member, limits: bounds, ...(signal && { signal }) });
    return to;
  };
  try {
    await mkdir(folder, { recursive: true });
    const metadata = await textOf(await part('metadata.gz'), limits.metadataBytes);
    const files = await unpack(await part('data.tar.gz'), { ...parts, folder });
    return { files, metadata };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RubyError || isAbort(error)) throw error;
    throw new RubyError('RUBY_GEM', `the gem ${name} can't be read: ${messageOf(error)}`, { cause: error });
  }
}

async function textOf(file: string, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of gunzip(createReadStream(file))) {
    size += chunk.length;
    if (size > maxBytes)
      throw new RubyError('RUBY_LIMIT', `its metadata has more than ${maxBytes} bytes, the limit`);
    chunks.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function unpack(data: string, parts: OpenGemParts): Promise<ReadonlyMap<string, GemFile>> {
  const { name, folder, limits, signal } = parts;
  const files = new Map<string, GemFile>();
  const tar = bounded(gunzip(createReadStream(data, { highWaterMark: 256 * 1024 })), parts);
  for await (const entry of readTar(tar, signal === undefined ? {} : { signal })) {
    const path = pathOf(entry, name);
    if (path === undefined) continue;
    if (files.size >= limits.files)
      throw new RubyError('RUBY_LIMIT', `${name} has more than ${limits.files} files, the limit`);
    if (files.has(path)) throw refused(name, `${path.slice(0, 200)} twice`);
    files.set(path, await keep(entry, path, { folder: join(folder, String(files.size)), signal }));
  }
  for (const path of files.keys())
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      if (files.has(path.slice(0, at))) throw refused(name, `${path.slice(0, at).slice(0, 200)} twice`);
  return files;
}

async function* bounded(
  input: AsyncIterable<Uint8Array>,
  { name, limits }: OpenGemParts,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > limits.unpackedBytes)
      throw new RubyError(
        'RUBY_LIMIT',
        `${name} unpacks to more than ${limits.unpackedBytes} bytes, the limit`,
      );
    yield chunk;
  }
}

function refused(name: string, what: string): RubyError {
  return new RubyError('RUBY_GEM', `the gem ${name} has ${what}, which is refused`);
}

/** `undefined` for a folder. @throws RubyError for what no gem may have. */
function pathOf({ name: written, nameBytes, type }: TarEntry, gem: string): string | undefined {
  if (type === 'directory') return undefined;
  const shown = written.slice(0, 200);
  if (type !== 'file') throw refused(gem, `a ${type}, ${shown}`);
  const path = tarPath(written);
  const parts = written.split('/');
  const isPlain =
    losslessName(written, nameBytes) === written &&
    !written.startsWith('/') &&
    !parts.some((part) => part === '..' || part.startsWith('.wh.')) &&
    !/\p{Cc}/u.test(written);
  if (!path.ok || path.path === '' || !isPlain) throw refused(gem, `a file with the name ${shown}`);
  return path.path;
}

async function keep(
  entry: TarEntry,
  path: string,
  { folder: file, signal }: { readonly folder: string; readonly signal: AbortSignal | undefined },
): Promise<GemFile> {
  const unwritable = (error: unknown): never => {
    throw new RubyError('RUBY_CACHE', `the folder for the work can't be written: ${messageOf(error)}`);
  };
  const handle = await open(file, 'wx', 0o600).catch(unwritable);
  const hash = createHash('sha256');
  const inspector = inspectFile({ path, size: entry.size });
  try {
    for await (const chunk of entry.body) {
      signal?.throwIfAborted();
      hash.update(chunk);
      inspector.write(chunk);
      await handle.writeFile(chunk).catch(unwritable);
    }
  } finally {
    await handle.close();
  }
  return {
    mode: entry.mode & 0o755,
    size: entry.size,
    sha256: hash.digest('hex'),
    facts: inspector.finish(),
    content: () => createReadStream(file, { highWaterMark: 1024 ** 2 }),
  };
}
