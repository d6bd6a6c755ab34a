import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { executable, file, writeElf } from '../../fixture/index.ts';
import { readCacheFlags } from './cache-flags.ts';
import { cacheOf, factsOf, kindsOf, program, x86Program } from './facts.test-support.ts';

const app = executable('app', program);

describe('labels', () => {
  const labelled = (labels: Record<string, string>, platform?: string) =>
    factsOf({ config: { Labels: labels }, layers: [[]], ...(platform === undefined ? {} : { platform }) });

  test.each(['architecture', 'org.example.arch', 'com.example/Architecture'])('%s', async (name) => {
    expect(await labelled({ [name]: 'x86_64' })).toMatchObject([
      { kind: 'foreign-label', severity: 'note', found: `the label ${name}=x86_64`, expected: 'arm64' },
    ]);
  });

  test('that are right, or of all machines, or about something else, are let pass', async () => {
    expect(await labelled({ architecture: 'aarch64', arch: 'noarch', vendor: 'x86_64' })).toEqual([]);
    expect(await labelled({ architecture: 'linux/amd64,linux/arm64' })).toEqual([]);
    expect(await labelled({ architecture: 'x86_64' }, 'linux/amd64')).toEqual([]);
    expect(kindsOf(await labelled({ architecture: 'aarch64' }, 'linux/amd64'))).toEqual(['foreign-label']);
  });
});

