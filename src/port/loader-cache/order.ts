import type { CachedLibrary } from './types.ts';

/**
 * Compares library names as the loader's search does: runs of digits as numbers, everything else byte by byte, a digit
 * after anything else (`_dl_cache_libcmp` of glibc). The texts hold one byte a character. Numbers are 32 bits wide and
 * wrap, there as here: the loader finds nothing in a list that is sorted otherwise.
 */
export function compareNames(left: string, right: string): number {
  let l = 0;
  let r = 0;
  while (l < left.length) {
    const [one, other] = [byteAt(left, l), byteAt(right, r)];
    if (isDigit(one) && isDigit(other)) {
      const [first, second] = [numberAt(left, l), numberAt(right, r)];
      if (first.value !== second.value) return (first.value - second.value) | 0;
      [l, r] = [first.end, second.end];
    } else if (isDigit(one)) return 1;
    else if (isDigit(other)) return -1;
    else if (one !== other) return one - other;
    else {
      l += 1;
      r += 1;
    }
  }
  return 0 - byteAt(right, r);
}

/** 0 behind the end. */
function byteAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function numberAt(text: string, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let end = start;
  for (; isDigit(byteAt(text, end)); end += 1) value = (Math.imul(value, 10) + byteAt(text, end) - 0x30) | 0;
  return { value, end };
}

/** The order of a cache: names backwards, and of one name those for special processors first, by their level's name. */
export function compareLibraries(left: CachedLibrary, right: CachedLibrary): number {
  const names = compareNames(right.name, left.name);
  if (names !== 0) return names;
  if (left.hwcaps === right.hwcaps) return 0;
  if (left.hwcaps === undefined) return 1;
  return right.hwcaps === undefined || left.hwcaps < right.hwcaps ? -1 : 1;
}
