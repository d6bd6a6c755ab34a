import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { startMeddler } from '../../test/support/meddling-registry.ts';
import {
  buildImage,
  buildIndex,
  executable,
  file,
  platformOf,
  push,
  singleArch,
  userland,
  writeElf,
} from '../fixture/index.ts';
import { createRegistryClient, type RunningRegistry, startRegistry } from '../registry/index.ts';
import { portResultSchema } from '../results/index.ts';
import type { TarMember } from '../tar/index.ts';
import { run } from './run.ts';

let directory = '';
let registry: RunningRegistry;
const client = createRegistryClient();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-port-'));
  registry = await startRegistry({ directory: join(directory, 'registry') });
  const machines = ['amd64', 'arm64'] as const;
  const base = buildIndex(
    await Promise.all(
      machines.map((machine) =>
        buildImage({ platform: platformOf(`linux/${machine}`), layers: [userland(machine)], config: {} }),
      ),
    ),
  );
  await push(repository('base'), base, { tag: '12' });
  await push(repository('web'), await app([file('srv/index.html', 'hello')]), { tag: '1' });
  await push(repository('tools'), await app([executable('usr/bin/yq', writeElf({ machine: 'amd64' }))]), {
    tag: '1',
  });
  await writeFile(join(directory, 'yq'), writeElf({ machine: 'arm64' }));
});
afterAll(async () => {
  await client.close();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

function repository(name: string, host = registry.host) {
  return client.repository({ registry: host, repository: name });
}

function app(layer: readonly TarMember[]) {
  return buildImage({
    platform: platformOf('linux/amd64'),
    layers: [userland('amd64'), layer],
    config: {
      Cmd: ['/usr/bin/sh'],
      Labels: { 'org.opencontainers.image.base.name': `${registry.host}/base:12` },
    },
  });
}

async function port(args: readonly string[], options: { abort?: boolean } = {}) {
  const io = fakeIo({ cwd: directory, environment: {} });
  if (options.abort) io.abort.abort();
  const words = args.map((word) => word.replaceAll('REGISTRY', registry.host));
  const code = await run(['port', '--no-cache', '--no-attach', ...words], io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

describe('the exit code of', () => {
  test.each([
    ['an image that can be ported', ['REGISTRY/web:1', '--to', 'REGISTRY/ported:1'], 0, 'published'],
    ['the same again', ['REGISTRY/web:1', '--to', 'REGISTRY/ported:1'], 0, 'unchanged'],
    ['a dry run', ['REGISTRY/web:1', '--dry-run'], 0, 'planned'],
    ['an image that has the platform', ['REGISTRY/base:12', '--dry-run'], 0, 'unneeded'],
    [
      'machine code that nothing answers for',
      ['REGISTRY/tools:1', '--to', 'REGISTRY/tools:2'],
      1,
      '/usr/bin/yq',
    ],
    ['the same, waived', ['REGISTRY/tools:1', '--dry-run', '--waive', '/usr/bin/yq=unused'], 0, 'waived'],
    [
      'a base that can not be reached',
      ['REGISTRY/web:1', '--dry-run', '--base', 'REGISTRY/none:1'],
      2,
      'could not be determined',
    ],
  ])('%s', async (_name, args, code, said) => {
    const end = await port(args);
    expect([end.code, end.stderr]).toEqual([code, '']);
    expect(end.stdout).toContain(said);
    expect(end.stdout).toMatch(new RegExp(`exit ${code}: .+\n.+\\.?\n$`));
  });

  test.each([
    ['no reference', ['--to', 'REGISTRY/x:1'], 'needs one reference'],
    ['no destination', ['REGISTRY/web:1'], 'needs --to'],
    ['no tag', ['REGISTRY/web:1', '--to', 'REGISTRY/x'], 'names no tag'],
    [
      'what would hide the source',
      ['REGISTRY/web:1', '--to', 'REGISTRY/web:1', '--only'],
      'Leave --only out',
    ],
    ['a base and none', ['REGISTRY/web:1', '--dry-run', '--base', 'a', '--no-base'], 'contradict'],
    ['none and a base', ['REGISTRY/web:1', '--dry-run', '--no-base', '--base', 'a'], 'contradict'],
    ['an unknown option', ['REGISTRY/web:1', '--dryrun'], '--dry-run'],
    [
      'an account that can not be written',
      ['REGISTRY/web:1', '--dry-run', '--account', 'none/x'],
      '--account',
    ],
    ['a registry offline', ['REGISTRY/web:1', '--to', 'REGISTRY/x:1', '--offline'], '--offline'],
  ])('wrong usage, %s', async (_name, args, said) => {
    const end = await port(args);
    expect([end.code, end.stdout]).toEqual([3, '']);
    expect(end.stderr).toContain(said);
    expect(end.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  });

  test('a source that is not there', async () => {
    expect(await port(['REGISTRY/none:1', '--dry-run'])).toMatchObject({ code: 2, stdout: '' });
  });

  test('an interruption is 130', async () => {
    expect(await port(['REGISTRY/web:1', '--dry-run'], { abort: true })).toMatchObject({
      code: 130,
      stdout: '',
    });
  });
});

test('a tag that somebody moved meanwhile is 1, and says from what to what', async () => {
  let isMoved = false;
  const meddler = await startMeddler(registry.host, {
    meddle: async ({ method }) => {
      if (method === 'PUT' && !isMoved) {
        isMoved = true;
        await push(repository('moving'), singleArch('linux/s390x'), { tag: '1' });
      }
      return 'pass' as const;
    },
  });
  await push(repository('moving'), singleArch('linux/386'), { tag: '1' });
  const end = await port(['REGISTRY/web:1', '--to', `${meddler.host}/moving:1`]);
  expect(end).toMatchObject({ code: 1, stdout: '' });
  expect(end.stderr).toMatch(/it pointed to sha256:[0-9a-f]{64} when the work began, and to sha256:/);
  await meddler.close();
});

test('a counterpart that a person names lifts the refusal', async () => {
  const end = await port([
    ...['REGISTRY/tools:1', '--to', 'oci-archive:ported.tar:1', '--replace', '/usr/bin/yq=yq'],
    ...['--format', 'json'],
  ]);
  expect(end).toMatchObject({ code: 0, stderr: '' });
  const result = portResultSchema.parse(JSON.parse(end.stdout));
  expect(result).toMatchObject({
    outcome: 'published',
    totals: { replaced: 1 },
    materials: [{ name: expect.any(String) }],
  });
});

test('the account goes into a file whole, as a document or by lines', async () => {
  const args = ['REGISTRY/web:1', '--dry-run', '--format', 'json', '--output', 'result.json'];
  expect(await port([...args, '--account', 'account.json'])).toMatchObject({ code: 0, stdout: '' });
  await port([...args, '--account', 'account.jsonl']);
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  const { account } = portResultSchema.parse(JSON.parse(await read('result.json')));
  expect(account).toMatchObject([{ path: 'srv/index.html', outcome: 'kept' }]);
  expect(JSON.parse(await read('account.json'))).toMatchObject({ totals: { kept: 1 }, account });
  const lines = (await read('account.jsonl')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(account);
  expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('no account is written where there is none, and that is told', async () => {
  const end = await port(['REGISTRY/base:12', '--dry-run', '--account', 'unneeded.json']);
  expect(end).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('no account was written to unneeded.json'),
  });
  expect(await readdir(directory)).not.toContain('unneeded.json');
});
