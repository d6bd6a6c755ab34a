import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compressed } from './compress.ts';

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function gzipped(input: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of compressed(input)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Three members and a piece. */
const content = Buffer.from(Array.from({ length: (3 << 20) + 17 }, (_, at) => (at * at) >> 7));

test('what is compressed in members reads back as one', async () => {
  expect(gunzipSync(await gzipped(cut(content, [65_536]))).equals(content)).toBe(true);
});

test('the bytes do not depend on how the content comes', async () => {
  const expected = await gzipped(cut(content, [content.length]));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1000, max: 2_000_000 }), { minLength: 1 }), async (sizes) => {
      expect((await gzipped(cut(content, sizes))).equals(expected)).toBe(true);
    }),
    { numRuns: 5 },
  );
});

test('nothing is a member too, so that it is gzip', async () => {
  const nothing = await gzipped(cut(Buffer.alloc(0), [1]));
  expect(gunzipSync(nothing)).toHaveLength(0);
  expect(nothing[9]).toBe(255);
});

test('what fails while it comes fails the compression, and nothing is left running', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield content;
    throw new Error('the source broke off');
  }
  await expect(gzipped(broken())).rejects.toThrow('the source broke off');
});
