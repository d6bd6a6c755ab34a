import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zipOf } from '../../../binary/archives.test-support.ts';
import { extractFromZip } from '../release/zip.ts';
import { exchange } from './exchange.ts';
import { temporary } from './java.test-support.ts';
import { bytesInZip } from './zip-text.ts';

const limits = { bytes: 1 << 20, unpackedBytes: 1 << 20, time: 1000 };

async function contentOf(archive: string, member: string): Promise<Buffer> {
  const to = join(temporary(), 'x');
  await extractFromZip(archive, to, { name: 'x', member, limits });
  return readFileSync(to);
}

describe('an archive with other content for some of its files', () => {
  const entry = fc.record({
    text: fc.string({ maxLength: 200 }),
    isPacked: fc.boolean(),
    descriptor: fc.boolean(),
  });

  test('has that content, and everything else as it was, whatever stands around it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 3 }),
        fc.tuple(fc.string({ maxLength: 50 }), fc.uint8Array({ maxLength: 500 })),
        async (specs, chosen, [prefix, bytes]) => {
          const folder = temporary();
          const [archive, to, given] = ['old', 'new', 'given'].map((name) => join(folder, name)) as [
            string,
            string,
            string,
          ];
          const entries = specs.map(({ text, isPacked, descriptor }, index) => {
            const data = Buffer.from(text);
            const method = isPacked ? (8 as const) : (0 as const);
            return {
              name: `d/${index}`,
              data: isPacked ? deflateRawSync(data) : data,
              method,
              size: data.length,
              descriptor,
            };
          });
          writeFileSync(archive, zipOf(entries, Buffer.from(prefix)));
          writeFileSync(given, bytes);
          const names = new Set(chosen.map((index) => `d/${index % specs.length}`));
          expect(
            await exchange(archive, to, new Map([...names].map((name) => [name, given]))),
          ).toBeUndefined();
          for (const [index, { text }] of specs.entries()) {
            const name = `d/${index}`;
            const expected = names.has(name) ? Buffer.from(bytes) : Buffer.from(text);
            expect(await contentOf(to, name)).toEqual(expected);
          }
          expect(readFileSync(to).subarray(0, prefix.length)).toEqual(
            readFileSync(archive).subarray(0, prefix.length),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test('says the sum and the method of what came in its headers', async () => {
    const folder = temporary();
    const [archive, to, given] = ['old', 'new', 'given'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(
      archive,
      zipOf([
        { name: 'a', data: Buffer.from('old') },
        { name: 'b', data: Buffer.from('b') },
      ]),
    );
    writeFileSync(given, 'much longer than before');
    await exchange(archive, to, new Map([['a', given]]));
    const made = readFileSync(to);
    const sum = crc32('much longer than before');
    expect([made.readUInt16LE(8), made.readUInt32LE(14), made.readUInt32LE(18)]).toEqual([0, sum, 23]);
    expect(made.subarray(31, 54).toString()).toBe('much longer than before');
    expect(made.readUInt32LE(made.indexOf('PK\x01\x02') + 16)).toBe(sum);
    expect((await bytesInZip(to, /^b$/, 10))?.toString()).toBe('b');
  });

  test.each([
    [
      'it is signed',
      zipOf([
        { name: 'a', data: Buffer.from('a') },
        { name: 'META-INF/X.RSA', data: Buffer.from('x') },
      ]),
    ],
    ['it is a zip of another kind', Buffer.from('no zip')],
    [
      'it is a zip of another kind',
      zipOf([
        { name: 'a', data: Buffer.from('a') },
        { name: 'a', data: Buffer.from('b') },
      ]),
    ],
    ['it has no such file', zipOf([{ name: 'b', data: Buffer.from('a') }])],
    ['packs it in another way', zipOf([{ name: 'a', data: Buffer.from('a'), method: 12 }])],
  ])('is not made where %s', async (why, bytes) => {
    const folder = temporary();
    writeFileSync(join(folder, 'old'), bytes);
    writeFileSync(join(folder, 'given'), 'x');
    const failed = await exchange(
      join(folder, 'old'),
      join(folder, 'new'),
      new Map([['a', join(folder, 'given')]]),
    );
    expect(failed).toContain(why);
  });
});
