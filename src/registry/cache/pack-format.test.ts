import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Digest, digestOf, mediaTypes } from '../../oci/index.ts';
import type { Content } from './content.ts';
import { encodeFrame, entriesOf } from './pack-format.ts';

const content = fc.record({
  bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  mediaType: fc.constantFrom('', mediaTypes.ociManifest, mediaTypes.dockerList),
  algorithm: fc.constantFrom('sha256' as const, 'sha512' as const),
});
const frames = fc.array(fc.array(content, { minLength: 1, maxLength: 4 }), { maxLength: 4 });

function keyed(entries: readonly (Content & { algorithm: 'sha256' | 'sha512' })[]): Map<Digest, Content> {
  return new Map(
    entries.map(({ bytes, mediaType, algorithm }) => [digestOf(bytes, algorithm), { bytes, mediaType }]),
  );
}

/** What can be read back and checked, as the store does. */
function readBack(pack: Buffer): [Digest, Content][] {
  const read = (offset: number, length: number) => pack.subarray(offset, offset + length);
  return [...entriesOf(read, pack.length)].flatMap(({ digest, mediaType, offset, size }) => {
    const bytes = read(offset, size);
    const algorithm = digest.startsWith('sha512') ? 'sha512' : 'sha256';
    const isRight = bytes.length === size && digestOf(bytes, algorithm) === digest;
    return isRight ? [[digest, { bytes, mediaType }] as [Digest, Content]] : [];
  });
}

describe('a pack', () => {
  test('gives back what was put in, frame after frame, and says where it stands', () => {
    fc.assert(
      fc.property(frames, (some) => {
        const kept = some.map(keyed);
        const encoded = kept.map(encodeFrame);
        expect(readBack(Buffer.concat(encoded.map(({ frame }) => frame)))).toEqual(
          kept.flatMap((entries) => [...entries]),
        );
        for (const { frame, placed } of encoded)
          expect([
            ...entriesOf((offset, length) => frame.subarray(offset, offset + length), frame.length),
          ]).toEqual(placed);
      }),
    );
  });

  test('torn at any byte gives a part of what was put in, in order', () => {
    fc.assert(
      fc.property(frames, (some) => {
        const kept = some.map(keyed);
        const all = kept.flatMap((entries) => [...entries]);
        const pack = Buffer.concat(kept.map((entries) => encodeFrame(entries).frame));
        let most = 0;
        for (let length = 0; length <= pack.length; length++) {
          const found = readBack(pack.subarray(0, length));
          expect(found).toEqual(all.slice(0, found.length));
          expect(found.length).toBeGreaterThanOrEqual(most);
          most = found.length;
        }
        expect(most).toBe(all.length);
      }),
      { numRuns: 20 },
    );
  });

  test('with any one byte changed gives only what was put in, under its own media type', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 255 }), (some, change) => {
        const kept = some.map(keyed);
        const all = kept.flatMap((entries) => [...entries]);
        const texts = new Set(all.map((entry) => JSON.stringify(entry)));
        const pack = Buffer.concat(kept.map((entries) => encodeFrame(entries).frame));
        for (let at = 0; at < pack.length; at++) {
          const changed = Buffer.from(pack);
          changed[at] = (changed[at] ?? 0) ^ change;
          const found = readBack(changed);
          expect(found.length).toBeLessThan(all.length);
          for (const entry of found) expect(texts).toContain(JSON.stringify(entry));
        }
      }),
      { numRuns: 10 },
    );
  });

  test('of any bytes ends', () => {
    const start = encodeFrame(
      new Map([[digestOf(Buffer.from('a')), { bytes: Buffer.from('a'), mediaType: '' }]]),
    ).frame.subarray(0, 4);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isFrame) => {
        expect(readBack(isFrame ? Buffer.concat([start, bytes]) : Buffer.from(bytes))).toEqual([]);
      }),
    );
  });
});
