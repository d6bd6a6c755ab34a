/**
 * A path's bytes: UTF-8, and of the lone surrogates U+DC80 to U+DCFF, with which a layer's facts write what isn't UTF-8,
 * the bytes they stand for (Python's PEP 383).
 */
export function pathBytes(path: string): Uint8Array {
  if (!/[\u{dc80}-\u{dcff}]/u.test(path)) return Buffer.from(path);
  const parts: Buffer[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    const isByte = code >= 0xdc80 && code <= 0xdcff;
    parts.push(isByte ? Buffer.of(code - 0xdc00) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}
