import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Behaviour,
  type FaultyRegistry,
  type FaultyRegistryOptions,
  faults,
  startFaultyRegistry,
} from '../../test/support/faulty-registry.ts';
import {
  type Built,
  buildImage,
  buildIndex,
  executable,
  helmChart,
  platformOf,
  schema1,
  singleArch,
  userland,
  writeElf,
} from '../fixture/index.ts';
import { observationSchema } from '../results/index.ts';
import {
  bothPlatforms,
  fastClock,
  imageFor,
  lookOnce,
  startWorld,
  type World,
} from './world.test-support.ts';

const digestOf = (built: Built) => built.manifest.descriptor.digest;

describe('by the documents of a registry', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());

  test('an index that has the platform is multi-arch, with the digests of both, at a GET and a HEAD', async () => {
    const index = await bothPlatforms();
    await world.push('app:1', index);
    world.takeRequests();
    const seen = await lookOnce(`${world.host}/app:1`);
    expect(seen).toEqual({
      reference: `${world.host}/app:1`,
      platform: 'linux/arm64',
      digest: digestOf(index),
      image: digestOf(index.children[1] as Built),
      at: '2026-01-01T00:00:00.000Z',
      method: 'manifest',
      result: 'multi-arch',
      why: expect.stringContaining('the index lists linux/arm64 as sha256:') as string,
    });
    expect(observationSchema.parse(seen)).toEqual(seen);
    expect(world.takeRequests()).toEqual(['GET app/manifests/1', 'HEAD app/manifests/DIGEST']);
  });

  test('an image of the platform alone is single-arch, by its config', async () => {
    const image = await singleArch('arm64');
    await world.push('app-arm64:1', image);
    world.takeRequests();
    expect(await lookOnce(`${world.host}/app-arm64:1`)).toMatchObject({
      result: 'single-arch',
      digest: digestOf(image),
      image: digestOf(image),
    });
    expect(world.takeRequests()).toEqual(['GET app-arm64/manifests/1', 'GET app-arm64/blobs/DIGEST']);
  });

  test('an index or an image without the platform has none, and says what there is', async () => {
    await world.push('old:index', buildIndex([await singleArch('amd64'), await singleArch('s390x')]));
    await world.push('old:image', await singleArch('amd64'));
    expect(await lookOnce(`${world.host}/old:index`)).toMatchObject({
      result: 'none',
      why: 'the index has linux/amd64, linux/s390x; no linux/arm64',
    });
    expect(await lookOnce(`${world.host}/old:image`)).toMatchObject({
      result: 'none',
      why: 'a single image; its config says linux/amd64',
    });
  });

  test('a chart under the name is no image for the platform', async () => {
    await world.push('chart:1', await helmChart('app', '1.0.0'));
    expect(await lookOnce(`${world.host}/chart:1`)).toMatchObject({ result: 'none' });
  });

  test('a tag that its repository no longer lists is gone; the list is read for no other', async () => {
    await world.push('kept:1', await bothPlatforms());
    world.takeRequests();
    const seen = await lookOnce(`${world.host}/kept:2`);
    expect(seen).toMatchObject({ result: 'gone', method: 'manifest' });
    expect(seen.why).toContain('lists 1 tag, and "2" is not among them');
    expect(world.takeRequests()).toEqual(['GET kept/manifests/2', 'GET kept/tags/list?n=1000']);
  });

  test('a repository that the registry does not know may be hidden: that is unknown', async () => {
    expect(await lookOnce(`${world.host}/nowhere:1`)).toMatchObject({
      result: 'unknown',
      reason: 'not-found',
    });
  });

  test('what only documents speak against is unknown until somebody reads the bytes', async () => {
    const lying = await buildImage({
      platform: platformOf('linux/arm64'),
      layers: [userland('amd64'), [executable('server', writeElf({ machine: 'amd64' }))]],
      config: { Entrypoint: ['/server'] },
      configOverrides: { architecture: 'amd64' },
    });
    await world.push('doubt:1', buildIndex([await imageFor('linux/amd64', 'amd64'), lying]));
    expect(await lookOnce(`${world.host}/doubt:1`)).toMatchObject({ result: 'multi-arch' });
    expect(await lookOnce(`${world.host}/doubt:1`, { compareLayers: true })).toMatchObject({
      result: 'unknown',
      reason: 'suspect',
    });
  });
});

