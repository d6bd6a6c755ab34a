import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonErrorPosition } from './json-position.ts';

test.each([
  ['{"a":1,}', 1, 8],
  ['{\n  "auths": {\n    "x": oops\n  }\n}', 3, 10],
  ['{"a" 1}', 1, 6],
  ['[1 2]', 1, 4],
  ['{"a":1', 1, 7],
  ['{"a":"\\x"}', 1, 6],
  ['{]', 1, 2],
  ['{} {}', 1, 4],
  ['[01]', 1, 2],
  ['', 1, 1],
])('%j stops being JSON at line %i, column %i', (text, line, column) => {
  expect(jsonErrorPosition(text)).toEqual({ line, column });
});

test('a cut JSON text is wrong at its end at the latest, and whole JSON nowhere before', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(jsonErrorPosition(text).column).toBe(text.length + 1);
      expect(jsonErrorPosition(`${text}\u0001`).column).toBe(text.length + 1);
    }),
  );
});
