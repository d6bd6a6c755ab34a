import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { singleArch } from '../fixture/index.ts';
import type { Digest } from '../oci/index.ts';
import { testWorld } from './publish.test-support.ts';

const world = testWorld();

const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json';

async function keyFile(): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const file = join(world.directory, 'key.pem');
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return file;
}

async function sources(): Promise<readonly [string, string]> {
  return [
    await world.pushed(singleArch('linux/amd64'), 'amd:1'),
    await world.pushed(singleArch('linux/arm64'), 'arm:1'),
  ];
}

test('a published index and each of its images are signed with the key', async () => {
  const { host } = await world.registry();
  const sign = { kind: 'key', file: await keyFile() } as const;
  const result = await world.publish(`${host}/joined:1`, await sources(), { sign });
  expect(result.outcome).toBe('published');
  const repository = world.repository(host, 'joined');
  for (const digest of [result.index.digest, ...result.images.map((image) => image.digest)]) {
    const referrers = await repository.referrers(digest as Digest);
    expect(referrers.map(({ artifactType }) => artifactType)).toEqual([bundle]);
  }
});

test('an index that is there already is signed too', async () => {
  const { host } = await world.registry();
  const images = await sources();
  const first = await world.publish(`${host}/joined:1`, images);
  const sign = { kind: 'key', file: await keyFile() } as const;
  await world.publish(`${host}/joined:1`, images, { sign });
  const referrers = await world.repository(host, 'joined').referrers(first.index.digest as Digest);
  expect(referrers).toHaveLength(1);
});

test('a dry run signs nothing', async () => {
  const { host } = await world.registry();
  const sign = { kind: 'key', file: await keyFile() } as const;
  const result = await world.publish(`${host}/joined:1`, await sources(), { sign, dryRun: true });
  expect(result).toMatchObject({ outcome: 'planned', referrers: [] });
});

test('a key that is none is told before anything is asked', async () => {
  const file = join(world.directory, 'no-key.pem');
  await writeFile(file, 'nothing of the kind');
  const publishing = world.publish('unreachable.invalid/a:1', ['unreachable.invalid/b:1'], {
    sign: { kind: 'key', file },
  });
  await expect(publishing).rejects.toThrow(/key/);
});
