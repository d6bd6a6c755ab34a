import type { Readable } from 'node:stream';
import type { Clock } from '../../core/index.ts';

interface ErrorBounds {
  readonly maxBytes: number;
  /** In the clock's milliseconds. */
  readonly deadline: number;
  readonly clock: Clock;
}

/** Reads the body of an error that came where a stream was wanted. Empty where it's too long or too slow to matter. */
export async function readErrorBody(body: Readable, bounds: ErrorBounds): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the body.
    if (size > bounds.maxBytes || bounds.clock.now() > bounds.deadline) return new Uint8Array();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Lets go of a body that nobody wants, and of its connection. */
export function discard(body: Readable): void {
  body.on('error', () => undefined);
  body.destroy();
}
