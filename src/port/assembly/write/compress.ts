import { createGzip, type Gzip } from 'node:zlib';

/** Fixed, as is zlib's default elsewhere: other levels would give other blobs. */
export const gzipLevel = 6;

/** Of the pieces that go into zlib, and come out of each turn on its thread. */
const pieceBytes = 256 * 1024;

/** A compressor whose output depends on the input, its pieces, and zlib's version only. */
export function newGzip(): Gzip {
  return createGzip({ level: gzipLevel, chunkSize: pieceBytes });
}

/** Sets the system in gzip's header to 255, unknown, whatever this one is (RFC 1952, 2.3.1). */
export async function* withoutSystem(
  gzip: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = 0;
  for await (const chunk of gzip) {
    const at = 9 - position;
    if (at >= 0 && at < chunk.length) chunk[at] = 255;
    position += chunk.length;
    yield chunk;
  }
}

/** The same bytes in equal pieces, however they come. */
export async function* inPieces(
  input: AsyncIterable<Uint8Array>,
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
