// Whatever ends a publish, the tag is old or new, what it names is whole, and the next run finishes the work.
import { readdir } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Meddling, type MeddlingRegistry, startMeddler } from '../../test/support/meddling-registry.ts';
import { attestedMultiArch, type Built, buildArtifact, multiArch, singleArch } from '../fixture/index.ts';
import type { Digest } from '../oci/index.ts';
import type { RegistryError } from '../registry/index.ts';
import type { PublishResult } from '../results/index.ts';
import { isWhole, testWorld } from './publish.test-support.ts';

const world = testWorld();
const open: MeddlingRegistry[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** A tag with an old index, and the sources of a new one. */
async function scene(path: string) {
  const old = await multiArch('amd64');
  const image = await singleArch('arm64');
  const signature = buildArtifact({ artifactType: 'a/signature', subject: image.manifest.descriptor });
  await world.pushed(old, `${path}:1`, 'target');
  const sources = [
    await world.pushed(attestedMultiArch('amd64'), `${path}-upstream`, 'target'),
    await world.pushed(image, `${path}-port`, 'source'),
  ];
  await world.pushed(signature, `${path}-port:signature`, 'source');
  const { host } = await world.registry('target');
  return { old: digestOf(old), sources, repository: world.repository(host, path) };
}

async function meddled(meddle: (number: number) => Meddling | Promise<Meddling>) {
  const { host } = await world.registry('target');
  const registry = await startMeddler(host, { meddle: ({ number }) => meddle(number) });
  open.push(registry);
  return registry;
}

const digestOf = (built: Built): Digest => built.manifest.descriptor.digest;

test('every request of a publish can be its last, seen by the registry or not', async () => {
  const { old, sources } = await scene('app');
  const [upstream = '', port = ''] = sources;
  const target = (await world.registry('target')).host;
  // The upstream image is read through the same registry, so that its blobs are mounted.
  const publish = (host: string, path: string) =>
    world.publish(`${host}/${path}:1`, [upstream.replace(target, host), port]);
  const results = { old: 0, new: 0 };
  for (const end of ['lost', 'unanswered'] as const) {
    let published: PublishResult | undefined;
    // What is only read is lost either way.
    for (let last = end === 'lost' ? 1 : 14; published === undefined; last += 1) {
      const path = `app-${last}-${end}`;
      await world.pushed(multiArch('amd64'), `${path}:1`, 'target');
      const registry = await meddled((number) => {
        if (number === last) return end;
        // The process is gone: nothing more comes from it.
        return number < last ? 'pass' : 'lost';
      });
      published = await publish(registry.host, path).catch((error: RegistryError) => {
        expect(error.reason).toBe('network');
        return undefined;
      });
      const repository = world.repository(target, path);
      expect(await isWhole(repository, '1')).toBe(true);
      results[(await repository.resolve('1'))?.digest === old ? 'old' : 'new'] += 1;
      if (last > 60) throw new Error('a publish of so little should need fewer requests');
    }
    expect(published.totals).toMatchObject({ mounted: { blobs: 2 }, uploaded: { blobs: 3 } });
  }
  // All requests but the last two or three come before the tag moves.
  expect(results.new).toBeLessThan(8);
  expect(results.old).toBeGreaterThan(50);
}, 60_000);

test('an abort at any of its events leaves the tag old or new too', async () => {
  const { old, sources, repository } = await scene('app');
  const { host } = await world.registry('target');
  for (let last = 1; ; last += 1) {
    const abort = new AbortController();
    let events = 0;
    const onEvent = () => {
      events += 1;
      if (events === last) abort.abort();
    };
    const run = world.publish(`${host}/app:1`, sources, { signal: abort.signal, onEvent });
    const ended = await run.then(
      ({ outcome }) => outcome,
      (error: Error) => error.name,
    );
    expect(await isWhole(repository, '1')).toBe(true);
    if (ended !== 'AbortError') break;
    expect((await repository.resolve('1'))?.digest).toBe(old);
  }
  expect((await repository.resolve('1'))?.digest).not.toBe(old);
});

test('the next run sends only what is missing', async () => {
  const { sources } = await scene('app');
  const registry = await meddled(() => 'pass');
  const first = await world.publish(`${registry.host}/app:other`, sources, { dryRun: true });
  const uploads = (requests: readonly { method: string; path: string }[]) =>
    requests.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/uploads/')).length;
  const abort = new AbortController();
  const breaking = await startMeddler((await world.registry('target')).host, {
    // Killed when the first manifest is to be written: all blobs are there.
    meddle: ({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/manifests/')) return 'pass';
      abort.abort();
      return 'lost';
    },
  });
  open.push(breaking);
  const cut = world.publish(`${breaking.host}/app:1`, sources, { signal: abort.signal });
  await expect(cut).rejects.toMatchObject({ name: 'AbortError' });
  expect(uploads(breaking.requests)).toBe(first.totals.uploaded.blobs);
  const before = registry.requests.length;
  const next = await world.publish(`${registry.host}/app:1`, sources);
  expect(next).toMatchObject({
    outcome: 'published',
    totals: { uploaded: { blobs: 0 }, mounted: { blobs: 0 } },
  });
  expect(uploads(registry.requests.slice(before))).toBe(0);
});

describe('a destination that fails', () => {
  test.each([
    ['takes no blob', ({ method, path }: Seen) => method === 'POST' && path.includes('/blobs/uploads/')],
    ['takes no manifest', ({ method, path }: Seen) => method === 'PUT' && path.includes('/manifests/sha256')],
    ['does not move the tag', ({ method, path }: Seen) => method === 'PUT' && path.endsWith('/manifests/1')],
    [
      'gives nothing back',
      ({ method, path }: Seen) => method === 'GET' && path.includes('/manifests/sha256'),
    ],
  ] as const)('and %s leaves the tag where it was', async (_name, isHit) => {
    const { old, sources, repository } = await scene('app');
    const { host } = await world.registry('target');
    const registry = await startMeddler(host, { meddle: (seen) => (isHit(seen) ? 500 : 'pass') });
    open.push(registry);
    await expect(world.publish(`${registry.host}/app:1`, sources)).rejects.toMatchObject({
      reason: 'network',
    });
    expect((await repository.resolve('1'))?.digest).toBe(old);
  });

  test('forgets a manifest right after it took it: that is found out before the tag moves', async () => {
    const { old, sources, repository } = await scene('app');
    const { host } = await world.registry('target');
    const put = new Set<string>();
    const registry = await startMeddler(host, {
      meddle: ({ method, path }) => {
        if (method === 'PUT' && path.includes('/manifests/sha256')) put.add(path);
        return method === 'GET' && put.has(path) ? 404 : 'pass';
      },
    });
    open.push(registry);
    await expect(world.publish(`${registry.host}/app:1`, sources)).rejects.toMatchObject({
      code: 'PUBLISH_NOT_READ_BACK',
    });
    expect((await repository.resolve('1'))?.digest).toBe(old);
  });
});

type Seen = { readonly method: string; readonly path: string };

test('a source that breaks off or lies leaves the tag where it was', async () => {
  const { old, sources, repository } = await scene('app');
  const source = await world.registry('source');
  const { host } = await world.registry('target');
  const broken = await startMeddler(source.host, {
    meddle: ({ path }) => (path.includes('/blobs/') ? 500 : 'pass'),
  });
  open.push(broken);
  const [upstream = '', port = ''] = sources;
  const through = port.replace(source.host, broken.host);
  const platform = { os: 'linux', architecture: 'arm64' };
  await expect(
    world.publish(`${host}/app:1`, [upstream, { reference: through, platform }]),
  ).rejects.toMatchObject({ reason: 'network' });
  expect((await repository.resolve('1'))?.digest).toBe(old);
});

test('an archive that is cut off is not there, and leaves nothing behind', async () => {
  const { sources } = await scene('app');
  const abort = new AbortController();
  const run = world.publish('oci-archive:out.tar', sources, {
    signal: abort.signal,
    onEvent: (event) => {
      if (event.type === 'phase' && event.phase === 'writing manifests') abort.abort();
    },
  });
  await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  expect((await readdir(world.directory)).filter((name) => name.includes('out.tar'))).toEqual([]);
});
