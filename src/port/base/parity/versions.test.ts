import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareAlpine, compareDebian } from './versions.ts';

/** Each older than the next. */
const debian = [
  '1.0~~',
  '1.0~~a',
  '1.0~',
  '1.0',
  '1.0-1',
  '1.0-1+b1',
  '1.0-1+b2',
  '1.0-1+b10',
  '1.0-1+deb12u1',
  '1.0-2',
  '1.0a',
  '1.0+dfsg',
  '1.0.1',
  '1.9',
  '1.10',
  '1:0.1',
  '10:0.1',
];
/** Each older than the next. */
const alpine = [
  '0.9_alpha',
  '0.9_beta2',
  '0.9_rc1',
  '0.9',
  '0.9_git20240101',
  '0.9_p1',
  '1.0',
  '1.05',
  '1.1-r0',
  '1.1-r1',
  '1.1-r10',
  '1.1a-r0',
  '1.1.1-r0',
  '2.0',
  '10.0',
];

describe.each([
  ["Debian's", debian, compareDebian],
  ["Alpine's", alpine, compareAlpine],
])('%s versions', (_name, versions, compare) => {
  test("are in their managers' order", () => {
    for (const [place, version] of versions.entries())
      for (const [other, against] of versions.entries())
        expect([version, against, Math.sign(compare(version, against))]).toEqual([
          version,
          against,
          Math.sign(place - other),
        ]);
  });

  test('of any text are in one order', () => {
    const text = fc.stringMatching(/^[0-9a-z.~+:_-]{0,12}$/);
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

test('a hostile version costs little', () => {
  const started = performance.now();
  for (const unit of ['1.', '_p', 'a', '1~', '-'])
    for (const compare of [compareDebian, compareAlpine]) compare(unit.repeat(200_000), unit.repeat(200_001));
  expect(performance.now() - started).toBeLessThan(1_000);
});
