import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf } from '../../oci/index.ts';
import { registryError, scriptedServer } from '../http/scripted-server.test-support.ts';
import { described, putImage, streamOf } from '../layout/repository-contract.test-support.ts';
import { parseLocation } from '../location.ts';
import { startRegistry } from '../server/start-registry.ts';
import type { Destination } from './destination.ts';
import { type ImageAccess, openAccess } from './image-access.ts';
import type { AccessOptions } from './options.ts';

let directory: string;
const open: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'destination-'));
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
  await rm(directory, { recursive: true, force: true });
});

async function access(options: AccessOptions = {}): Promise<ImageAccess> {
  const opened = await openAccess({ cwd: directory, environment: {}, noCache: true, ...options });
  open.push(opened);
  return opened;
}

async function destinationAt(location: string, options: AccessOptions = {}): Promise<Destination> {
  return (await access(options)).openWritable(parseLocation(location));
}

async function registryHost(): Promise<string> {
  const registry = await startRegistry({ directory: join(directory, 'registry') });
  open.push(registry);
  return registry.host;
}

test.each([
  'registry',
  'oci:folder/layout:v1',
  'oci-archive:folder/out.tar:v1',
  'oci-archive:folder/out.tar',
])('%s: nothing is there, then what was written is, and looking changes nothing', async (place) => {
  const location = place === 'registry' ? `${await registryHost()}/app:v1` : place;
  const before = await readdir(directory);
  const destination = await destinationAt(location);
  expect(destination.name).toBe(location);
  const blob = described(Buffer.from('blob'));
  expect([await destination.current(), await destination.hasBlob(blob)]).toEqual([undefined, false]);
  expect(await readdir(directory)).toEqual(before);
  const repository = await destination.begin();
  const { digest } = await putImage(
    repository,
    destination.tag === undefined ? {} : { tag: destination.tag },
  );
  await destination.finish();
  await destination.discard();
  expect(await destination.current()).toBe(digest);
  const again = await destinationAt(location);
  expect((await again.existing?.manifest(digest))?.digest).toBe(digest);
});

test('an archive that is begun and discarded leaves nothing', async () => {
  const destination = await destinationAt('oci-archive:out.tar');
  await putImage(await destination.begin());
  await destination.discard();
  expect(await readdir(directory)).toEqual([]);
  expect(await destination.current()).toBeUndefined();
});

test('what a registry has there is asked of the registry itself, never of a mirror or a cache', async () => {
  const mirror = await scriptedServer(() => registryError(404, 'MANIFEST_UNKNOWN'));
  const host = await registryHost();
  const options = { registries: { [host]: { mirrors: [mirror.host] } } };
  const destination = await destinationAt(`${host}/app:1`, options);
  const first = await putImage(await destination.begin(), { tag: '1' });
  expect(await destination.current()).toBe(first.digest);
  const second = await putImage(await destination.begin(), { tag: '1', annotations: { a: 'b' } });
  expect(await destination.current()).toBe(second.digest);
  expect(mirror.seen).toEqual([]);
});

test('a registry that gives no digest for a HEAD is asked for the manifest', async () => {
  const body = Buffer.from('{"schemaVersion":2,"manifests":[]}');
  const server = await scriptedServer(({ method }) => (method === 'HEAD' ? { status: 405 } : { body }));
  const destination = await destinationAt(`${server.host}/app:1`);
  expect(await destination.current()).toBe(digestOf(body));
});

test('a failure to ask is not "nothing there"', async () => {
  const server = await scriptedServer(() => registryError(403, 'DENIED'));
  const destination = await destinationAt(`${server.host}/app:1`);
  await expect(destination.current()).rejects.toMatchObject({ reason: 'unauthorized' });
});

test('a docker-archive, and a registry offline, are no destinations', async () => {
  await expect(destinationAt('docker-archive:a.tar:app:1')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(destinationAt('example.test/app:1', { offline: true })).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('--offline'),
  });
});

test('a layout keeps its other images', async () => {
  const first = await destinationAt('oci:layout:a');
  const kept = await putImage(await first.begin(), { tag: 'a' });
  const second = await destinationAt('oci:layout:b');
  expect(await second.current()).toBeUndefined();
  const repository = await second.begin();
  const content = Buffer.from('more');
  await repository.putBlob(described(content), () => streamOf(content));
  await putImage(repository, { tag: 'b', annotations: { other: 'yes' } });
  expect(await (await destinationAt('oci:layout:a')).current()).toBe(kept.digest);
});
