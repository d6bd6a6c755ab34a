import { expect, test } from 'vitest';
import { didYouMean, nearestWord } from './nearest-word.ts';

test.each([
  ['sacn', 'scan'],
  ['scann', 'scan'],
  ['SCAN', 'scan'],
  ['amr64', 'arm64'],
])('%s is taken for %s', (text, word) => {
  expect(nearestWord(text, ['scan', 'arm64', 'registry'])).toBe(word);
});

test('what is far from everything gets no suggestion', () => {
  expect(didYouMean('banana', ['scan', 'registry'])).toBeUndefined();
  expect(nearestWord('x'.repeat(100_000), ['scan'])).toBeUndefined();
});
