import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { architecturesIn, isForeignText, respelled, withoutArchitecture } from './machine-words.ts';
import { absolutePathsIn } from './paths.ts';

const arm64 = { os: 'linux', architecture: 'arm64' };

describe('architectures in paths and names', () => {
  test.each([
    ['/usr/lib/x86_64-linux-gnu/libc.so.6', ['amd64']],
    ['/lib64/ld-linux-x86-64.so.2', ['amd64']],
    ['manylinux_2_17_x86_64.whl', ['amd64']],
    ['linux-aarch_64', ['arm64']],
    ['arm64v8', ['arm64']],
    ['/usr/lib/arm-linux-gnueabihf', ['arm']],
    ['node-linux-x64 and AARCH64', ['amd64', 'arm64']],
    ['charm64 amd641 x64dbg myx64', []],
  ])('%s', (text, expected) => {
    expect([...architecturesIn(text)]).toEqual(expected);
  });

  test('a text is foreign where it spells others only', () => {
    expect(isForeignText('linux-amd64', arm64)).toBe(true);
    expect(isForeignText('linux-amd64 linux-arm64', arm64)).toBe(false);
    expect(isForeignText('lib', arm64)).toBe(false);
    expect(isForeignText('i386-linux-gnu', { os: 'linux', architecture: 'amd64' })).toBe(false);
  });

  test('spelled for another machine, a path stays the same path but for the word', () => {
    const path = '/usr/lib/x86_64-linux-gnu/libc.so.6';
    expect(respelled(path, arm64)).toContain('/usr/lib/aarch64-linux-gnu/libc.so.6');
    for (const other of respelled(path, arm64))
      expect(withoutArchitecture(other)).toBe(withoutArchitecture(path));
  });
});

describe('absolute paths in a text', () => {
  test.each([
    ['/a:/b;/c d', ['/a', '/b', '/c']],
    ['x=\'/a/b\' y="/c" z=`/d`', ['/a/b', '/c', '/d']],
    ['-L/lib -I/include --prefix=/opt', ['/lib', '/include', '/opt']],
    ['[ -f /a ] && (cd /b)', ['/a', '/b']],
    ['$\x7bX:-/usr/lib}', ['/usr/lib']],
    ['https://example.com/a/b ftp://x/y', []],
    ['$HOME/a $B/c "$D"/e a/b ./c /d/*.so /e/$F', []],
    ['', []],
  ])('%s', (text, expected) => {
    expect(absolutePathsIn(text)).toEqual(expected);
  });

  test('of any text, all are parts of it that begin with a slash', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'/ax:=-"$ {}()'.split('')) }), (text) => {
        for (const path of absolutePathsIn(text)) {
          expect(path.startsWith('/')).toBe(true);
          expect(text).toContain(path);
        }
      }),
    );
  });

  test('a long text costs little', () => {
    const start = performance.now();
    for (const part of ['/', ')', 'a://', '-', '/amd64'])
      absolutePathsIn(part.repeat(500_000)).map((path) => architecturesIn(path));
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
