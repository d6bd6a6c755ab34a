import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { startMeddler } from '../../test/support/meddling-registry.ts';
import {
  attestedMultiArch,
  buildImage,
  buildIndex,
  executable,
  platformOf,
  push,
  singleArch,
  writeElf,
} from '../fixture/index.ts';
import { createRegistryClient, openLayout, type RunningRegistry, startRegistry } from '../registry/index.ts';
import { publishResultSchema } from '../results/index.ts';
import { readSource } from './publish-settings.ts';
import { run } from './run.ts';

let directory = '';
let registry: RunningRegistry;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-publish-'));
  registry = await startRegistry({ directory: join(directory, 'registry') });
  const layout = await openLayout(join(directory, 'layout'), { create: true });
  await push(layout, attestedMultiArch('linux/amd64', 'linux/s390x'), { tag: 'upstream' });
  await push(layout, singleArch('linux/arm64'), { tag: 'port' });
  const bytes = [executable('app', writeElf({ machine: 'amd64' }))];
  const amd = { layers: [bytes], config: { Entrypoint: ['/app'] } };
  const liar = await buildImage({ ...amd, platform: platformOf('linux/arm64') });
  await push(layout, liar, { tag: 'liar' });
  const honest = await buildImage({ ...amd, platform: platformOf('linux/amd64') });
  await push(layout, buildIndex([{ of: honest, platform: platformOf('linux/arm64') }]), { tag: 'mistaken' });
  await push(layout, honest, { tag: 'amd64' });
});
afterAll(async () => {
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function publish(args: readonly string[], options: { abort?: boolean } = {}) {
  const io = fakeIo({ cwd: directory, environment: {} });
  if (options.abort) io.abort.abort();
  const code = await run(['publish', '--no-cache', ...args], io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

describe('the exit code of', () => {
  test.each([
    ['two honest sources', ['REGISTRY/app:1', 'oci:layout:upstream', 'oci:layout:port'], 0, '3 images'],
    ['the same again', ['REGISTRY/app:1', 'oci:layout:upstream', 'oci:layout:port'], 0, 'unchanged'],
    ['a dry run', ['REGISTRY/app:2', 'oci:layout:port', '--dry-run'], 0, 'planned'],
    ['an image whose bytes lie', ['REGISTRY/app:3', 'oci:layout:liar'], 1, 'mislabelled'],
    ['an index that lies of an honest image', ['REGISTRY/app:3', 'oci:layout:mistaken'], 1, 'refused'],
    [
      'an image said to be for another platform',
      ['REGISTRY/app:3', 'linux/arm64=oci:layout:amd64'],
      1,
      'refused',
    ],
    ['a lie without an audit', ['REGISTRY/app:4', 'oci:layout:liar', '--no-audit'], 0, 'not-audited'],
  ])('%s', async (_name, args, code, said) => {
    const end = await publish(args.map((word) => word.replace('REGISTRY', registry.host)));
    expect([end.code, end.stderr]).toEqual([code, '']);
    expect(end.stdout).toContain(said);
    expect(end.stdout.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`exit ${code}: .+$`));
  });

  test.each([
    ['no source', ['REGISTRY/app:1'], 'needs a destination and at least one source'],
    ['no tag', ['REGISTRY/app', 'oci:layout:port'], 'names no tag'],
    ['two sources for a platform', ['oci:out:1', 'oci:layout:port', 'oci:layout:liar'], '--replace'],
    ['a platform that is none', ['oci:out:1', 'linux/arm65=oci:layout:port'], 'Did you mean "arm64"?'],
    ['an unknown type of index', ['oci:out:1', 'oci:layout:port', '--index-type', 'rar'], 'type of index'],
    ['a registry offline', ['REGISTRY/app:1', 'oci:layout:port', '--offline'], '--offline'],
  ])('wrong usage, %s', async (_name, args, said) => {
    const end = await publish(args.map((word) => word.replace('REGISTRY', registry.host)));
    expect([end.code, end.stdout]).toEqual([3, '']);
    expect(end.stderr).toContain(said);
  });

  test('a source that is not there, or has no image', async () => {
    expect(await publish(['oci:out:1', 'oci:layout:none'])).toMatchObject({ code: 2, stdout: '' });
    expect((await publish(['oci:out:1', 'linux/386=oci:layout:upstream'])).stderr).toContain(
      'It has: linux/amd64, linux/s390x.',
    );
  });

  test('an interruption is 130, and nothing is there', async () => {
    const end = await publish(['oci-archive:cut.tar', 'oci:layout:port'], { abort: true });
    expect(end).toMatchObject({ code: 130, stdout: '' });
    await expect(stat(join(directory, 'cut.tar'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('a tag that somebody moved meanwhile is 1, and says from what to what', async () => {
  const client = createRegistryClient();
  const repository = client.repository({ registry: registry.host, repository: 'moving' });
  await push(repository, singleArch('linux/386'), { tag: '1' });
  let isMoved = false;
  const meddler = await startMeddler(registry.host, {
    meddle: async ({ method }) => {
      if (method === 'PUT' && !isMoved) {
        isMoved = true;
        await push(repository, singleArch('linux/s390x'), { tag: '1' });
      }
      return 'pass' as const;
    },
  });
  const end = await publish([`${meddler.host}/moving:1`, 'oci:layout:upstream']);
  expect(end).toMatchObject({ code: 1, stdout: '' });
  expect(end.stderr).toMatch(/it pointed to sha256:[0-9a-f]{64} when the work began, and to sha256:/);
  await client.close();
  await meddler.close();
});

test('JSON keeps to its schema, and goes into a file whole', async () => {
  const end = await publish(['oci-archive:out.tar', 'oci:layout:port', '-f', 'json', '-o', 'result.json']);
  expect(end).toMatchObject({ code: 0, stdout: '' });
  expect(end.stderr).toMatch(/^armload: wrote result\.json: published · 1 image · .*exit 0: .*\n$/);
  const document: unknown = JSON.parse(await readFile(join(directory, 'result.json'), 'utf8'));
  const { images } = publishResultSchema.parse(document);
  expect(images).toMatchObject([{ platform: 'linux/arm64', audit: { state: 'passed' } }]);
});

test('the configuration tells how registries are reached', async () => {
  await writeFile(
    join(directory, 'own.yaml'),
    `registries:\n  far.example:\n    endpoint: ${registry.host}\n`,
  );
  const end = await publish(['far.example/app:far', 'oci:layout:port', '-c', 'own.yaml']);
  expect(end).toMatchObject({ code: 0, stderr: '' });
  const answer = await fetch(`${registry.url}/v2/app/manifests/far`);
  expect(answer.status).toBe(200);
});

test.each([
  ['nginx:1', { reference: 'nginx:1' }],
  ['oci:a=b:c', { reference: 'oci:a=b:c' }],
  ['localhost:5000/a', { reference: 'localhost:5000/a' }],
  ['arm64=oci:a=b', { reference: 'oci:a=b', platform: { os: 'linux', architecture: 'arm64' } }],
  [
    'linux/arm/v7=nginx:1',
    { reference: 'nginx:1', platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
  ],
])('the source %s', (text, source) => {
  expect(readSource(text)).toEqual(source);
});

test.each(['=nginx', 'x=nginx', 'linux/arm64='])('%s is no source', (text) => {
  expect(() => readSource(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
