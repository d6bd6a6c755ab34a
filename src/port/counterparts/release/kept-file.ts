import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { type FileFacts, inspectFile } from '../../../binary/index.ts';
import { messageOf } from '../../../core/index.ts';
import { ReleaseError } from './errors.ts';

/** A file of this machine whose content is known. */
export interface KeptFile {
  readonly file: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
}

export interface KeepOptions {
  /** For errors. */
  readonly name: string;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

const pieceBytes = 1024 ** 2;

export function piecesOf(
  file: string,
  options: { readonly start?: number; readonly end?: number; readonly signal?: AbortSignal | undefined } = {},
): AsyncIterable<Uint8Array> {
  const { signal, ...range } = options;
  return createReadStream(file, { highWaterMark: pieceBytes, ...range, ...(signal && { signal }) });
}

/**
 * Writes a stream to a new file, hashed on the way.
 * @throws ReleaseError `RELEASE_LIMIT`, `RELEASE_UNREADABLE`; what the stream throws; the signal's reason.
 */
export async function keep(
  stream: AsyncIterable<Uint8Array>,
  file: string,
  { name, maxBytes, signal }: KeepOptions,
): Promise<KeptFile> {
  const handle = await guarded(file, () => open(file, 'wx', 0o600));
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of stream) {
      signal?.throwIfAborted();
      size += chunk.length;
      if (size > maxBytes)
        throw new ReleaseError('RELEASE_LIMIT', `${name} has more than ${maxBytes} bytes, the limit`);
      hash.update(chunk);
      await guarded(file, () => handle.writeFile(chunk));
    }
  } finally {
    await handle.close();
  }
  return { file, sha256: hash.digest('hex'), size };
}

async function guarded<T>(file: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new ReleaseError('RELEASE_UNREADABLE', `${file} can't be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** What a file is; `path` is its name for the inspection. @throws what reading it throws, or the signal's reason. */
export async function describe(
  file: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<KeptFile & { readonly facts: FileFacts }> {
  const { size } = await stat(file);
  const hash = createHash('sha256');
  const inspector = inspectFile({ path, size });
  for await (const chunk of piecesOf(file, { signal })) {
    hash.update(chunk);
    inspector.write(chunk);
  }
  return { file, size, sha256: hash.digest('hex'), facts: inspector.finish() };
}
