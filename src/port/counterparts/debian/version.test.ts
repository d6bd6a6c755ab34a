import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareVersions, parseVersion, withoutRebuild } from './version.ts';

function compare(left: string, right: string): number {
  const [first, second] = [parseVersion(left), parseVersion(right)];
  if (first === undefined || second === undefined) throw new Error(`${left} or ${right} is no version`);
  return Math.sign(compareVersions(first, second));
}

describe('the order of versions', () => {
  test.each([
    ['1.0', '1.0', 0],
    ['1.0', '1.1', -1],
    ['1.9', '1.10', -1],
    ['1:1.0', '2.0', 1],
    ['0:1.0', '1.0', 0],
    ['1.0~rc1', '1.0', -1],
    ['1.0~~', '1.0~', -1],
    ['1.0~rc1', '1.0~rc2', -1],
    ['1.0', '1.0+dfsg', -1],
    ['1.0a', '1.0+', -1],
    ['1.0-1', '1.0-1+b1', -1],
    ['1.0-1+b1', '1.0-1+deb12u1', -1],
    ['1.0', '1.0-0', 0],
    ['1.0-1', '1.0-1~bpo12+1', 1],
    ['1.01', '1.1', 0],
    ['1.2.3-4', '1.2-3-4', 1],
    ['20240101', '20231231.1', 1],
    ['99999999999999999999999', '100000000000000000000000', -1],
  ])('%s against %s', (left, right, expected) => {
    expect(compare(left, right)).toBe(expected);
    // Never -0.
    expect(compare(right, left)).toBe(0 - expected);
  });

  const piece = fc.constantFrom('0', '1', '9', '10', '01', 'a', 'Z', '+', '.', '~', '-', 'rc', 'b');
  const version = fc
    .tuple(fc.constantFrom('', '0:', '1:'), fc.array(piece, { maxLength: 6 }))
    .map(([epoch, parts]) => `${epoch}1${parts.join('')}`)
    .filter((text) => parseVersion(text) !== undefined);

  test('is an order: of any three, the comparisons fit together', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compare(a, a)).toBe(0);
        expect(compare(a, b)).toBe(0 - compare(b, a));
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('a tilde makes any version older, a suffix newer', () => {
    fc.assert(
      fc.property(version, (text) => {
        expect(compare(`${text}~`, text)).toBe(-1);
        expect(compare(`${text}+b1`, text)).toBe(1);
      }),
    );
  });
});

describe('reading', () => {
  test('epoch, upstream version and revision are told apart', () => {
    expect(parseVersion('2:1.2-3-4+b1')).toEqual({ epoch: 2, upstream: '1.2-3', revision: '4+b1' });
    expect(parseVersion('1:2:3-1')).toEqual({ epoch: 1, upstream: '2:3', revision: '1' });
    expect(parseVersion('7')).toEqual({ epoch: 0, upstream: '7', revision: '' });
  });

  test.each(['', 'a1', '1-', ':1', '1 2', '1_2', 'x:1', '-1', '9999999999:1', '1:', '1-1:1', '1é'])(
    '"%s" is no version',
    (text) => {
      expect(parseVersion(text)).toBeUndefined();
    },
  );
});

test('the suffix of a rebuild is taken off, and no other', () => {
  expect(withoutRebuild('1.2-3+b12')).toBe('1.2-3');
  expect(withoutRebuild('1.2+b1')).toBe('1.2');
  expect(withoutRebuild('1.2-3+deb12u1')).toBe('1.2-3+deb12u1');
  expect(withoutRebuild('1.2-3+b1+b2')).toBe('1.2-3+b1');
  expect(withoutRebuild('1.2-3+b')).toBe('1.2-3+b');
});
