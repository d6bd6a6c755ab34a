import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { multiArch, push } from '../../src/fixture/index.ts';
import { createRegistryClient } from '../../src/registry/index.ts';
import { runCommand, startCommand } from '../support/command.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-registry-'));
});
/** Starts a registry over `images` on a free port and waits until it serves. */
async function started(): Promise<{ child: ChildProcess; host: string; ended: Promise<unknown[]> }> {
  const child = startCommand(['registry', 'images', '--listen', '127.0.0.1:0'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'close');
  if (child.stdout === null) throw new Error('no stdout');
  for await (const url of createInterface(child.stdout)) return { child, host: new URL(url).host, ended };
  throw new Error('the registry ended without naming its address');
}
afterEach(() => rm(directory, { recursive: true, force: true }));

test('serves until it is told to stop, which is no failure; what was pushed can be scanned', async () => {
  const { child, host, ended } = await started();
  const client = createRegistryClient();
  const repository = client.repository({ registry: host, repository: 'team/app' });
  await push(repository, multiArch('amd64', 'arm64'), { tag: '1' });
  await client.close();
  expect(await runCommand(['scan', `${host}/team/app:1`], { cwd: directory })).toMatchObject({ code: 0 });
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('an address that is taken is told', async () => {
  const { child, host, ended } = await started();
  const second = await runCommand(['registry', 'images', '--listen', host], { cwd: directory });
  expect(second).toMatchObject({ code: 3, stdout: '' });
  expect(second.stderr).toContain(`on ${host}: `);
  child.kill('SIGINT');
  await ended;
});
