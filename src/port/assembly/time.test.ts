import { expect, test } from 'vitest';
import { timeOfNewEntries } from './index.ts';

const created = new Date('2024-05-06T07:08:09.999Z');

test('new entries are as old as the image, in whole seconds', () => {
  expect(timeOfNewEntries(created, {})).toBe(Date.UTC(2024, 4, 6, 7, 8, 9) / 1000);
  expect(timeOfNewEntries(undefined, {})).toBe(0);
  expect(timeOfNewEntries(new Date('nonsense'), {})).toBe(0);
});

test('SOURCE_DATE_EPOCH has the last word', () => {
  expect(timeOfNewEntries(created, { SOURCE_DATE_EPOCH: '1234' })).toBe(1234);
  expect(timeOfNewEntries(created, { SOURCE_DATE_EPOCH: '' })).toBe(1_714_979_289);
});

test.each(['-1', '1.5', 'yesterday', '1e9', '9'.repeat(13)])('%s is no time, and wrong usage', (text) => {
  expect(() => timeOfNewEntries(created, { SOURCE_DATE_EPOCH: text })).toThrow('SOURCE_DATE_EPOCH');
});
