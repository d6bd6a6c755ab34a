import { expect, test } from 'vitest';
import { parseQuota } from './quota.ts';

test("Docker Hub's headers are read", () => {
  expect(parseQuota('100;w=21600', '76;w=21600')).toEqual({
    limit: 100,
    remaining: 76,
    windowSeconds: 21_600,
  });
  expect(parseQuota('200; w=3600', '0')).toEqual({ limit: 200, remaining: 0, windowSeconds: 3600 });
});

test.each([
  [undefined, undefined],
  ['100;w=21600', undefined],
  ['100', '76'],
  ['many;w=1', '1;w=1'],
  ['1;w=1;x=1', '1;w=1'],
])('%s and %s say nothing', (limit, remaining) => {
  expect(parseQuota(limit, remaining)).toBeUndefined();
});
