import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import {
  buildImage,
  buildIndex,
  executable,
  file,
  platformOf,
  push,
  userland,
  writeElf,
} from '../fixture/index.ts';
import { createRegistryClient, type RunningRegistry, startRegistry } from '../registry/index.ts';
import { basesResultSchema, fleetResultSchema } from '../results/index.ts';
import type { TarMember } from '../tar/index.ts';
import { run } from './run.ts';

let directory = '';
let registry: RunningRegistry;
const client = createRegistryClient();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-fleet-cli-'));
  registry = await startRegistry({ directory: join(directory, 'registry') });
  const machines = ['amd64', 'arm64'] as const;
  const images = machines.map((machine) =>
    buildImage({ platform: platformOf(`linux/${machine}`), layers: [userland(machine)], config: {} }),
  );
  await push(repository('base'), buildIndex(await Promise.all(images)), { tag: '12' });
  await push(repository('shop/web'), await app([file('srv/index.html', 'hello')]), { tag: '1' });
  await push(repository('shop/api'), await app([file('srv/api.js', '1')]), { tag: '2' });
  await push(repository('shop/tool'), await app([executable('usr/bin/yq', writeElf({ machine: 'amd64' }))]), {
    tag: '1',
  });
  await push(repository('shop/bare'), await app([file('a', 'b')], {}), { tag: '1' });
  await writeFile(join(directory, 'compose.yaml'), composeOf(['web:1', 'api:2']));
});
afterAll(async () => {
  await client.close();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

function repository(name: string) {
  return client.repository({ registry: registry.host, repository: name });
}

function app(layer: readonly TarMember[], labels?: Readonly<Record<string, string>>) {
  return buildImage({
    platform: platformOf('linux/amd64'),
    layers: [userland('amd64'), layer],
    config: {
      Cmd: ['/usr/bin/sh'],
      Labels: labels ?? { 'org.opencontainers.image.base.name': `${registry.host}/base:12` },
    },
  });
}

function composeOf(names: readonly string[]): string {
  const services = names.map((name, index) => `  s${index}:\n    image: ${registry.host}/shop/${name}\n`);
  return `services:\n${services.join('')}`;
}

async function armload(args: readonly string[], { abort = false, stdin = '' } = {}) {
  const environment = { XDG_STATE_HOME: join(directory, 'state'), XDG_CACHE_HOME: join(directory, 'cache') };
  const io = fakeIo({ cwd: directory, environment, stdin });
  if (abort) io.abort.abort();
  const code = await run(
    args.map((word) => word.replaceAll('REGISTRY', registry.host)),
    io,
  );
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

const port = (...args: readonly string[]) => armload(['port', '--fleet', '--no-attach', ...args]);

test('a fleet is looked at, ported, mapped, and left alone the second time', async () => {
  const to = ['--to', 'REGISTRY/arm64'];
  const dry = await port('compose.yaml', '--dry-run', ...to);
  expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('2 planned')]);
  const first = await port('compose.yaml', ...to, '--mapping', 'images.yaml', '--format', 'json');
  const result = fleetResultSchema.parse(JSON.parse(first.stdout));
  expect([first.code, result.summary.outcomes.published]).toEqual([0, 2]);
  expect(first.stderr).toContain('[2/2]');
  expect(load(await readFile(join(directory, 'images.yaml'), 'utf8'))).toEqual({
    images: result.mapping.map(({ to: place, digest }) => ({
      name: place.replace('/arm64', '').replace(/:\d$/, ''),
      newName: place.replace(/:\d$/, ''),
      newTag: place.slice(-1),
      digest,
    })),
  });
  const stdin = composeOf(['web:1', 'api:2']);
  const second = await armload(['port', '--fleet', '--no-attach', '-', ...to], { stdin });
  expect([second.code, second.stdout]).toEqual([0, expect.stringContaining('2 done by an earlier run')]);
});

describe('the exit code is', () => {
  test.each([
    [
      '1 where one is refused, whatever else nobody could tell',
      ['REGISTRY/shop/tool:1', 'REGISTRY/shop/none:1'],
      1,
      '/usr/bin/yq',
    ],
    [
      '2 where something could not be determined',
      ['REGISTRY/shop/web:1', 'REGISTRY/shop/none:1'],
      2,
      'unknown (not-found)',
    ],
    ['0 where nothing is to be ported', ['REGISTRY/base:12'], 0, '1 left alone: 1 ready'],
  ])('%s', async (_name, inputs, code, said) => {
    const end = await port(...inputs, '--to', 'REGISTRY/codes');
    expect(end.stdout).toContain(said);
    expect([end.code, end.stdout]).toEqual([code, expect.stringContaining(`exit ${code}`)]);
  });

  test('130 where it is interrupted', async () => {
    const end = await armload(['port', '--fleet', 'REGISTRY/shop/web:1', '--to', 'REGISTRY/stopped'], {
      abort: true,
    });
    expect([end.code, end.stdout]).toEqual([130, '']);
  });

  test.each([
    ['nothing to look in', ['--fleet', '--to', 'REGISTRY/x'], 'needs what to look for images in'],
    ['no destination', ['--fleet', 'compose.yaml'], 'needs --to'],
    [
      'a destination with a tag',
      ['--fleet', 'compose.yaml', '--to', 'REGISTRY/x:1'],
      "can't be what destinations",
    ],
    ['a folder as destination', ['--fleet', 'compose.yaml', '--to', 'oci:out'], "can't be what destinations"],
    [
      'a file for one path',
      ['--fleet', 'compose.yaml', '--dry-run', '--replace', '/a=b'],
      '--replace is about one image',
    ],
    ['a waiver', ['--fleet', 'compose.yaml', '--dry-run', '--waive', '/a=b'], '--waive is about one image'],
    [
      'one account',
      ['--fleet', 'compose.yaml', '--dry-run', '--account', 'a'],
      '--account is about one image',
    ],
    ['another state', ['--fleet', 'compose.yaml', '--dry-run', '--include', 'ready'], 'suspect'],
    ['too many at a time', ['--fleet', 'compose.yaml', '--dry-run', '--jobs', '99'], 'at a time'],
    [
      'a mapping that can not be written',
      ['--fleet', 'compose.yaml', '--dry-run', '--mapping', 'none/x'],
      '--mapping',
    ],
    ['a mapping of one image', ['REGISTRY/shop/web:1', '--dry-run', '--mapping', 'x'], 'Add --fleet'],
    [
      'several images without a fleet',
      ['REGISTRY/shop/web:1', 'REGISTRY/shop/api:2', '--dry-run'],
      'needs one reference',
    ],
    ['a path that is not there', ['--fleet', './none', '--dry-run'], './none'],
  ])('3 for %s', async (_name, args, said) => {
    const end = await armload(['port', ...args]);
    expect([end.code, end.stdout]).toEqual([3, '']);
    expect(end.stderr).toContain(said);
  });
});

describe('armload catalog bases', () => {
  const bases = (...args: readonly string[]) => armload(['catalog', 'bases', ...args]);

  test('records a base once, and ports find it by its layers, until it is removed', async () => {
    const dry = ['REGISTRY/shop/bare:1', '--dry-run', '--format', 'json'];
    const before = await armload(['port', ...dry]);
    expect(JSON.parse(before.stdout)).toMatchObject({ base: { state: 'none' } });

    const added = await bases('add', 'REGISTRY/base:12', '--format', 'json');
    const result = basesResultSchema.parse(JSON.parse(added.stdout));
    expect([added.code, result.added, result.bases[0]?.images.map(({ platform }) => platform)]).toEqual([
      0,
      2,
      ['linux/amd64', 'linux/arm64'],
    ]);
    const text = await readFile(result.file, 'utf8');
    expect((await bases('add', 'REGISTRY/base:12')).stdout).not.toContain('added');
    expect(await readFile(result.file, 'utf8')).toBe(text);

    const after = await armload(['port', ...dry]);
    expect(JSON.parse(after.stdout)).toMatchObject({
      outcome: 'planned',
      base: { state: 'found', evidence: 'known' },
    });
    const copy = join(directory, 'copy.json');
    await writeFile(copy, text);

    expect((await bases('list')).stdout).toContain(`${registry.host}/base:12`);
    expect((await bases('list', '--all', '--format', 'markdown')).stdout).toContain('Known bases');
    expect((await bases('remove', 'REGISTRY/base:12')).stdout).toContain('2 removed');
    expect(JSON.parse((await armload(['port', ...dry])).stdout)).toMatchObject({ base: { state: 'none' } });
    const named = await armload(['port', ...dry, '--known-bases', copy]);
    expect(JSON.parse(named.stdout)).toMatchObject({ base: { state: 'found', evidence: 'known' } });
  });

  test.each([
    ['something that is no index', ['add', 'REGISTRY/shop/web:1', 'REGISTRY/base:12'], 1, 'not an index'],
    ['something that is not there', ['add', 'REGISTRY/none:1'], 1, 'none:1'],
    ['a registry that does not answer', ['add', '127.0.0.1:9/base:1', 'REGISTRY/base:12'], 2, '127.0.0.1:9'],
    ['what is not in the table', ['remove', 'REGISTRY/other:1'], 1, 'no record'],
  ])('tells of %s, and records the rest', async (_name, args, code, said) => {
    const end = await bases(...args, '--file', `table-${code}${args[0]}.json`);
    expect([end.code, end.stdout]).toEqual([code, expect.stringContaining(said)]);
    if (args.length > 2) expect(end.stdout).toContain('1 base, 2 images · 2 added');
  });

  test.each([
    ['no action', [], 'needs one of'],
    ['another action', ['ad', 'x'], 'add'],
    ['no references', ['add'], 'needs the references'],
    ['references to list', ['list', 'x'], 'takes no references'],
    ['what is no reference', ['add', 'acme/App'], 'acme/App'],
    ['a table that is none', ['list', '--file', 'compose.yaml'], 'not JSON'],
  ])('wrong usage, %s', async (_name, args, said) => {
    const end = await bases(...args);
    expect([end.code, end.stdout]).toEqual([3, '']);
    expect(end.stderr).toContain(said);
  });
});
