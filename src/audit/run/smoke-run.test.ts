import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { executable, file, writeElf } from '../../fixture/index.ts';
import { smokeMeans } from '../options.ts';
import { smokeImageOf } from './image.test-support.ts';
import { smokeRun } from './smoke-run.ts';

// What needs no outside program: images that are run for real are in test/real.
const host = arch() === 'arm64' ? 'arm64' : 'amd64';
const other = host === 'arm64' ? 'amd64' : 'arm64';
const nothing = { PATH: '/nonexistent/bin' };
let work: string;

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'armload-smoke-test-'));
});
afterEach(() => rmSync(work, { recursive: true }));

function imageFor(machine: 'amd64' | 'arm64') {
  const layers = [[executable('app', writeElf({ machine }))]];
  return smokeImageOf({ platform: `linux/${machine}`, layers }, [['/app']]);
}

test('without any means, nothing is run, and each says why', async () => {
  const runs = await smokeRun(await imageFor(other), { environment: nothing, temporaryFolder: work });
  expect(runs).toEqual([
    {
      command: ['/app', '--version'],
      means: 'none',
      result: 'not-run',
      why: expect.stringContaining(`nothing here runs linux/${other} programs`),
    },
  ]);
  const [run] = runs;
  expect(run?.why).toContain(`native: this machine is ${host}, not ${other}`);
  expect(run?.why).toContain('docker: docker is not installed');
  if (process.platform === 'linux')
    expect(run?.why).toContain('user-namespace: not installed: unshare, setpriv');
  expect(readdirSync(work)).toEqual([]);
});

test.each(smokeMeans)('only the means that was asked for is looked for: %s', async (means) => {
  const [run] = await smokeRun(await imageFor(host), { means, environment: nothing, temporaryFolder: work });
  expect(run).toMatchObject({ means, result: 'not-run', why: expect.stringContaining(`${means}: `) });
  for (const name of smokeMeans) if (name !== means) expect(run?.why).not.toContain(`${name}: `);
});

test('a machine that nobody here knows is not tried', async () => {
  const image = await smokeImageOf(
    { platform: 'linux/s390x', layers: [[executable('app', writeElf({ machine: 's390x' }))]] },
    [['/app']],
  );
  const [run] = await smokeRun(image, { environment: nothing, temporaryFolder: work });
  expect(run).toMatchObject({ result: 'not-run', why: expect.stringContaining('linux/s390x') });
});

test('an image that starts no machine code has nothing to run', async () => {
  const image = await smokeImageOf({ layers: [[file('readme', 'text')]] });
  expect(await smokeRun(image, { environment: nothing, temporaryFolder: work })).toEqual([
    { command: [], means: 'none', result: 'not-run', why: expect.stringContaining('machine code') },
  ]);
});

test('an abort ends it with its reason', async () => {
  const image = await imageFor(other);
  await expect(smokeRun(image, { signal: AbortSignal.abort('enough'), temporaryFolder: work })).rejects.toBe(
    'enough',
  );
  expect(readdirSync(work)).toEqual([]);
});

test('without a place for its files, nothing is run, and each says why', async () => {
  const [run] = await smokeRun(await imageFor(host), { temporaryFolder: join(work, 'none') });
  expect(run).toMatchObject({ result: 'not-run', why: expect.stringContaining('ENOENT') });
});
