import { createHash } from 'node:crypto';
import { pathBytes } from '../../../assembly/write/path-bytes.ts';
import type { NewContent } from '../../../plan-types.ts';

/** Content that is made here and held in memory. */
export function madeContent(bytes: Uint8Array, origin: string): NewContent {
  return {
    content: async function* () {
      yield bytes;
    },
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    origin,
  };
}

/** Lines as bytes, each closed by a newline; names that aren't UTF-8 as they were. */
export function bytesOfLines(lines: readonly string[]): Uint8Array {
  return pathBytes(lines.map((line) => `${line}\n`).join(''));
}
