import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../core/index.ts';
import type { NamedReplacement } from '../../options.ts';
import { parseReplacement } from './index.ts';
import { isSafeAddress, readNames } from './names.ts';

const hash = 'a'.repeat(64);

function placeOf(from: string, sha256?: string) {
  return readNames([{ path: '/app', from, ...(sha256 !== undefined && { sha256 }) }])[0]?.place;
}

describe('what a person may write', () => {
  test.each([
    ['tool', { kind: 'file', file: 'tool' }],
    ['./dir/tool#2', { kind: 'file', file: './dir/tool#2' }],
    [`tool#${hash}`, { kind: 'file', file: 'tool', sha256: hash }],
    ['tool.tgz!/bin/tool', { kind: 'file', file: 'tool.tgz', member: 'bin/tool' }],
    [
      `tool.tgz#sha256:${hash.toUpperCase()}!/./bin//tool`,
      { kind: 'file', file: 'tool.tgz', sha256: hash, member: 'bin/tool' },
    ],
    [
      `https://example.org/a?b=c#${hash}`,
      { kind: 'address', url: 'https://example.org/a?b=c', sha256: hash },
    ],
    [
      `https://example.org/a.zip#sha256:${hash}!/t`,
      { kind: 'address', url: 'https://example.org/a.zip', sha256: hash, member: 't' },
    ],
    [`http://127.0.0.1:81/a#${hash}`, { kind: 'address', url: 'http://127.0.0.1:81/a', sha256: hash }],
  ])('%s', (from, place) => {
    expect(placeOf(from)).toEqual(place);
  });

  test('the hash may stand apart', () => {
    expect(placeOf('https://example.org/a', hash)).toEqual({
      kind: 'address',
      url: 'https://example.org/a',
      sha256: hash,
    });
    expect(placeOf(`https://example.org/a#${hash}`, hash)).toMatchObject({ sha256: hash });
  });

  test('one argument of a command', () => {
    expect(parseReplacement('/usr/bin/a=https://example.org/?x=y')).toEqual({
      path: '/usr/bin/a',
      from: 'https://example.org/?x=y',
    });
  });
});

describe("what can't be meant", () => {
  test.each<readonly [string, NamedReplacement]>([
    ['usr/bin/app', { path: 'usr/bin/app', from: 'x' }],
    ['is no file', { path: '/', from: 'x' }],
    ['is no file', { path: '/a/../../b', from: 'x' }],
    ['/app', { path: '/app', from: '' }],
    ['has no SHA-256', { path: '/app', from: 'https://example.org/a' }],
    ['"main"', { path: '/app', from: 'https://example.org/a#main' }],
    ['sha512:', { path: '/app', from: 'tool#sha512:abc' }],
    ['no https address', { path: '/app', from: `http://example.org/a#${hash}` }],
    ['no https address', { path: '/app', from: `ftp://example.org/a#${hash}` }],
    ['no https address', { path: '/app', from: `https://[/a#${hash}` }],
    ['two different', { path: '/app', from: `tool#${hash}`, sha256: 'b'.repeat(64) }],
    ['no SHA-256', { path: '/app', from: 'tool', sha256: 'abc' }],
    ['no path in an archive', { path: '/app', from: 'a.tar!/../b' }],
    ['no path in an archive', { path: '/app', from: 'a.tar!/' }],
  ])('%s', (message, replacement) => {
    const error = failureOf(() => readNames([replacement]));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) });
  });

  test('two files for one path, however it is spelled', () => {
    const both = [
      { path: '/usr/bin/app', from: 'one' },
      { path: '/usr//bin/./app', from: 'two' },
    ];
    expect(failureOf(() => readNames(both))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('/usr//bin/./app: one and two'),
    });
  });

  test.each(['', '=', '=x', '/app', '/app='])('"%s" as an argument', (text) => {
    expect(failureOf(() => parseReplacement(text))).toBeInstanceOf(UsageError);
  });

  test('any text is read, or refused as wrong usage', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (path, from) => {
        const error = failureOf(() => readNames([{ path: `/${path}`, from }]));
        expect(error === undefined || error instanceof UsageError).toBe(true);
      }),
    );
  });
});

test('only https is safe, and http within this machine', () => {
  const safe = (to: string, from = to): boolean => isSafeAddress(new URL(to), new URL(from));
  expect(safe('https://example.org/')).toBe(true);
  expect(safe('http://localhost:1/')).toBe(true);
  expect(safe('http://[::1]/')).toBe(true);
  expect(safe('http://127.0.0.1.example.org/')).toBe(false);
  expect(safe('http://127.0.0.1/', 'https://example.org/')).toBe(false);
  expect(safe('file:///etc/passwd')).toBe(false);
});

function failureOf(step: () => unknown): unknown {
  try {
    step();
  } catch (error) {
    return error;
  }
  return undefined;
}