describe('the loader cache', () => {
  const withCache = (bytes: Uint8Array | string, programs = [app]) => [
    [file('etc/ld.so.cache', bytes), ...programs],
  ];

  test('of another machine is a warning with counts', async () => {
    const layers = withCache(cacheOf([0x0303, 0x0303, 0x0003]));
    expect(await factsOf({ layers })).toMatchObject([
      {
        kind: 'foreign-ld-cache',
        severity: 'warning',
        path: '/etc/ld.so.cache',
        found: 'a cache of libraries: 2 for amd64, 1 for 386',
        expected: 'libraries for arm64',
      },
    ]);
    expect(await factsOf({ layers, platform: 'linux/amd64' })).toEqual([]);
  });

  test('names the libraries that the loader does not find', async () => {
    const [finding] = await factsOf(
      { layers: withCache(cacheOf([0x0303])) },
      { starts: 'app', libraries: ['libfoo.so.1'] },
    );
    expect(finding?.why).toContain('libfoo.so.1');
  });

  test('that lists nothing is one that another ldconfig wrote', async () => {
    expect(await factsOf({ layers: withCache(cacheOf([])) })).toMatchObject([
      { kind: 'foreign-ld-cache', found: 'a cache that lists no library' },
    ]);
  });

  test.each([
    ['has libraries of the machine', cacheOf([0x0a03]), [app]],
    ['has some of the machine', cacheOf([0x0303, 0x0a03]), [app]],
    [
      'is read by no program: static ones have no loader',
      cacheOf([0x0303]),
      [executable('a', writeElf({ machine: 'arm64' }))],
    ],
    [
      'is read by no program: musl has no cache',
      cacheOf([0x0303]),
      [executable('a', writeElf({ machine: 'arm64', interpreter: '/lib/ld-musl-aarch64.so.1' }))],
    ],
    ['belongs to programs that are foreign as well', cacheOf([0x0303]), [executable('a', x86Program)]],
  ])('is let pass where it %s', async (_what, cache, programs) => {
    expect(await factsOf({ layers: withCache(cache, programs) })).toEqual([]);
  });

  test.each([
    ['empty', ''],
    ['no cache', 'hello'],
    ['cut off', cacheOf([0x0a03, 0x0a03]).subarray(0, 60)],
  ])('that is %s is a note', async (_what, bytes) => {
    expect(await factsOf({ layers: withCache(bytes) })).toMatchObject([
      { kind: 'ld-cache-unreadable', severity: 'note' },
    ]);
  });

  test('is read behind the format of old, and in the other byte order', () => {
    const old = Buffer.alloc(16 + 12);
    old.write('ld.so-1.7.0\0', 'latin1');
    old.writeUInt32LE(1, 12);
    const both = Buffer.concat([old, Buffer.alloc(4), cacheOf([0x0a03])]);
    expect(readCacheFlags(both)).toEqual(new Map([[0x0a00, 1]]));
    expect(readCacheFlags(cacheOf([0x0403, 0x0403], { order: 'big' }))).toEqual(new Map([[0x0400, 2]]));
    const unmarked = Buffer.from(cacheOf([0x0403], { order: 'big' }));
    unmarked[28] = 0;
    expect(readCacheFlags(unmarked)).toEqual(new Map([[0x0400, 1]]));
    expect(readCacheFlags(old)).toBeUndefined();
  });

  test('of whatever bytes is counted or called unreadable, and never throws', () => {
    const cache = cacheOf([0x0a03, 0x0303]);
    const changes = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 255 })), { maxLength: 6 });
    fc.assert(
      fc.property(changes, fc.nat({ max: cache.length }), fc.boolean(), (bytes, length, isOld) => {
        const changed = Buffer.from(cache);
        if (isOld) changed.write('ld.so-1.7.0\0', 'latin1');
        for (const [at, value] of bytes) changed[at] = value;
        const flags = readCacheFlags(changed.subarray(0, length));
        const total = [...(flags?.values() ?? [])].reduce((sum, count) => sum + count, 0);
        expect(total * 24).toBeLessThanOrEqual(length);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the package database', () => {
  const status = (...packages: readonly (readonly [architecture: string, status?: string])[]) =>
    packages
      .map(
        ([architecture, state = 'install ok installed'], at) =>
          `Package: p${at}\nStatus: ${state}\nDescription: ${'long '.repeat(100)}\n Architecture: amd64\nArchitecture: ${architecture}\n`,
      )
      .join('\n');
  const dpkg = (content: string) => [[file('var/lib/dpkg/status', content)]];

  test('of dpkg, for another machine, is a warning with counts', async () => {
    const layers = dpkg(status(['amd64'], ['amd64'], ['all'], ['arm64'], ['amd64']));
    expect(await factsOf({ layers })).toMatchObject([
      {
        kind: 'package-database',
        severity: 'warning',
        path: '/var/lib/dpkg/status',
        found: '3 packages for amd64, 1 for arm64',
      },
    ]);
  });

  test.each([
    ['packages of the machine', status(['arm64'], ['all'])],
    ['others added on purpose', status(['arm64'], ['arm64'], ['amd64'])],
    [
      'others that were removed',
      status(['arm64'], ['amd64', 'deinstall ok config-files'], ['amd64', 'purge ok not-installed']),
    ],
    ['packages for all machines', status(['all'], ['all'])],
    ['nothing', ''],
  ])('of dpkg with %s is right', async (_what, content) => {
    expect(await factsOf({ layers: dpkg(content) })).toEqual([]);
  });

  test('of distroless images is read file by file', async () => {
    const layers = [
      [
        file('var/lib/dpkg/status.d/a-all', 'Package: a\nArchitecture: all\n'),
        file('var/lib/dpkg/status.d/libc6', 'Package: libc6\nArchitecture: amd64\n'),
        file('var/lib/dpkg/status.d/libc6.md5sums', '0 Architecture: arm64\n'),
        file('var/lib/dpkg/status.d/tzdata', 'Package: x\nArchitecture: amd64'),
      ],
    ];
    expect(await factsOf({ layers })).toMatchObject([
      { path: '/var/lib/dpkg/status.d/libc6', found: '2 packages for amd64' },
    ]);
    expect(await factsOf({ layers, platform: 'linux/amd64' })).toEqual([]);
  });

  test('of apk is read, with the machine that apk takes for its own', async () => {
    const layers = (word: string) => [
      [
        file('lib/apk/db/installed', `P:musl\nA:${word}\n\nP:tzdata\nA:noarch\n\nP:zlib\nA:${word}\n`),
        file('etc/apk/arch', `${word}\n`),
      ],
    ];
    expect(await factsOf({ layers: layers('x86_64') })).toMatchObject([
      { path: '/lib/apk/db/installed', found: '2 packages for amd64' },
      { path: '/etc/apk/arch', found: 'packages for amd64' },
    ]);
    expect(await factsOf({ layers: layers('aarch64') })).toEqual([]);
    expect(await factsOf({ layers: layers('x86') })).toHaveLength(2);
    expect(await factsOf({ layers: layers('x86'), platform: 'linux/amd64' })).toEqual([]);
  });

  test('of an apk whose /lib is a link is one finding', async () => {
    const installed = file('usr/lib/apk/db/installed', 'P:musl\nA:x86_64\n');
    const link = { name: 'lib', type: 'symlink' as const, linkName: 'usr/lib' };
    expect(await factsOf({ layers: [[installed, link]] })).toMatchObject([
      { path: '/usr/lib/apk/db/installed' },
    ]);
  });

  test('a dpkg set up for other machines only is a warning, one with several is not', async () => {
    const arch = (content: string) => factsOf({ layers: [[file('var/lib/dpkg/arch', content)]] });
    expect(await arch('amd64\ni386\n')).toMatchObject([{ found: 'packages for amd64, 386' }]);
    expect(await arch('amd64\narm64\n')).toEqual([]);
  });
});
