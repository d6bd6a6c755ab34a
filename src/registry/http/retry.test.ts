import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoff, parseRetryAfter } from './retry.ts';

const now = Date.UTC(2026, 0, 1);

test.each([
  ['30', 30_000],
  ['0', 0],
  [' 5 ', 5000],
  ['1.5', 1500],
  [new Date(now + 60_000).toUTCString(), 60_000],
  [new Date(now - 60_000).toUTCString(), 0],
  ['Thursday, 01-Jan-26 00:00:10 GMT', 10_000],
  ['Thu Jan  1 00:00:10 2026 GMT', 10_000],
])('Retry-After: %s means %s ms', (header, wait) => {
  expect(parseRetryAfter(header, now)).toBe(wait);
});

test.each([undefined, '', 'soon', '-1', '1e99', 'tomorrow 5', '12345678901234567890'])(
  'Retry-After: %s says nothing',
  (header) => {
    expect(parseRetryAfter(header, now)).toBeUndefined();
  },
);

test('the back-off grows, has jitter and a bound', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (step, random) => {
      const wait = backoff(500, step, () => random);
      const full = Math.min(20_000, 500 * 2 ** Math.min(step, 16));
      return wait >= full / 2 - 1 && wait <= full;
    }),
  );
});
