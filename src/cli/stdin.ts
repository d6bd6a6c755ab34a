import { addAbortSignal, Readable } from 'node:stream';
import { messageOf, UsageError } from '../core/index.ts';
import type { Io } from './io.ts';

const maxStdinBytes = 32 * 1024 * 1024;

/**
 * All of stdin as text.
 * @throws UsageError `USAGE` over 32 MiB or where it isn't UTF-8; the AbortError of an interruption.
 */
export async function readStdin(io: Pick<Io, 'stdin' | 'signal'>): Promise<string> {
  const stream = addAbortSignal(io.signal, Readable.from(io.stdin, { objectMode: false }));
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxStdinBytes)
      throw new UsageError('USAGE', `stdin holds more than the limit of ${maxStdinBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw new UsageError('USAGE', `stdin is not UTF-8 text: ${messageOf(error)}`, { cause: error });
  }
}
