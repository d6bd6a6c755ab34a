import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { CallOptions } from '../types.ts';

/**
 * Writes a stream into a new file. Opened before anything is read and closed before it returns, also when it fails: so a
 * caller that removes the file then knows it is gone (a write stream may still create it afterwards).
 */
export async function writeFresh(
  path: string,
  source: AsyncIterable<Uint8Array>,
  options: CallOptions = {},
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await pipeline(
      source,
      async (chunks: AsyncIterable<Uint8Array>) => {
        for await (const chunk of chunks) await file.appendFile(chunk);
      },
      options.signal === undefined ? {} : { signal: options.signal },
    );
  } finally {
    await file.close();
  }
}
