import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildImage,
  buildIndex,
  executable,
  type Machine,
  platformOf,
  push,
  userland,
  writeElf,
} from '../fixture/index.ts';
import {
  createRegistryClient,
  type RegistryClient,
  type RunningRegistry,
  startRegistry,
} from '../registry/index.ts';
import { type ScanOptions, scan } from './index.ts';

let folder = '';
let registry: RunningRegistry;
let client: RegistryClient;
const blobs: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-deepen-'));
  registry = await startRegistry({
    directory: folder,
    onRequest: ({ method, path }) => {
      if (method === 'GET' && path.includes('/blobs/')) blobs.push(path);
    },
  });
  client = createRegistryClient();
  await pushIndex('right:1', 'arm64');
  await pushIndex('lying:1', 'amd64');
  await pushIndex('lying:copy', 'amd64');
});
afterAll(async () => {
  await client.close();
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

async function imageFor(platform: string, machine: Machine) {
  return buildImage({
    platform: platformOf(platform),
    layers: [userland(machine), [executable('server', writeElf({ machine }))]],
    config: { Entrypoint: ['/server'] },
  });
}

async function pushIndex(name: string, arm64: Machine): Promise<void> {
  const [repository = '', tag = ''] = name.split(':');
  const index = buildIndex([await imageFor('linux/amd64', 'amd64'), await imageFor('linux/arm64', arm64)]);
  await push(client.repository({ registry: registry.host, repository }), index, { tag });
}

async function deepScan(names: readonly string[], options: Partial<ScanOptions> = {}) {
  const inputs = names.map((name) => `docker://${registry.host}/${name}`);
  const result = await scan({ inputs, noCache: true, environment: {}, ...options });
  return new Map(
    result.images.map((image) => [image.reference.slice(registry.host.length + 1), image] as const),
  );
}

describe('a deep scan', () => {
  test('believes nobody: an image whose bytes are amd64 is mislabelled, and says which file', async () => {
    const images = await deepScan(['right:1', 'lying:1'], { deep: 'all' });
    expect(images.get('right:1')?.readiness).toEqual({ state: 'ready' });
    const lying = images.get('lying:1');
    expect(lying?.readiness).toEqual({ state: 'mislabelled' });
    expect(lying?.evidence[0]?.text).toContain('/server');
    expect(lying?.remedies).toMatchObject([{ kind: 'audit', verified: true }]);
  });

  test('of suspects reads no layer of what is not in doubt', async () => {
    blobs.length = 0;
    const images = await deepScan(['right:1', 'lying:1'], { deep: 'suspect' });
    expect([...images.values()].map(({ readiness }) => readiness.state)).toEqual(['ready', 'ready']);
    expect(blobs).toEqual([]);
  });

  test('with compared layers settles the suspicion', async () => {
    const images = await deepScan(['lying:1'], { deep: 'suspect', compareLayers: true });
    expect(images.get('lying:1')?.readiness).toEqual({ state: 'mislabelled' });
  });

  test('reads an image once, however many tags it has', async () => {
    blobs.length = 0;
    const images = await deepScan(['lying:1', 'lying:copy'], { deep: 'all' });
    expect([...images.values()].map(({ readiness }) => readiness.state)).toEqual([
      'mislabelled',
      'mislabelled',
    ]);
    expect(new Set(blobs).size).toBe(blobs.length);
  });

  test('stays within its bytes: what was not read keeps its verdict, and says so', async () => {
    const images = await deepScan(['lying:1'], { deep: 'all', deepBytes: 10 });
    expect(images.get('lying:1')?.readiness).toEqual({ state: 'ready' });
    expect(images.get('lying:1')?.evidence[0]).toMatchObject({ kind: 'not-audited' });
  });
});
