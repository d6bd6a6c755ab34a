import { open } from 'node:fs/promises';
import { isAbort, messageOf } from '../../../core/index.ts';
import { gunzip, tarPath, unzstd } from '../../../layer/index.ts';
import { readTar, type TarEntry } from '../../../tar/index.ts';
import { unxz } from '../debian/xz/index.ts';
import { ReleaseError } from './errors.ts';
import { keep, piecesOf } from './kept-file.ts';
import { type ExtractOptions, NearNames, problem } from './member.ts';
import { extractFromZip } from './zip.ts';

/**
 * Takes one file out of a tar, whole or compressed by gzip, xz or zstd, or out of a zip. What it is shows in its bytes.
 * @throws ReleaseError `RELEASE_ARCHIVE`, `RELEASE_LIMIT`, or the signal's reason.
 */
export async function extractMember(archive: string, to: string, options: ExtractOptions): Promise<void> {
  const { name, signal } = options;
  try {
    const format = await formatOf(archive);
    if (format === 'zip') await extractFromZip(archive, to, options);
    else if (format === 'other')
      throw problem(options, 'it is no tar, tar.gz, tar.xz, tar.zst or zip: unpack it first');
    else await extractFromTar(bounded(unpacked(archive, format, signal), options), to, options);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ReleaseError || isAbort(error)) throw error;
    throw new ReleaseError('RELEASE_ARCHIVE', `${name} can't be unpacked: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

type Format = 'zip' | 'gzip' | 'xz' | 'zstd' | 'tar' | 'other';

async function formatOf(archive: string): Promise<Format> {
  const handle = await open(archive);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    const head = buffer.subarray(0, bytesRead).toString('latin1');
    if (head.startsWith('PK\x03\x04')) return 'zip';
    if (head.startsWith('\x1f\x8b')) return 'gzip';
    if (head.startsWith('\xfd7zXZ\0')) return 'xz';
    if (head.startsWith('\x28\xb5\x2f\xfd')) return 'zstd';
    return head.startsWith('ustar', 257) ? 'tar' : 'other';
  } finally {
    await handle.close();
  }
}

function unpacked(
  archive: string,
  format: Format,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  const bytes = piecesOf(archive, { signal });
  if (format === 'gzip') return gunzip(bytes);
  if (format === 'xz') return unxz(bytes);
  return format === 'zstd' ? unzstd(bytes) : bytes;
}

async function* bounded(
  input: AsyncIterable<Uint8Array>,
  { name, limits, signal }: ExtractOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of input) {
    signal?.throwIfAborted();
    bytes += chunk.length;
    if (bytes > limits.unpackedBytes)
      throw new ReleaseError(
        'RELEASE_LIMIT',
        `${name} unpacks to more than ${limits.unpackedBytes} bytes, the limit`,
      );
    yield chunk;
  }
}

/** Reads on to the end: a tar may have a name twice, and then nobody can tell which is meant. */
async function extractFromTar(
  tar: AsyncIterable<Uint8Array>,
  to: string,
  options: ExtractOptions,
): Promise<void> {
  const { member, limits, signal } = options;
  const near = new NearNames(member);
  let isFound = false;
  for await (const entry of readTar(tar, signal === undefined ? {} : { signal })) {
    const path = tarPath(entry.name);
    if (!path.ok) continue;
    if (path.path !== member) {
      if (entry.type === 'file') near.add(path.path);
      continue;
    }
    if (isFound) throw problem(options, `it has ${member} twice`);
    checkType(entry, options);
    await keep(entry.body, to, { name: member, maxBytes: limits.bytes, signal });
    isFound = true;
  }
  if (!isFound) throw problem(options, `it has no ${member}${near.hint()}`);
}

function checkType({ type, linkName }: TarEntry, options: ExtractOptions): void {
  if (type === 'file') return;
  const isLink = type === 'symlink' || type === 'hardlink';
  throw problem(
    options,
    isLink
      ? `${options.member} is a link to ${linkName}: name that`
      : `${options.member} is no plain file in it (${type})`,
  );
}
