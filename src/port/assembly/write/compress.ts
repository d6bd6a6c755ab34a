import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Fixed, as is zlib's default elsewhere: other levels would give other blobs. */
export const gzipLevel = 6;

/** What a member holds, uncompressed. Larger ones compress hardly better, and smaller ones cost more headers. */
const memberBytes = 1 << 20;

/** At most so many are compressed at a time, whatever the machine: each holds its input and output in memory. */
const maxAtOnce = 8;

const compress = promisify<Uint8Array, { level: number }, Buffer>(gzip);

/**
 * As gzip members of equal pieces, one after the other, which RFC 1952 (2.2) allows and readers take as one: so several are
 * made at a time. The output depends on the input and zlib's version only, not on how the input comes or on the machine.
 */
export async function* compressed(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const atOnce = Math.min(maxAtOnce, availableParallelism() + 1);
  const begun: Promise<Buffer>[] = [];
  try {
    let members = 0;
    for await (const piece of inPieces(input, memberBytes)) {
      begun.push(member(piece));
      members += 1;
      if (begun.length >= atOnce) yield await (begun.shift() as Promise<Buffer>);
    }
    if (members === 0) begun.push(member(new Uint8Array()));
    while (begun.length > 0) yield await (begun.shift() as Promise<Buffer>);
  } finally {
    // Nobody waits for what is left when the reader stops.
    await Promise.allSettled(begun);
  }
}

async function member(piece: Uint8Array): Promise<Buffer> {
  const bytes = await compress(piece, { level: gzipLevel });
  // The system in the header: 255, unknown, whatever this one is (RFC 1952, 2.3.1).
  bytes[9] = 255;
  return bytes;
}

/** The same bytes in equal pieces, however they come. */
export async function* inPieces(
  input: AsyncIterable<Uint8Array>,
  pieceBytes = 256 * 1024,
): AsyncGenerator<Uint8Array, void, undefined> {
  let piece = Buffer.allocUnsafe(pieceBytes);
  let filled = 0;
  for await (const chunk of input)
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + pieceBytes - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < pieceBytes) continue;
      yield piece;
      piece = Buffer.allocUnsafe(pieceBytes);
      filled = 0;
    }
  if (filled > 0) yield piece.subarray(0, filled);
}
