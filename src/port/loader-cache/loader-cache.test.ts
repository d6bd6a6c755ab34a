import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLdCache } from '../../audit/index.ts';
import { file, type Machine, symlink, writeElf } from '../../fixture/index.ts';
import type { TarMember } from '../../tar/index.ts';
import { viewOf } from '../config/view.test-support.ts';
import { type LoaderCache, loaderCache } from './index.ts';
import { compareNames } from './order.ts';
import { stringTable } from './string-table.ts';

const arm64 = { os: 'linux', architecture: 'arm64' };
const flags = 0x0a03;
const debian = 'usr/lib/aarch64-linux-gnu';
const loader = [
  symlink('lib', 'usr/lib'),
  symlink('usr/lib/ld-linux-aarch64.so.1', 'aarch64-linux-gnu/ld-linux-aarch64.so.1'),
  file(
    `${debian}/ld-linux-aarch64.so.1`,
    writeElf({ machine: 'arm64', kind: 'library', soname: 'ld-linux-aarch64.so.1' }),
  ),
];

function library(path: string, soname?: string, machine: Machine = 'arm64'): TarMember {
  return file(path, writeElf({ machine, kind: 'library', ...(soname !== undefined && { soname }) }));
}

async function cacheOf(...members: readonly TarMember[]): Promise<LoaderCache> {
  return loaderCache(await viewOf(...members), arm64);
}

interface Line {
  readonly name: string;
  readonly path: string;
  readonly isSpecial: boolean;
}

/** What a loader's own reading of the file gives, the loader's lines left out. */
async function linesOf(
  ...members: readonly TarMember[]
): Promise<{ lines: readonly Line[]; notes: readonly string[] }> {
  const cache = await cacheOf(...loader, ...members);
  if (cache.kind === 'none') throw new Error(cache.why);
  const read = parseLdCache(cache.bytes, 'little');
  if (!('entries' in read)) throw new Error(JSON.stringify(read));
  const all = [...read.entries].flatMap(([name, entries]) => entries.map((entry) => ({ name, ...entry })));
  expect(all).toHaveLength(cache.libraries);
  expect(all.every((entry) => entry.flags === flags)).toBe(true);
  const lines = all.filter(({ name }) => !name.startsWith('ld-'));
  return { lines: lines.map(({ name, path, isSpecial }) => ({ name, path, isSpecial })), notes: cache.notes };
}

async function pathsOf(...members: readonly TarMember[]): Promise<readonly string[]> {
  return (await linesOf(...members)).lines.map(({ name, path }) => `${name} => ${path}`);
}

describe('which directories count', () => {
  test('those of the configuration and what it includes, in its order, then the trusted ones', async () => {
    const found = await pathsOf(
      file(
        'etc/ld.so.conf',
        '# ours\n  /opt/a/lib/ # first\ninclude ld.so.conf.d/*.conf\n/opt/z/lib=libc6\nhwcap 1 nosegneg\n',
      ),
      file('etc/ld.so.conf.d/2.conf', '/opt/two\n'),
      file('etc/ld.so.conf.d/1.conf', '/opt/one\n'),
      file('etc/ld.so.conf.d/.hidden.conf', '/opt/hidden\n'),
      file('etc/ld.so.conf.d/3.conf.off', '/opt/off\n'),
      ...['a/lib', 'z/lib', 'one', 'two', 'hidden', 'off'].map((name) =>
        library(`opt/${name}/libx.so.1`, 'libx.so.1'),
      ),
      library(`${debian}/libx.so.1`, 'libx.so.1'),
      library('usr/lib/libx.so.1', 'libx.so.1'),
    );
    expect(found).toEqual([
      'libx.so.1 => /opt/a/lib/libx.so.1',
      'libx.so.1 => /opt/one/libx.so.1',
      'libx.so.1 => /opt/two/libx.so.1',
      'libx.so.1 => /opt/z/lib/libx.so.1',
      'libx.so.1 => /lib/aarch64-linux-gnu/libx.so.1',
      'libx.so.1 => /lib/libx.so.1',
    ]);
  });

  test('each directory once, under the name that comes first', async () => {
    const found = await pathsOf(
      file('etc/ld.so.conf', '/usr/lib/aarch64-linux-gnu\n/srv/link\n'),
      symlink('srv/link', '/lib'),
      library(`${debian}/libx.so.1`, 'libx.so.1'),
      library('usr/lib/liby.so.1', 'liby.so.1'),
    );
    expect(found).toEqual([
      'liby.so.1 => /srv/link/liby.so.1',
      'libx.so.1 => /usr/lib/aarch64-linux-gnu/libx.so.1',
    ]);
  });

  test('lib64 only where the loader is not where Debian has it', async () => {
    const x = library('usr/lib64/libx.so.1', 'libx.so.1');
    expect(await pathsOf(symlink('lib64', 'usr/lib64'), x)).toEqual([]);
    const redHat = await cacheOf(
      symlink('lib', 'usr/lib'),
      symlink('lib64', 'usr/lib64'),
      library('usr/lib/ld-linux-aarch64.so.1', 'ld-linux-aarch64.so.1'),
      x,
    );
    const read = redHat.kind === 'written' ? parseLdCache(redHat.bytes, 'little') : undefined;
    expect(read).toMatchObject({
      entries: new Map([
        ['libx.so.1', [{ path: '/lib64/libx.so.1' }]],
        ['ld-linux-aarch64.so.1', [{}]],
      ]),
    });
  });

  test.each([
    ['conf.d/[ab]?.conf', ['a1', 'b2']],
    ['conf.d/[!a]*', ['b2', 'c3']],
    ['/etc/c*.d/*3.conf', ['c3']],
    ['conf.d/a1.conf   conf.d/c3.conf', ['a1', 'c3']],
    ['conf.d/\\[a1.conf', []],
    ['conf.d/[a1.conf', []],
    ['nowhere/*', []],
  ])('include %s', async (pattern, names) => {
    const found = await pathsOf(
      file('etc/ld.so.conf', `include ${pattern}\n`),
      ...['a1', 'b2', 'c3'].flatMap((name) => [
        symlink(`etc/conf.d/${name}.conf`, `/etc/ld.so.conf.d/${name}`),
        file(`etc/ld.so.conf.d/${name}`, `/opt/${name}\n`),
        library(`opt/${name}/lib${name}.so`, `lib${name}.so`),
      ]),
    );
    expect(found.toSorted()).toEqual(names.map((name) => `lib${name}.so => /opt/${name}/lib${name}.so`));
  });
});