describe('by the bytes', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    await world.push('app:right', await bothPlatforms());
    await world.push('app:lying', await bothPlatforms('amd64'));
  });
  afterAll(() => world.close());

  test('what is right in the bytes is multi-arch, by an audit', async () => {
    expect(await lookOnce(`${world.host}/app:right`, { bytes: true })).toMatchObject({
      result: 'multi-arch',
      method: 'audit',
    });
  });

  test('x86 programs behind an arm64 label are mislabelled, which documents did not tell', async () => {
    expect(await lookOnce(`${world.host}/app:lying`)).toMatchObject({ result: 'multi-arch' });
    const seen = await lookOnce(`${world.host}/app:lying`, { bytes: true });
    expect(seen).toMatchObject({ result: 'mislabelled', method: 'audit' });
    expect(seen.why).toContain('/server');
  });

  test('one helper of another machine makes it partial', async () => {
    const mixed = await buildImage({
      platform: platformOf('linux/arm64'),
      layers: [
        userland('arm64'),
        [
          executable('server', writeElf({ machine: 'arm64' })),
          executable('usr/bin/helper', writeElf({ machine: 'amd64' })),
        ],
      ],
      config: { Entrypoint: ['/server'] },
    });
    await world.push('app:mixed', buildIndex([await imageFor('linux/amd64', 'amd64'), mixed]));
    expect(await lookOnce(`${world.host}/app:mixed`, { bytes: true })).toMatchObject({ result: 'partial' });
  });

  test('two entries for the platform stay in doubt, however right the first is', async () => {
    const index = buildIndex([
      await imageFor('linux/arm64', 'arm64'),
      await imageFor('linux/arm64', 'arm64', 'b'),
    ]);
    await world.push('app:twice', index);
    expect(await lookOnce(`${world.host}/app:twice`, { bytes: true })).toMatchObject({
      result: 'unknown',
      reason: 'suspect',
      method: 'audit',
    });
  });

  test('reads no layer of what claims nothing', async () => {
    await world.push('app:none', buildIndex([await singleArch('amd64')]));
    world.takeRequests();
    expect(await lookOnce(`${world.host}/app:none`, { bytes: true })).toMatchObject({ result: 'none' });
    expect(world.takeRequests()).toEqual(['GET app/manifests/none']);
  });
});

