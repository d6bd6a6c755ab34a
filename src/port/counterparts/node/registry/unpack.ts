import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileFacts, inspectFile } from '../../../../binary/index.ts';
import { isAbort, messageOf } from '../../../../core/index.ts';
import { gunzip, losslessName, tarPath } from '../../../../layer/index.ts';
import { readTar, type TarEntry } from '../../../../tar/index.ts';
import { NodeError } from '../errors.ts';
import type { NodeLimits } from '../limits.ts';

/** A file of a package. */
export interface PackageFile {
  /** In the package's folder. */
  readonly path: string;
  /** 0644, or 0755 for what may be executed: npm gives files no other modes. */
  readonly mode: number;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly facts: FileFacts;
  /** The bytes, afresh at each call. */
  readonly content: () => AsyncIterable<Uint8Array>;
}

export interface UnpackOptions {
  /** For errors: `@scope/tool 1.2.3`. */
  readonly name: string;
  /** An empty folder of its own; the files in it have names of their own. */
  readonly folder: string;
  readonly limits: NodeLimits;
  readonly signal: AbortSignal | undefined;
}

/**
 * Unpacks a package's tarball: files alone, without the first folder of their names, as npm does. A package with links, with
 * a name twice, or with names that lead out of it is refused.
 * @throws NodeError `NODE_PACKAGE`, `NODE_LIMIT`, `NODE_CACHE`, or the signal's reason.
 */
export async function unpackTarball(
  file: string,
  options: UnpackOptions,
): Promise<ReadonlyMap<string, PackageFile>> {
  const { name, folder, limits, signal } = options;
  const files = new Map<string, PackageFile>();
  const folders = new Set<string>();
  try {
    await mkdir(folder, { recursive: true });
    const tar = bounded(gunzip(createReadStream(file, { highWaterMark: 256 * 1024 })), options);
    for await (const entry of readTar(tar, signal === undefined ? {} : { signal })) {
      const path = pathOf(entry, name);
      if (path === undefined) continue;
      if (files.size >= limits.files)
        throw new NodeError('NODE_LIMIT', `${name} has more than ${limits.files} files, the limit`);
      claim(path, { files, folders, name });
      const kept = join(folder, String(files.size));
      files.set(path, await keep(entry, { path, kept, ...options }));
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof NodeError || isAbort(error)) throw error;
    throw new NodeError('NODE_PACKAGE', `the tarball of ${name} can't be unpacked: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return files;
}

async function* bounded(
  input: AsyncIterable<Uint8Array>,
  { name, limits, signal }: UnpackOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of input) {
    signal?.throwIfAborted();
    bytes += chunk.length;
    if (bytes > limits.unpackedBytes)
      throw new NodeError(
        'NODE_LIMIT',
        `${name} unpacks to more than ${limits.unpackedBytes} bytes, the limit`,
      );
    yield chunk;
  }
}

/** `undefined` for a folder. @throws NodeError for what no package may have. */
function pathOf({ name, nameBytes, type }: TarEntry, of: string): string | undefined {
  const shown = name.slice(0, 200);
  const refused = (what: string) => new NodeError('NODE_PACKAGE', `${of} has ${what}, which is refused`);
  if (type === 'directory') return undefined;
  if (type !== 'file') throw refused(`a ${type}, ${shown}`);
  const whole = tarPath(name);
  const isPlain =
    losslessName(name, nameBytes) === name && !name.split('/').includes('..') && !name.includes('\0');
  const inner = whole.ok && isPlain ? whole.path.slice(whole.path.indexOf('/') + 1) : '';
  if (!whole.ok || inner === '' || !whole.path.includes('/')) throw refused(`a file with the name ${shown}`);
  if (inner.split('/').some((part) => part.startsWith('.wh.')))
    throw refused(`a file with the name ${shown}`);
  return inner;
}

interface Taken {
  readonly files: ReadonlyMap<string, PackageFile>;
  readonly folders: Set<string>;
  readonly name: string;
}

/** @throws NodeError where the name is there already, or is a folder, or leads through a file. */
function claim(path: string, { files, folders, name }: Taken): void {
  const refused = () =>
    new NodeError('NODE_PACKAGE', `${name} has ${path.slice(0, 200)} twice, which is refused`);
  if (files.has(path) || folders.has(path)) throw refused();
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const folder = path.slice(0, at);
    if (files.has(folder)) throw refused();
    folders.add(folder);
  }
}

async function keep(
  entry: TarEntry,
  { path, kept, name, limits, signal }: UnpackOptions & { readonly path: string; readonly kept: string },
): Promise<PackageFile> {
  if (entry.size > limits.fileBytes)
    throw new NodeError(
      'NODE_LIMIT',
      `${path} of ${name} has more than ${limits.fileBytes} bytes, the limit`,
    );
  const handle = await open(kept, 'wx', 0o600).catch(unwritable);
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
    path,
    mode: (entry.mode & 0o111) === 0 ? 0o644 : 0o755,
    size: entry.size,
    sha256: hash.digest('hex'),
    facts: inspector.finish(),
    content: () => createReadStream(kept, { highWaterMark: 1024 ** 2 }),
  };
}

function unwritable(error: unknown): never {
  throw new NodeError('NODE_CACHE', `the folder for the work can't be written: ${messageOf(error)}`, {
    cause: error,
  });
}