describe('which libraries count', () => {
  test('shared ones of the machine, by soname or else by name', async () => {
    const found = await pathsOf(
      library(`${debian}/liba.so.1.2`, 'liba.so.1'),
      symlink(`${debian}/liba.so.1`, 'liba.so.1.2'),
      symlink(`${debian}/liba.so`, 'liba.so.1'),
      library(`${debian}/libplain.so`),
      library(`${debian}/plugin.so`, 'libplugin.so'),
      library(`${debian}/libx86.so.1`, 'libx86.so.1', 'amd64'),
      library(`${debian}/libarm.so.1`, 'libarm.so.1', 'arm'),
      file(`${debian}/libscript.so`, '/* GNU ld script */ GROUP ( liba.so.1 )'),
      file(`${debian}/libprogram.so`, writeElf({ machine: 'arm64' })),
      symlink(`${debian}/libnowhere.so.1`, '/gone/libnowhere.so.1'),
      symlink(`${debian}/libround.so.1`, 'libround.so.1'),
    );
    expect(found).toEqual([
      'libplain.so => /lib/aarch64-linux-gnu/libplain.so',
      'liba.so.1 => /lib/aarch64-linux-gnu/liba.so.1',
      'liba.so => /lib/aarch64-linux-gnu/liba.so',
    ]);
  });

  test('a chain of links through other directories', async () => {
    const found = await pathsOf(
      symlink(`${debian}/libalt.so.3`, '/etc/alternatives/libalt.so.3'),
      symlink('etc/alternatives/libalt.so.3', '../../opt/alt/libalt.so.3.9'),
      library('opt/alt/libalt.so.3.9', 'libalt.so.3'),
    );
    expect(found).toEqual(['libalt.so.3 => /lib/aarch64-linux-gnu/libalt.so.3']);
  });

  test('of several versions of one soname, the newest where no link says', async () => {
    const found = await pathsOf(
      library(`${debian}/libv.so.1.9`, 'libv.so.1'),
      library(`${debian}/libv.so.1.10`, 'libv.so.1'),
      library(`${debian}/libv.so.1.2`, 'libv.so.1'),
    );
    expect(found).toEqual(['libv.so.1 => /lib/aarch64-linux-gnu/libv.so.1.10']);
  });

  test('a link that leads to no library of the machine does not hide the file that is one', async () => {
    const found = await pathsOf(
      symlink(`${debian}/libv.so.1`, 'libv.so.1.x86'),
      library(`${debian}/libv.so.1.x86`, 'libv.so.1', 'amd64'),
      library(`${debian}/libv.so.1.2`, 'libv.so.1'),
    );
    expect(found).toEqual(['libv.so.1 => /lib/aarch64-linux-gnu/libv.so.1.2']);
  });

  test('those for newer processors stand before the others, with their level', async () => {
    const { lines } = await linesOf(
      library(`${debian}/libx.so.1`, 'libx.so.1'),
      library(`${debian}/glibc-hwcaps/b-level/libx.so.1.5`, 'libx.so.1'),
      library(`${debian}/glibc-hwcaps/a-level/libx.so.1`, 'libx.so.1'),
      library(`${debian}/glibc-hwcaps/.hidden/libx.so.1`, 'libx.so.1'),
      library(`${debian}/glibc-hwcaps/a:b/libx.so.1`, 'libx.so.1'),
    );
    expect(lines).toEqual([
      { name: 'libx.so.1', path: '/lib/aarch64-linux-gnu/glibc-hwcaps/a-level/libx.so.1', isSpecial: true },
      { name: 'libx.so.1', path: '/lib/aarch64-linux-gnu/glibc-hwcaps/b-level/libx.so.1.5', isSpecial: true },
      { name: 'libx.so.1', path: '/lib/aarch64-linux-gnu/libx.so.1', isSpecial: false },
    ]);
  });

  test('names in the order in which the loader searches', async () => {
    const names = ['libb.so.9', 'libb.so.10', 'liba.so.1', 'libb-2.so', 'libB.so.1', 'lib0.so'];
    const found = await linesOf(...names.map((name) => library(`${debian}/${name}`, name)));
    expect(found.lines.map(({ name }) => name)).toEqual([
      'lib0.so',
      'libb.so.10',
      'libb.so.9',
      'libb-2.so',
      'liba.so.1',
      'libB.so.1',
    ]);
  });
});

