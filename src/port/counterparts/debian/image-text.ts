import { losslessName, type MergedView, type ViewEntry } from '../../../layer/index.ts';

/** A file of an image. `unread`: it's there, but no file, or its content was not kept. */
export type ImageFile =
  | { readonly kind: 'read'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: 'missing'; readonly path: string }
  | { readonly kind: 'unread'; readonly path: string };

/** The content of a kept file, links followed. */
export function imageFile(view: MergedView, path: string): ImageFile {
  const resolved = view.resolve(path);
  if (!resolved.found) return { kind: resolved.reason === 'too-many-links' ? 'unread' : 'missing', path };
  const bytes = view.content(resolved.entry);
  return bytes === undefined ? { kind: 'unread', path } : { kind: 'read', path, bytes };
}

/** What is in a folder, links on the way to it followed. */
export function imageFolder(view: MergedView, path: string): readonly ViewEntry[] {
  const resolved = view.resolve(path);
  return resolved.found ? view.list(resolved.entry.path) : [];
}

/** The lines that hold something. Names that aren't UTF-8 are spelled as the view spells them. */
export function linesOf(bytes: Uint8Array): readonly string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const lines: string[] = [];
  for (let at = 0; at < buffer.length; ) {
    const newline = buffer.indexOf(0x0a, at);
    const line = buffer.subarray(at, newline < 0 ? buffer.length : newline);
    if (line.length > 0) lines.push(losslessName(line.toString('utf8'), line));
    at += line.length + 1;
  }
  return lines;
}
