import { LayerError } from '../errors.ts';

/** Half of a character on its own: a byte that isn't UTF-8 (see `losslessName`). */
const loneByte = /[\u{DC80}-\u{DCFF}]/u;
const bytePart = /([\u{DC80}-\u{DCFF}])/u;

/** A text of the view as the bytes the file system is to get. */
export function nameBytes(text: string): Buffer {
  if (!loneByte.test(text)) return Buffer.from(text);
  const parts = text
    .split(bytePart)
    .map((part) => (bytePart.test(part) ? Buffer.of(part.charCodeAt(0) - 0xdc00) : Buffer.from(part)));
  return Buffer.concat(parts);
}

/**
 * Where a path of the view goes below a root.
 * @throws LayerError `LAYER_MALFORMED` for a name that isn't one: the view has none of them.
 */
export function placeIn(root: string, path: string): Buffer {
  for (const name of path.split('/'))
    if (name === '' || name === '.' || name === '..' || name.includes('\0'))
      throw new LayerError(
        'LAYER_MALFORMED',
        `the image's path ${JSON.stringify(path.slice(0, 300))} can't be unpacked: ${JSON.stringify(name)} is no name`,
      );
  return Buffer.concat([Buffer.from(`${root}/`), nameBytes(path)]);
}