describe('what is not written', () => {
  test('nothing for an image without the loader, or without a library', async () => {
    const x = library('usr/lib/libx.so.1', 'libx.so.1');
    expect(await cacheOf(x)).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('ld-linux-aarch64.so.1'),
    });
    const bare = [
      symlink('lib/ld-linux-aarch64.so.1', '/opt/glibc/ld.so'),
      file('opt/glibc/ld.so', 'no library'),
    ];
    expect(await cacheOf(...bare)).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('no directory'),
    });
  });

  test('nothing for other platforms', async () => {
    const view = await viewOf(...loader);
    expect(loaderCache(view, { os: 'linux', architecture: 'amd64' })).toMatchObject({ kind: 'none' });
  });
});

describe('hostile images', () => {
  test('files that include each other and themselves', async () => {
    const found = await pathsOf(
      file(
        'etc/ld.so.conf',
        'include ld.so.conf\ninclude ld.so.conf.d/*\ninclude /etc/../etc/ld.so.conf\n/opt/x\n',
      ),
      file('etc/ld.so.conf.d/a', 'include ../ld.so.conf\ninclude b\n'),
      file('etc/ld.so.conf.d/b', 'include a\n'),
      library('opt/x/libx.so', 'libx.so'),
    );
    expect(found).toEqual(['libx.so => /opt/x/libx.so']);
  });

  test('more directories than an image has use for', async () => {
    const many = Array.from({ length: 30_000 }, (_, index) => `/opt/${index}`).join('\n');
    const { notes } = await linesOf(file('etc/ld.so.conf', many));
    expect(notes.at(-1)).toMatch(/more of this kind/);
  });

  test('a pattern that takes long with a careless reading', async () => {
    const pattern = `${'*a'.repeat(60)}b`;
    const names = Array.from({ length: 50 }, (_, index) =>
      file(`etc/ld.so.conf.d/${'a'.repeat(150)}${index}`, ''),
    );
    const started = performance.now();
    await linesOf(file('etc/ld.so.conf', `include ld.so.conf.d/${pattern}\n`), ...names);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('sonames that are no file names', async () => {
    const found = await pathsOf(
      library(`${debian}/liba.so`, '../../etc/passwd'),
      library(`${debian}/libb.so`, 'x'.repeat(5000)),
      library(`${debian}/libc.so`, ''),
    );
    expect(found).toEqual([]);
  });

  test('configuration that was not kept is told of', async () => {
    const { notes } = await linesOf(
      file('etc/ld.so.conf', 'include /opt/own.conf\nrelative/lib\n'),
      file('opt/own.conf', '/opt/x\n'),
    );
    expect(notes).toEqual([
      expect.stringContaining('/opt/own.conf'),
      expect.stringContaining('relative/lib'),
    ]);
  });

  test('any configuration ends, and gives what a loader can read', async () => {
    const word = fc.constantFrom(
      'include',
      'hwcap',
      '/opt/x',
      '/',
      '=libc6',
      '#',
      '*',
      '[',
      ']',
      '\\',
      '?',
      '..',
      '\0',
      ' ',
      '\t',
      '\n',
      'a',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 60 }), async (words) => {
        const { lines } = await linesOf(
          file('etc/ld.so.conf', words.join('')),
          library('opt/x/libx.so', 'libx.so'),
        );
        expect(lines.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the parts of the format', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '0', '1', '.', '/'), minLength: 1, maxLength: 8 });

  test('every text stands at its offset, whatever shares its bytes', () => {
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const { bytes, offsets } = stringTable(texts);
        for (const one of texts) {
          const at = offsets.get(one) ?? -1;
          expect(Buffer.from(bytes).toString('latin1', at, at + one.length + 1)).toBe(`${one}\0`);
        }
      }),
    );
  });

  test('numbers in names compare as numbers, and both ways round', () => {
    expect(compareNames('libx.so.10', 'libx.so.9')).toBeGreaterThan(0);
    expect(compareNames('libx.so.01', 'libx.so.1')).toBe(0);
    expect(compareNames('libx.so', 'libx.so.1')).toBeLessThan(0);
    expect(compareNames('libx1', 'libx-')).toBeGreaterThan(0);
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(Math.sign(compareNames(left, right))).toBe(-Math.sign(compareNames(right, left)) + 0);
      }),
    );
  });
});
