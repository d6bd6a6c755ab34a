import { expect, test } from 'vitest';
import { executable } from '../../fixture/index.ts';
import { amd64, verdictsOf } from './foreign.test-support.ts';

test('1,000 directories of a PATH are looked at, and the default ones behind them', async () => {
  const directories = Array.from({ length: 100_000 }, (_, index) => `/d${index}`);
  const files = ['d999/seen', 'd1000/late', 'usr/bin/usual'].map((name) => executable(name, amd64));
  const start = performance.now();
  const verdicts = await verdictsOf(files, { config: { Env: [`PATH=${directories.join(':')}`] } });
  expect(verdicts['d999/seen']).toBe('reachable path-program');
  expect(verdicts['usr/bin/usual']).toBe('reachable path-program');
  // Not looked at isn't harmless.
  expect(verdicts['d1000/late']).toMatch(/^unknown /);
  expect(performance.now() - start).toBeLessThan(2_000);
});
