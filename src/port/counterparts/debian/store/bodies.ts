import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../../../../core/index.ts';
import { DebianError } from '../errors.ts';

/** Read at once. */
const pieceBytes = 256 * 1024;

export interface Slice {
  readonly offset: number;
  readonly size: number;
  readonly sha256: string;
  /** For errors. */
  readonly name: string;
  /** Called before an error that reading again won't mend. */
  readonly onDamage: () => Promise<void>;
}

/**
 * Reads one body out of a file of bodies. Its last piece comes only if the hash is right.
 * @throws DebianError `DEBIAN_CACHE`.
 */
export async function* readSlice(path: string, slice: Slice): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(slice, messageOf(error), error);
  });
  try {
    yield* checked(piecesOf(file, slice), slice);
  } finally {
    await file.close();
  }
}

async function* piecesOf(file: FileHandle, { offset, size }: Slice): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < size; ) {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, offset + at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

async function* checked(
  pieces: AsyncIterable<Buffer>,
  slice: Slice,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let held: Uint8Array | undefined;
  for await (const piece of pieces) {
    hash.update(piece);
    if (held !== undefined) yield held;
    held = piece;
  }
  if (hash.digest('hex') !== slice.sha256) {
    await slice.onDamage();
    throw unreadable(slice, 'it was damaged');
  }
  if (held !== undefined) yield held;
}

function unreadable({ name }: Slice, problem: string, cause?: unknown): DebianError {
  return new DebianError('DEBIAN_CACHE', `the stored ${name} can't be read: ${problem}`, {
    cause,
    hint: 'Run it again: its package is unpacked afresh.',
  });
}
