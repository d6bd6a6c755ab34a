import { constants, isUtf8 } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';

/** What a file holds, or why its text isn't taken. */
export type FileText =
  | { readonly kind: 'text'; readonly text: string; readonly validUtf8: boolean }
  | { readonly kind: 'binary' }
  | { readonly kind: 'too-large'; readonly limit: number }
  | { readonly kind: 'special' };

/** Bytes looked at to tell a binary file. */
const firstBlock = 8192;

export interface ReadTextOptions {
  readonly maxBytes: number;
  /** Take pipes too: a shell's `<(command)` is one. Only for files that a person named. */
  readonly pipes?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a text file within bounds. @throws what the file system throws. */
export async function readText(path: string, options: ReadTextOptions): Promise<FileText> {
  const limit = Math.min(options.maxBytes, constants.MAX_LENGTH);
  const file = await open(path, 'r');
  try {
    const stat = await file.stat();
    if (!stat.isFile() && !(options.pipes === true && stat.isFIFO())) return { kind: 'special' };
    const head = await readBlock(
      file,
      Buffer.alloc(stat.isFile() ? Math.min(firstBlock, stat.size + 1) : firstBlock),
    );
    if (isBinary(head)) return { kind: 'binary' };
    if (stat.isFile() && stat.size > limit) return { kind: 'too-large', limit };
    const bytes = await readRest(file, head, { size: stat.size, limit, signal: options.signal });
    return bytes === undefined ? { kind: 'too-large', limit } : decode(bytes);
  } finally {
    await file.close();
  }
}

async function readBlock(file: FileHandle, buffer: Buffer): Promise<Buffer> {
  const { bytesRead } = await file.read(buffer, 0, buffer.length);
  return buffer.subarray(0, bytesRead);
}

/** Reads to the end, whatever size was announced; `undefined` beyond the limit. */
async function readRest(
  file: FileHandle,
  head: Buffer,
  bounds: { readonly size: number; readonly limit: number; readonly signal: AbortSignal | undefined },
): Promise<Buffer | undefined> {
  const parts = [head];
  let total = head.length;
  while (total <= bounds.limit) {
    bounds.signal?.throwIfAborted();
    const wanted = Math.min(Math.max(bounds.size - total, 0) + 1, 4 * 1024 * 1024);
    const block = await readBlock(file, Buffer.allocUnsafe(Math.max(wanted, 4096)));
    if (block.length === 0) return parts.length === 1 ? head : Buffer.concat(parts, total);
    parts.push(block);
    total += block.length;
  }
  return undefined;
}

/** UTF-16 with a byte order mark is what PowerShell's `>` writes, so its zero bytes don't make a file binary. */
function isBinary(head: Buffer): boolean {
  return !isUtf16(head) && head.includes(0);
}

function isUtf16(bytes: Buffer): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xfe;
}

function decode(bytes: Buffer): FileText {
  if (isUtf16(bytes)) return { kind: 'text', text: bytes.toString('utf16le', 2), validUtf8: true };
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return { kind: 'text', text: bytes.toString('utf8', hasMark ? 3 : 0), validUtf8: isUtf8(bytes) };
}
