import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Inflater, type InflateState } from './inflate.ts';

/** Inflates in pieces of the given size, bringing again what was not used. */
function inflate(
  deflated: Uint8Array,
  piece = deflated.length,
): { bytes: Buffer; state: InflateState; used: number } {
  const parts: Buffer[] = [];
  const inflater = new Inflater((bytes) => {
    parts.push(Buffer.from(bytes));
    return true;
  });
  let used = 0;
  let end = 0;
  while (end < deflated.length && inflater.state === 'more') {
    end = Math.min(deflated.length, end + piece);
    used += inflater.write(deflated.subarray(used, end), end === deflated.length);
  }
  if (deflated.length === 0) inflater.write(deflated, true);
  return { bytes: Buffer.concat(parts), state: inflater.state, used };
}

const content = fc.oneof(
  fc.uint8Array({ maxLength: 5_000 }),
  fc
    .tuple(fc.array(fc.string({ maxLength: 12 }), { maxLength: 6 }), fc.integer({ min: 1, max: 9_000 }))
    .map(([words, times]) => Buffer.from(words.join(' ').repeat(times).slice(0, 300_000))),
);
const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FIXED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
  ),
});

describe('what zlib deflates is inflated', () => {
  test('in pieces of any size, and to the byte where the stream ends', () => {
    fc.assert(
      fc.property(
        content,
        options,
        fc.integer({ min: 1, max: 70_000 }),
        fc.uint8Array({ maxLength: 900 }),
        (bytes, settings, piece, behind) => {
          const deflated = deflateRawSync(bytes, settings);
          const found = inflate(Buffer.concat([deflated, behind]), piece);
          expect(found.state).toBe('done');
          expect(found.bytes.equals(bytes)).toBe(true);
          expect(found.used).toBe(deflated.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('over more than its window', () => {
    const bytes = Buffer.concat([
      Buffer.alloc(700_000, 'abcdefg'),
      Buffer.alloc(100_000),
      Buffer.from('the end'),
    ]);
    const found = inflate(deflateRawSync(bytes), 100);
    expect(found.bytes.equals(bytes)).toBe(true);
  });
});

test('it stops when nothing more is wanted', () => {
  const deflated = deflateRawSync(Buffer.alloc(1_000_000, 'text '));
  let count = 0;
  const inflater = new Inflater((bytes) => {
    count += bytes.length;
    return false;
  });
  inflater.write(deflated, true);
  expect(inflater.state).toBe('stopped');
  expect(count).toBeLessThan(2_000);
});

test('a stream that is cut off gives what came before the cut, and is called truncated', () => {
  const bytes = Buffer.from(Array.from({ length: 4_000 }, (_, at) => (at * at * 31) & 0xff));
  const deflated = deflateRawSync(bytes);
  for (const length of [0, 1, 5, 100, deflated.length - 1]) {
    const found = inflate(deflated.subarray(0, length));
    expect(found.state, `cut at ${length}`).toBe('truncated');
    expect(bytes.subarray(0, found.bytes.length).equals(found.bytes)).toBe(true);
  }
});

test.each([
  ['a block type that does not exist', [0x07]],
  ['a stored block whose length is not confirmed', [0x01, 5, 0, 5, 0, 1, 2, 3, 4, 5]],
  ['a distance before the beginning', [0x03, 0x02, 0, 0]],
])('%s is damage', (_what, bytes) => {
  expect(['broken', 'truncated']).toContain(inflate(Uint8Array.from(bytes)).state);
});

test('a damaged stream is taken or refused as zlib does', () => {
  const flips = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 7 })), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(content, options, flips, (bytes, settings, changes) => {
      const deflated = Buffer.from(deflateRawSync(bytes.subarray(0, 4_000), settings));
      for (const [at, bit] of changes) deflated[at % deflated.length]! ^= 1 << bit;
      const theirs = zlibSays(deflated);
      const found = inflate(deflated);
      expect(found.state === 'done').toBe(theirs !== undefined);
      if (theirs !== undefined) expect(found.bytes.equals(theirs)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

function zlibSays(deflated: Uint8Array): Buffer | undefined {
  try {
    return inflateRawSync(deflated, { maxOutputLength: 64 * 1024 * 1024 });
  } catch {
    return undefined;
  }
}

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      expect(inflate(bytes, 300).state).not.toBe('more');
    }),
    { numRuns: 500 },
  );
});
