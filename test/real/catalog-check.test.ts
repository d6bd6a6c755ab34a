// What a check of the catalog sees of images in Debian's docker-registry, as they come, change, lie and go.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platformAuditors } from '../../src/audit/index.ts';
import type { Product } from '../../src/catalog/index.ts';
import { type Built, buildIndex, push, singleArch } from '../../src/fixture/index.ts';
import { checkProducts } from '../../src/observe/index.ts';
import { bothPlatforms } from '../../src/observe/world.test-support.ts';
import { defaultPlatform } from '../../src/oci/index.ts';
import { createRegistryClient, openAccess, type RegistryClient } from '../../src/registry/index.ts';
import type { CheckedProduct, Observation } from '../../src/results/index.ts';
import {
  hasPrograms,
  type RunningProgram,
  startDockerRegistry,
  temporaryFolder,
} from '../support/real-parts.ts';

const here = await hasPrograms('docker-registry');

describe.skipIf(!here)('with docker-registry', () => {
  const folder = temporaryFolder();
  let client: RegistryClient;
  let registry: RunningProgram;
  let locked: RunningProgram;
  beforeAll(async () => {
    client = createRegistryClient();
    registry = await startDockerRegistry(join(folder.path, 'open'));
    // Of no password: nobody gets in.
    const users = join(folder.path, 'users');
    writeFileSync(users, 'nobody:$2y$05$0000000000000000000000000000000000000000000000000000\n');
    locked = await startDockerRegistry(join(folder.path, 'locked'), users);
  });
  afterAll(async () => {
    await client?.close();
    await registry?.stop();
    await locked?.stop();
    folder.remove();
  });

  const put = (repository: string, built: Built, tag: string) =>
    push(client.repository({ registry: registry.host, repository }), built, { tag });
  const kept: Observation[] = [];

  async function check(host: string, repository: string, { bytes = false } = {}): Promise<CheckedProduct> {
    const product: Product = {
      schemaVersion: 1,
      kind: 'product',
      name: repository,
      title: repository,
      delivery: ['image'],
      images: [{ reference: `${host}/${repository}`, role: 'server' }],
      claims: [
        {
          text: 'since 1.0.0',
          says: 'supported',
          versions: '>=1.0.0',
          source: 'https://app.example/',
          date: '2025-01-01',
        },
      ],
      file: 'product.yaml',
      folder: folder.path,
    };
    const access = await openAccess({ environment: {}, noCache: true, timeoutSeconds: 5 });
    const audit = bytes ? platformAuditors({ environment: {}, noCache: true }) : undefined;
    const known = [...kept];
    try {
      const { products } = await checkProducts([product], {
        access,
        platform: defaultPlatform,
        ...(audit && { audit }),
        observations: () => known,
        record: (_name, seen) => {
          kept.push(seen);
          return Promise.resolve();
        },
      });
      return products[0] as CheckedProduct;
    } finally {
      await audit?.close();
      await access.close();
    }
  }

  const results = ({ observations }: CheckedProduct) =>
    observations.map(({ reference, result }) => `${reference.split(':').at(-1)} ${result}`);

  test('an image is seen to come, to be right, to lie and to lose the platform', async () => {
    await put('app', await bothPlatforms(), '1.0.0');
    expect(results(await check(registry.host, 'app'))).toEqual(['1.0.0 multi-arch']);
    expect((await check(registry.host, 'app', { bytes: true })).after.state).toBe('supported');
    await put('app', await bothPlatforms('amd64'), '1.0.0');
    const lying = await check(registry.host, 'app', { bytes: true });
    expect(lying.regressions.map(({ kind }) => kind)).toEqual(['mislabelled']);
    expect(lying.after.state).toBe('regressed');
    await put('app', await bothPlatforms('arm64', 'mended'), '1.0.0');
    expect((await check(registry.host, 'app', { bytes: true })).after.state).toBe('supported');
    await put('app', buildIndex([await singleArch('amd64')]), '1.0.0');
    const lost = await check(registry.host, 'app');
    expect(lost.regressions.map(({ kind }) => kind)).toEqual(['lost']);
    expect(lost.after.state).toBe('regressed');
  });

  test('a deleted tag is gone; with the last one nobody can tell', async () => {
    const [first, second] = [await bothPlatforms('arm64', '1'), await bothPlatforms('arm64', '2')];
    await put('going', first, '1.0.0');
    await put('going', second, '2.0.0');
    expect(results(await check(registry.host, 'going'))).toEqual(['2.0.0 multi-arch', '1.0.0 multi-arch']);
    await remove('going', second);
    const once = await check(registry.host, 'going');
    expect(results(once)).toEqual(['1.0.0 multi-arch', '2.0.0 gone']);
    expect(once.regressions.map(({ kind }) => kind)).toEqual(['gone']);
    await remove('going', first);
    const last = await check(registry.host, 'going');
    expect(last.regressions).toEqual([]);
    expect(last.observations.every(({ result }) => result === 'unknown')).toBe(true);
  });

  async function remove(repository: string, built: Built): Promise<void> {
    const { digest } = built.manifest.descriptor;
    const answer = await fetch(`http://${registry.host}/v2/${repository}/manifests/${digest}`, {
      method: 'DELETE',
    });
    expect(answer.status).toBe(202);
  }

  test('a registry that lets nobody in says nothing of its images', async () => {
    expect(await check(locked.host, 'app')).toMatchObject({
      observations: [{ result: 'unknown', reason: 'unauthorized' }],
      regressions: [],
    });
  });

  test('one that has stopped says nothing either', async () => {
    const stopping = await startDockerRegistry(join(folder.path, 'stopping'));
    const { host } = stopping;
    await push(client.repository({ registry: host, repository: 'app' }), bothPlatforms(), { tag: '1.0.0' });
    expect(results(await check(host, 'app'))).toEqual(['1.0.0 multi-arch']);
    await stopping.stop();
    expect(await check(host, 'app')).toMatchObject({
      observations: [{ result: 'unknown', reason: 'network' }],
      regressions: [],
    });
  });
});
