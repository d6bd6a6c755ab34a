import { RunError } from '../errors.ts';

/** All of a small file. @throws RunError `OUTPUT_WRONG` */
export async function readBounded(
  content: AsyncIterable<Uint8Array>,
  { what, maxBytes }: { readonly what: string; readonly maxBytes: number },
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > maxBytes) throw new RunError('OUTPUT_WRONG', `${what} has more than ${maxBytes} bytes`);
    chunks.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** For `put`. */
export async function* bytesOf(content: string | Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield typeof content === 'string' ? Buffer.from(content) : content;
}
