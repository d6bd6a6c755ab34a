import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inParallel } from './in-parallel.ts';

test('gives the results in the order of the items, never more at a time than allowed', async () => {
  let [active, peak] = [0, 0];
  const results = await inParallel([30, 1, 20, 5, 10], { limit: 2 }, async (milliseconds) => {
    active += 1;
    peak = Math.max(peak, active);
    await delay(milliseconds);
    active -= 1;
    return milliseconds * 2;
  });
  expect([results, peak]).toEqual([[60, 2, 40, 10, 20], 2]);
});

test('a failure aborts the others, is waited for, and is what is thrown', async () => {
  const ended: string[] = [];
  const run = inParallel(['slow', 'bad', 'never'], { limit: 2 }, async (name, signal) => {
    if (name === 'bad') throw new Error('bad');
    ended.push(`${name} began`);
    await delay(10_000, undefined, { signal }).catch(() => delay(20));
    ended.push(`${name} ended`);
  });
  await expect(run).rejects.toThrow('bad');
  expect(ended).toEqual(['slow began', 'slow ended']);
});

test('an abort from outside is thrown with its reason, and nothing more begins', async () => {
  const abort = new AbortController();
  let begun = 0;
  const run = inParallel([1, 2, 3], { limit: 1, signal: abort.signal }, () => {
    begun += 1;
    abort.abort(new Error('enough'));
    return Promise.resolve();
  });
  await expect(run).rejects.toThrow('enough');
  expect(begun).toBe(1);
});
