import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksumBytes } from './format.ts';
import { type PackageIndex, readIndex } from './read-index.ts';

const key = 'ab'.repeat(32);
const [sha256, md5] = ['cd'.repeat(32), 'ef'.repeat(16)];
const control = Buffer.from('Package: x\nVersion: 1\nArchitecture: all\n').toString('base64');
const rows: readonly unknown[] = [
  [1, 'usr', 0o755, 0, 0, 1.5, 0, {}],
  [0, 'usr/a', 0o644, 0, 0, 1, 7, { h: [sha256, md5], x: { 'user.x': 'eA==' }, f: { kind: 'text' } }],
  [3, 'usr/b', 1, 'usr/a'],
  [2, 'usr/c', 0o777, 0, 0, 1, 0, { l: 'b' }],
  [0, 'usr/d', 0o644, 0, 0, -1, 5, { h: [sha256, md5] }],
  [4, 'dev/x', 0o644, 0, 0, 1, 0, { d: [1, 3] }],
];
const good = { version: 1, rows, package: key, bodyBytes: 12, control: [['control', control]] };

/** A document with its right checksum, as if its writer had meant it so. */
function read(document: unknown): PackageIndex | undefined {
  const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
  return readIndex(Buffer.concat([createHash('sha256').update(bytes).digest(), bytes]), key);
}

test('an index says where each body is', () => {
  const index = read(good);
  expect(index?.files.map(({ path, offset, size }) => [path, offset, size])).toEqual([
    ['usr', undefined, 0],
    ['usr/a', 0, 7],
    ['usr/b', 0, 7],
    ['usr/c', undefined, 0],
    ['usr/d', 7, 5],
    ['dev/x', undefined, 0],
  ]);
});

test.each<[string, unknown]>([
  ['another version', { ...good, version: 2 }],
  ['another package', { ...good, package: sha256 }],
  ['other bodies', { ...good, bodyBytes: 13 }],
  ['no control file', { ...good, control: [] }],
  ['a hard link to a later row', { ...good, rows: rows.toSpliced(2, 1, [3, 'usr/b', 4, 'usr/d']) }],
  ['a hard link to a directory', { ...good, rows: rows.toSpliced(2, 1, [3, 'usr/b', 0, 'usr']) }],
  ['a path out of the root', { ...good, rows: rows.toSpliced(0, 1, [1, '../x', 0, 0, 0, 0, 0, {}]) }],
  ['an absolute path', { ...good, rows: rows.toSpliced(0, 1, [1, '/x', 0, 0, 0, 0, 0, {}]) }],
  ['an unknown kind', { ...good, rows: rows.toSpliced(0, 1, [7, 'x', 0, 0, 0, 0, 0, {}]) }],
  [
    'a negative size',
    { ...good, rows: rows.toSpliced(4, 1, [0, 'x', 0, 0, 0, 0, -5, { h: [sha256, md5] }]) },
  ],
  ['no hash', { ...good, rows: rows.toSpliced(4, 1, [0, 'usr/d', 0, 0, 0, 0, 5, {}]) }],
  ['no rows', { version: 1, rows: {} }],
  ['rows that are none', { ...good, rows: [null] }],
  ['no JSON', '{"version":1,"rows":['],
])('%s is no index', (_what, document) => {
  expect(read(document)).toBeUndefined();
});

test('no bytes make reading fail, and none are taken without their checksum', () => {
  const bytes = Buffer.from(JSON.stringify(good));
  const whole = Buffer.concat([createHash('sha256').update(bytes).digest(), bytes]);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bad = Buffer.from(whole);
      bad[at] = (bad[at] ?? 0) ^ mask;
      expect(readIndex(bad, key)).toBeUndefined();
    }),
  );
  for (let length = 0; length < whole.length; length++)
    expect(readIndex(whole.subarray(0, length), key)).toBeUndefined();
  expect(readIndex(new Uint8Array(checksumBytes), key)).toBeUndefined();
});

test('whatever a document holds, what is read of it is whole', () => {
  const anyRow = fc.oneof(
    fc.constantFrom(...rows),
    fc.array(fc.jsonValue(), { maxLength: 9 }),
    fc.jsonValue(),
  );
  const property = fc.property(fc.array(anyRow, { maxLength: 8 }), fc.nat(30), (some, bodyBytes) => {
    const index = read({ ...good, rows: some, bodyBytes });
    if (index === undefined) return;
    for (const { kind, size, offset } of index.files) {
      if (kind !== 'file' && kind !== 'hardlink') continue;
      expect((offset ?? Number.NaN) + size).toBeLessThanOrEqual(index.bodyBytes);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
