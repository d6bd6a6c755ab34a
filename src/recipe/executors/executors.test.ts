import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { describeExecutor, jobOf, quick } from './contract/executor-contract.test-support.ts';
import { executorFor } from './executors.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'armload-executors-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeExecutor('local', () => ({
  address: `local:${folder}/places`,
  settings: { timings: quick },
  environment: { ...process.env, PLACE_VARIABLE: 'of "this"\nmachine' },
  platform: 'linux/amd64',
  variable: ['PLACE_VARIABLE', 'of "this"\nmachine'],
  isolates: false,
  folder,
  randomTries: 8,
}));

test.each(['', 'nowhere', 'local:relative', 'ftp://host'])('%j is no place', (address) => {
  expect(() => executorFor(address)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test('one who let the lease run out, and was followed, is told so', async () => {
  const timings = { ...quick, renew: 0.05 };
  const executor = executorFor(`local:${folder}/leases`, { timings });
  const request = { run: 'leased', platform: 'linux/amd64' };
  const first = await executor.acquire(request, { environment: process.env });
  const lease = () => readFileSync(join(first.workspace, '.armload/lock.1/lease'), 'utf8');
  writeFileSync(join(first.workspace, '.armload/lock.1/lease'), '1\n');
  await vi.waitFor(() => expect(Number(lease())).toBeGreaterThan(1_000_000), 5000);
  mkdirSync(join(first.workspace, '.armload/lock.2'));
  await vi.waitFor(
    () => expect(first.exec(jobOf('late', ':'), {})).rejects.toMatchObject({ code: 'PLACE_BUSY' }),
    5000,
  );
  await first.release({ discard: false });
});
