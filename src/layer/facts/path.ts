/** Linux: PATH_MAX with its closing NUL, NAME_MAX. */
const maxPathBytes = 4095;
const maxNameBytes = 255;

export type TarPath =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly reason: 'path-escapes' | 'path-too-long' };

/**
 * A tar name as a path from the root: leading `/` and `./` dropped, `.` and inner `..` resolved. A name that climbs out
 * of the root is refused.
 */
export function tarPath(name: string): TarPath {
  if (name.length > maxPathBytes && Buffer.byteLength(name) > maxPathBytes)
    return { ok: false, reason: 'path-too-long' };
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) return { ok: false, reason: 'path-escapes' };
    } else if (part.length > maxNameBytes / 4 && Buffer.byteLength(part) > maxNameBytes)
      return { ok: false, reason: 'path-too-long' };
    else parts.push(part);
  }
  return { ok: true, path: parts.join('/') };
}

/**
 * The name as text that no other name shares: bytes that aren't UTF-8 become lone surrogates, U+DC80 to U+DCFF, as in
 * Python's PEP 383.
 */
export function losslessName(name: string, bytes: Uint8Array): string {
  if (!name.includes('\ufffd') || Buffer.from(name).equals(bytes)) return name;
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
    else text += Buffer.from(bytes.subarray(at, at + length)).toString();
    at += Math.max(1, length);
  }
  return text;
}

/** Bytes of the UTF-8 character at this place; 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    const part = Buffer.from(bytes.subarray(at, at + length));
    const character = part.toString();
    if (Buffer.from(character).equals(part)) return length;
  }
  return 0;
}

/** The directory a path is in, and its last part. */
export function splitPath(path: string): readonly [parent: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}
