import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { file } from '../../fixture/index.ts';
import { subjectOf } from '../subject.test-support.ts';
import { parseLdCache } from './ld-cache.ts';
import { configuredDirectories } from './ld-conf.ts';
import { ldCache } from './loader.test-support.ts';
import { loaderTexts } from './loader-texts.ts';
import { expandTokens } from './tokens.ts';

const lines = [
  { name: 'liba.so.1', path: '/lib/liba.so.1' },
  { name: 'liba.so.1', path: '/old/liba.so.1', flags: 0x0303 },
  { name: 'libb.so.2', path: '/usr/lib/libb.so.2', hwcap: 1n << 62n },
];

/** The old format, alone or with the new one behind it (glibc, elf/cache.c). */
function oldCache(entries: typeof lines, behind: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(16 + 12 * entries.length);
  head.write('ld.so-1.7.0');
  head.writeUInt32LE(entries.length, 12);
  let strings = '';
  for (const [index, { name, path, flags = 0x0a03 }] of entries.entries()) {
    head.writeUInt32LE(flags, 16 + 12 * index);
    head.writeUInt32LE(strings.length, 20 + 12 * index);
    strings += `${name}\0`;
    head.writeUInt32LE(strings.length, 24 + 12 * index);
    strings += `${path}\0`;
  }
  if (behind.length === 0) return Buffer.concat([head, Buffer.from(strings)]);
  return Buffer.concat([head, Buffer.alloc(-head.length & 7), behind]);
}

function entriesOf(bytes: Uint8Array) {
  const cache = parseLdCache(bytes, 'little');
  return 'entries' in cache ? Object.fromEntries(cache.entries) : cache;
}

describe('ld.so.cache', () => {
  const expected = {
    'liba.so.1': [
      { path: '/lib/liba.so.1', flags: 0x0a03, isSpecial: false },
      { path: '/old/liba.so.1', flags: 0x0303, isSpecial: false },
    ],
    'libb.so.2': [{ path: '/usr/lib/libb.so.2', flags: 0x0a03, isSpecial: true }],
  };

  test('is read in the new format, alone and behind the old one', () => {
    expect(entriesOf(ldCache(lines))).toEqual(expected);
    expect(entriesOf(oldCache([], ldCache(lines)))).toEqual(expected);
    expect(entriesOf(oldCache(lines.slice(0, 1), ldCache(lines)))).toEqual(expected);
  });

  test('is read in the old format', () => {
    expect(entriesOf(oldCache(lines.slice(0, 1)))).toEqual({ 'liba.so.1': [expected['liba.so.1'][0]] });
  });

  test.each([
    ['an empty file', Buffer.alloc(0)],
    ['a text', Buffer.from('liba.so.1 => /lib/liba.so.1\n')],
    ['one that is cut off', ldCache(lines).subarray(0, 100)],
    ['one of the other byte order', Buffer.from(ldCache(lines)).fill(3, 28, 29)],
  ])('%s is unusable', (_, bytes) => {
    expect(entriesOf(bytes)).toHaveProperty('unusable');
  });

  test('that would need too much memory is not read', () => {
    const long = Buffer.alloc(4000, 'x').toString();
    const many = ldCache(Array.from({ length: 20_000 }, () => ({ name: 'a', path: '' })));
    const bytes = Buffer.concat([many, Buffer.from(`${long}\0`)]);
    for (let index = 0; index < 20_000; index++) bytes.writeUInt32LE(many.length, 48 + 24 * index + 8);
    expect(entriesOf(bytes)).toHaveProperty('unread');
  });

  test('never throws, whatever the bytes', () => {
    const seeds = [ldCache(lines), oldCache(lines), oldCache(lines, ldCache(lines))];
    const flipped = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        fc.nat(),
      )
      .map(([seed, changes, end]) => {
        const bytes = Buffer.from(seed);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return end % 3 === 0 ? bytes.subarray(0, end % (bytes.length + 1)) : bytes;
      });
    const property = fc.property(
      fc.oneof(flipped, fc.uint8Array({ maxLength: 300 })),
      fc.constantFrom('little' as const, 'big' as const),
      (bytes, endian) => {
        const cache = parseLdCache(bytes, endian);
        expect('entries' in cache || 'unusable' in cache || 'unread' in cache).toBe(true);
      },
    );
    fc.assert(property, { numRuns: 3000 });
  });
});

describe("a loader's texts", () => {
  const bytes = (...parts: readonly string[]) => Buffer.from(parts.join(''), 'latin1');

  test('directories stand one right behind the other, with anything before them', () => {
    const found = loaderTexts(
      bytes('\u0001\u00ff/lib/x-linux-gnu/\0/usr/lib/\0\0\0/other/lib/\0', '/etc/ld.so.cache\0lib64\0'),
    );
    expect(found).toEqual({
      directories: ['/lib/x-linux-gnu', '/usr/lib'],
      cache: '/etc/ld.so.cache',
      lib: 'lib64',
    });
  });

  test('one directory alone counts too', () => {
    expect(loaderTexts(bytes('\0/nix/store/abc-glibc-2.38/lib/\0')).directories).toEqual([
      '/nix/store/abc-glibc-2.38/lib',
    ]);
  });

  test("musl's path is told from other lists", () => {
    const found = loaderTexts(
      bytes('/usr/local/bin:/bin\0', '/lib:/usr/lib\0', '%.*s/etc/ld-musl-x86_64.path\0'),
    );
    expect(found).toEqual({ directories: [], searchPath: '/lib:/usr/lib', pathFileMachine: 'x86_64' });
  });

  test('any bytes are read in a time that grows with them', () => {
    const slashes = Buffer.alloc(4_000_000, '/lib/');
    const texts = Buffer.alloc(4_000_000, '/lib/\0');
    const start = performance.now();
    loaderTexts(slashes);
    expect(loaderTexts(texts).directories.length).toBeLessThan(100);
    expect(performance.now() - start).toBeLessThan(3000);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (some) => void loaderTexts(some)));
  });
});

test('ld.so.conf: directories with the files that name them, includes followed once', async () => {
  const { view } = await subjectOf({
    layers: [
      [
        file(
          'etc/ld.so.conf',
          '/opt/lib # mine\ninclude ld.so.conf.d/*.conf\ninclude /etc/ld.so.conf\nhwcap 0 nosegneg\n',
        ),
        file('etc/ld.so.conf.d/a.conf', '/usr/local/lib//\n/opt/x=libc6\n'),
        file('etc/ld.so.conf.d/b.txt', '/not/this\n'),
      ],
    ],
  });
  expect(Object.fromEntries(configuredDirectories(view))).toEqual({
    '/opt/lib': '/etc/ld.so.conf',
    '/usr/local/lib': '/etc/ld.so.conf.d/a.conf',
    '/opt/x': '/etc/ld.so.conf.d/a.conf',
  });
});

test('a token without a value leaves the path unknown', () => {
  expect(expandTokens('/x/$PLATFORM', { origin: '/', lib: 'lib' })).toEqual({ unknown: '$PLATFORM' });
  expect(expandTokens('$FOO/$', { origin: '/', lib: 'lib' })).toEqual({ path: '$FOO/$', usesOrigin: false });
});
