import { pathBytes } from '../assembly/write/path-bytes.ts';

/** A line of the cache. Texts hold one byte a character. */
export interface CachedLibrary {
  readonly name: string;
  readonly path: string;
  /** The `glibc-hwcaps` level it's for. */
  readonly hwcaps?: string;
}

/** A text of a view, one byte a character, as the loader sees it. */
export function bytesText(text: string): string {
  return Buffer.from(pathBytes(text)).toString('latin1');
}