describe('a registry that gives no answer says nothing of the image', () => {
  let registry: FaultyRegistry | undefined;
  afterEach(async () => {
    await registry?.close();
    registry = undefined;
  });

  async function lookAt(options: FaultyRegistryOptions, name = 'app:1', accessOptions = {}) {
    registry = await startFaultyRegistry(options);
    return lookOnce(`${registry.host}/${name}`, { accessOptions });
  }

  async function lookThrough(behaviour: Partial<Behaviour> & Pick<Behaviour, 'fault'>, accessOptions = {}) {
    const manifests = { 'app:1': await bothPlatforms() };
    const seen = await lookAt(
      { manifests, behaviours: [{ on: '/manifests/', ...behaviour }] },
      'app:1',
      accessOptions,
    );
    return { result: seen.result, reason: seen.reason };
  }

  test.each([
    ['401', faults.status(401, 'UNAUTHORIZED'), 'unauthorized'],
    ['403', faults.status(403, 'DENIED'), 'unauthorized'],
    ['404 for all, the tags included', faults.status(404, 'NAME_UNKNOWN'), 'not-found'],
    ['429', faults.tooManyRequests(3600), 'rate-limited'],
    ['500', faults.status(500), 'network'],
    ['a page of HTML', faults.serve('<html>'), 'malformed'],
    ['a reset', faults.reset(), 'network'],
  ])('%s', async (_name, fault, reason) => {
    expect(await lookThrough({ on: '/v2/app', fault })).toEqual({ result: 'unknown', reason });
  });

  test('silence is a timeout', async () => {
    expect(await lookThrough({ fault: faults.silence() }, { timeoutSeconds: 1 })).toEqual({
      result: 'unknown',
      reason: 'timeout',
    });
  }, 20_000);

  test.each([
    ['the list is refused', [{ on: '/tags/', fault: faults.status(401, 'UNAUTHORIZED') }]],
    ['the list has the tag', [{ on: '/manifests/1', fault: faults.status(404, 'MANIFEST_UNKNOWN') }]],
    ['the list is empty', [{ on: '/tags/', fault: faults.serve('{"tags":null}') }]],
    ['the list has no end', [{ on: '/tags/', fault: faults.endlessTags() }]],
  ])('a 404 for the tag is not gone where %s', async (_name, behaviours) => {
    const manifests = { 'app:1': await bothPlatforms() };
    const name = _name.includes('has the tag') ? 'app:1' : 'app:2';
    expect(await lookAt({ manifests, behaviours }, name)).toMatchObject({
      result: 'unknown',
      reason: 'not-found',
    });
  });

  test('an index whose arm64 image was not copied along is partial: nobody can pull it', async () => {
    const index = await bothPlatforms();
    const child = digestOf(index.children[1] as Built);
    const seen = await lookAt({
      manifests: { 'app:1': index },
      behaviours: [{ on: child, fault: faults.status(404, 'MANIFEST_UNKNOWN') }],
    });
    expect(seen).toMatchObject({ result: 'partial', digest: digestOf(index) });
    expect(seen.why).toContain(`doesn't have ${child}`);
  });

  test('where the child is not told of, the index is believed, and the doubt is said', async () => {
    const index = await bothPlatforms();
    const child = digestOf(index.children[1] as Built);
    const behaviours = [{ on: child, fault: faults.status(403, 'DENIED') }];
    const seen = await lookAt({ manifests: { 'app:1': index }, behaviours });
    expect(seen).toMatchObject({ result: 'multi-arch' });
    expect(seen.why).toContain('was not found out');
  });

  test('a layer that does not come leaves an audit unknown, not mislabelled', async () => {
    registry = await startFaultyRegistry({
      manifests: { 'app:1': await bothPlatforms('amd64') },
      behaviours: [{ on: '/blobs/', skip: 1, fault: faults.status(500) }],
    });
    const seen = await lookOnce(`${registry.host}/app:1`, { bytes: true });
    expect(seen).toMatchObject({ result: 'unknown', reason: 'network', method: 'audit' });
  });

  test('a schema 1 image has none where it is for amd64; for arm64, who could still pull it is unknown', async () => {
    registry = await startFaultyRegistry({
      manifests: { 'app:1': await schema1('amd64'), 'app:2': await schema1('arm64') },
    });
    expect(await lookOnce(`${registry.host}/app:1`)).toMatchObject({ result: 'none' });
    expect(await lookOnce(`${registry.host}/app:2`)).toMatchObject({
      result: 'unknown',
      reason: 'unsupported',
    });
  });
});

test('an interrupted look is no observation', async () => {
  const registry = await startFaultyRegistry({ behaviours: [{ on: '/v2/app', fault: faults.silence() }] });
  const interrupt = new AbortController();
  setTimeout(() => interrupt.abort(), 50);
  await expect(
    lookOnce(`${registry.host}/app:1`, { signal: interrupt.signal, clock: fastClock() }),
  ).rejects.toThrow(/abort/i);
  await registry.close();
});
