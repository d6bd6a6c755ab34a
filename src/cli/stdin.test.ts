import { expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { readStdin } from './stdin.ts';

async function* bytes(...chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

test('characters that are split between chunks come out whole', async () => {
  const whole = new TextEncoder().encode('image: grüße\n');
  const stdin = bytes(...Array.from(whole, (_, index) => whole.subarray(index, index + 1)));
  expect(await readStdin(fakeIo({ stdin }))).toBe('image: grüße\n');
});

test('what is no UTF-8 is refused, not guessed at', async () => {
  const io = fakeIo({ stdin: bytes(Uint8Array.of(0x66, 0xff, 0xfe)) });
  await expect(readStdin(io)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('not UTF-8'),
  });
});

test('reading stops at the limit, even where the input never ends', async () => {
  async function* endless(): AsyncIterable<Uint8Array> {
    for (;;) yield new Uint8Array(1024 * 1024);
  }
  await expect(readStdin(fakeIo({ stdin: endless() }))).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('limit of 33554432 bytes'),
  });
});

test('an interruption ends the wait for input that does not come', async () => {
  const stdin: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  };
  const io = fakeIo({ stdin });
  const reading = readStdin(io);
  io.abort.abort();
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
});
