// What a scan may cost a registry, counted at the registry.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Built, multiArch, push, singleArch } from '../../src/fixture/index.ts';
import { createRegistryClient, type RunningRegistry, startRegistry } from '../../src/registry/index.ts';
import { type ScanOptions, scan } from '../../src/scan/index.ts';
import type { Fault } from '../support/faults.ts';
import { startFaultyRegistry } from '../support/faulty-registry.ts';

let folder = '';
let registry: RunningRegistry;
let children: readonly string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-budget-'));
  registry = await startRegistry({
    directory: join(folder, 'registry'),
    auth: {
      kind: 'bearer',
      users: [
        { username: 'reader', password: 'secret', grants: [{ repository: '*', actions: ['pull', 'push'] }] },
      ],
      anonymous: [{ repository: '*', actions: ['pull'] }],
    },
  });
  const credentials = {
    lookup: () => Promise.resolve({ username: 'reader', password: 'secret', source: 'test' }),
  };
  const client = createRegistryClient({ credentials });
  const open = (repository: string) => client.repository({ registry: registry.host, repository });
  const index = await multiArch('amd64', 'arm64');
  children = index.children.map((child) => child.manifest.descriptor.digest);
  for (const tag of ['1', '2', '3']) await push(open('multi'), index, { tag });
  await push(open('single'), singleArch('arm64'), { tag: '1' });
  await push(open('single'), singleArch('amd64'), { tag: '2' });
  await client.close();
  registry.requests.length = 0;
});
afterEach(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

function run(names: readonly string[], options: Partial<ScanOptions> = {}) {
  const inputs = names.map((name) => `${registry.host}/${name}`);
  return scan({ inputs, environment: {}, cacheDirectory: join(folder, 'cache'), ...options });
}

/** `GET manifests/1` and the like, sorted; the token's and the first challenge aside. */
function asked(): string[] {
  return registry.requests
    .filter(({ path, status }) => !path.startsWith('/token') && status !== 401 && path !== '/v2/')
    .map(
      ({ method, path }) => `${method} ${path.replace(/^\/v2\//, '').replace(/sha256:[0-9a-f]+/, 'DIGEST')}`,
    )
    .sort();
}

function tokens(): string[] {
  return registry.requests.filter(({ path }) => path.startsWith('/token')).map(({ path }) => path);
}

const fleet = ['multi:1', 'multi:2', 'multi:3', 'single:1', 'single:2'];

describe('field 10: a cold scan', () => {
  test('costs one GET a tag, one config for each single image, and one token a repository', async () => {
    await run(fleet);
    expect(asked()).toEqual([
      'GET multi/manifests/1',
      'GET multi/manifests/2',
      'GET multi/manifests/3',
      'GET single/blobs/DIGEST',
      'GET single/blobs/DIGEST',
      'GET single/manifests/1',
      'GET single/manifests/2',
    ]);
    expect(tokens()).toHaveLength(2);
    expect(new Set(tokens())).toHaveLength(2);
  });

  test('asks nothing twice, however often a reference is used', async () => {
    await run([...fleet, ...fleet, ...fleet]);
    expect(asked()).toHaveLength(7);
  });

  test('of 300 images sends at most eight requests at a time', async () => {
    const image = await singleArch('arm64');
    const tags = Array.from({ length: 300 }, (_, number) => `many:${number}`);
    const counting = await startCounting(Object.fromEntries(tags.map((tag) => [tag, image])));
    const inputs = tags.map((tag) => `${counting.host}/${tag}`);
    const result = await scan({ inputs, environment: {}, noCache: true });
    await counting.close();
    expect(result.summary.states.ready).toBe(300);
    expect(counting.most()).toBeGreaterThan(1);
    expect(counting.most()).toBeLessThanOrEqual(8);
    expect(counting.requests).toHaveLength(301);
  });
});

/** A registry that counts how many requests wait for it at the same time. */
async function startCounting(manifests: Readonly<Record<string, Built>>) {
  let waiting = 0;
  let most = 0;
  const fault: Fault = async (answer) => {
    waiting += 1;
    most = Math.max(most, waiting);
    await new Promise((resolve) => setTimeout(resolve, 5));
    waiting -= 1;
    return answer;
  };
  const registry = await startFaultyRegistry({ manifests, behaviours: [{ on: '/v2/', fault }] });
  return { ...registry, most: () => most };
}

describe('field 11: a second scan', () => {
  test('costs one HEAD a tag and no GET', async () => {
    const first = await run(fleet);
    registry.requests.length = 0;
    const second = await run(fleet);
    expect(asked()).toEqual([
      'HEAD multi/manifests/1',
      'HEAD multi/manifests/2',
      'HEAD multi/manifests/3',
      'HEAD single/manifests/1',
      'HEAD single/manifests/2',
    ]);
    expect(second).toEqual(first);
  });

  test('of digests costs nothing at all', async () => {
    const pinned = [`multi@${children[1]}`, `single:1@${children[1]}`].slice(0, 1);
    await run(pinned);
    registry.requests.length = 0;
    const result = await run(pinned);
    expect(result.summary.states.ready).toBe(1);
    expect(registry.requests).toEqual([]);
  });

  test('offline asks nothing, answers what it knows with its age, and calls the rest unknown', async () => {
    await run(['multi:1']);
    registry.requests.length = 0;
    const result = await run(['multi:1', 'single:1'], { offline: true });
    expect(registry.requests).toEqual([]);
    expect(result.images.map(({ readiness }) => readiness)).toEqual([
      { state: 'ready' },
      { state: 'unknown', reason: 'offline' },
    ]);
    expect(result.images[0]?.evidence.map(({ kind }) => kind)).toContain('seen-earlier');
  });
});

test('a budget of requests is kept, and what was not asked is unknown, not missing', async () => {
  const result = await run(fleet, { maxRequests: 2 });
  expect(asked().length).toBeLessThanOrEqual(2);
  expect(result.summary.states.missing).toBe(0);
  expect(
    result.images.filter(({ readiness }) => readiness.reason === 'rate-limited').length,
  ).toBeGreaterThanOrEqual(3);
});

test('comparing layers costs two manifests and a config more for an index, once', async () => {
  await run(['multi:1', 'multi:2'], { compareLayers: true });
  expect(asked()).toEqual([
    'GET multi/blobs/DIGEST',
    'GET multi/manifests/1',
    'GET multi/manifests/2',
    'GET multi/manifests/DIGEST',
    'GET multi/manifests/DIGEST',
  ]);
});
