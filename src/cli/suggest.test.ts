import { expect, test } from 'vitest';
import { didYouMean, nearest } from './suggest.ts';

test.each([
  ['sacn', 'scan'],
  ['scann', 'scan'],
  ['SCAN', 'scan'],
  ['amr64', 'arm64'],
])('%s is taken for %s', (text, word) => {
  expect(nearest(text, ['scan', 'arm64', 'registry'])).toBe(word);
});

test('what is far from everything gets no suggestion', () => {
  expect(didYouMean('banana', ['scan', 'registry'])).toBeUndefined();
  expect(nearest('x'.repeat(100_000), ['scan'])).toBeUndefined();
});
