/** Texts one behind the other, each with its closing NUL. */
export interface StringTable {
  readonly bytes: Uint8Array;
  /** Where a text begins. */
  readonly offsets: ReadonlyMap<string, number>;
}

/**
 * Lays texts out as `ldconfig` has done since glibc 2.33: sorted from their ends backwards, and one that ends another lies
 * within it, so that `libz.so.1` costs nothing beside `/lib/libz.so.1`. The texts hold one byte a character.
 */
export function stringTable(texts: Iterable<string>): StringTable {
  const sorted = [...new Set(texts)]
    .map((text) => ({ text, backwards: text.split('').reverse().join('') }))
    .sort((left, right) => (left.backwards > right.backwards ? -1 : 1));
  const offsets = new Map<string, number>();
  const parts: string[] = [];
  let size = 0;
  let before: string | undefined;
  for (const { text } of sorted) {
    if (before?.endsWith(text) === true) {
      offsets.set(text, size - 1 - text.length);
      continue;
    }
    offsets.set(text, size);
    parts.push(text, '\0');
    size += text.length + 1;
    before = text;
  }
  return { bytes: Buffer.from(parts.join(''), 'latin1'), offsets };
}
