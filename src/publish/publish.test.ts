import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  attestedMultiArch,
  type Built,
  buildArtifact,
  buildImage,
  buildIndex,
  cosignSignature,
  dockerMultiArch,
  executable,
  multiArch,
  platformOf,
  push,
  signatureTag,
  singleArch,
} from '../fixture/index.ts';
import { type Digest, digestOf, type Index, mediaTypes, parseManifest } from '../oci/index.ts';
import { openLayout, openLocal, parseLocation, startRegistry } from '../registry/index.ts';
import { publishResultSchema } from '../results/index.ts';
import { digestsOf, isWhole, testWorld } from './publish.test-support.ts';

const world = testWorld();

const digestOfBuilt = (built: Built): Digest => built.manifest.descriptor.digest;

/** An index with indexes in it stays whole; these are its images. */
async function amdAndArm() {
  return [await singleArch('amd64'), await singleArch('arm64')] as const;
}

describe('joining', () => {
  test('images of two registries and a layout become one index, each with the digest it had', async () => {
    const [amd, arm] = await amdAndArm();
    const other = await singleArch('s390x');
    const layout = await openLayout(join(world.directory, 'layout'), { create: true });
    await push(layout, other, { tag: 'z' });
    const sources = [
      await world.pushed(amd, 'upstream/app', 'one'),
      await world.pushed(arm, 'team/port', 'two'),
      'oci:layout:z',
    ];
    const destination = `${(await world.registry('three')).host}/team/app:1`;
    const result = await world.publish(destination, sources);
    expect(publishResultSchema.parse(result)).toEqual(result);
    expect(result).toMatchObject({ outcome: 'published', destination });
    const { digest, index } = await world.index(destination);
    expect(digest).toBe(result.index.digest);
    expect(index.mediaType).toBe(mediaTypes.ociIndex);
    expect(digestsOf(index)).toEqual([amd, arm, other].map(digestOfBuilt));
    expect(index.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      'amd64',
      'arm64',
      's390x',
    ]);
    const repository = world.repository((await world.registry('three')).host, 'team/app');
    expect(await isWhole(repository, '1')).toBe(true);
  });

  test('an index gives all its images, with the attestations that speak of them', async () => {
    const upstream = await attestedMultiArch('amd64', '386');
    const arm = await singleArch('arm64');
    const result = await world.publish(`${(await world.registry()).host}/app:both`, [
      await world.pushed(upstream, 'upstream'),
      await world.pushed(arm, 'port'),
    ]);
    expect(result.images.map(({ platform }) => platform)).toEqual([
      'linux/amd64',
      'linux/386',
      'linux/arm64',
    ]);
    const { index } = await world.index(result.destination);
    const attested = index.manifests.filter(({ platform }) => platform?.os === 'unknown');
    expect(attested.map(({ annotations }) => annotations?.['vnd.docker.reference.digest'])).toEqual(
      upstream.children.slice(0, 2).map(digestOfBuilt),
    );
    expect(result.others.map(({ of }) => of)).toEqual(upstream.children.slice(0, 2).map(digestOfBuilt));
  });

  test('an index that is published alone keeps its digest, nested as it may be', async () => {
    const nested = buildIndex([await multiArch('amd64', 'arm64'), await singleArch('s390x')], {
      annotations: { by: 'upstream' },
    });
    const destination = `${(await world.registry('two')).host}/copy:1`;
    const result = await world.publish(destination, [await world.pushed(nested, 'upstream')]);
    expect(result.index).toMatchObject({ digest: digestOfBuilt(nested), unchanged: true });
    expect((await world.index(destination)).digest).toBe(digestOfBuilt(nested));
    expect(await isWhole(world.repository((await world.registry('two')).host, 'copy'), '1')).toBe(true);
  });

  test('an index inside an index gives its images like any other', async () => {
    const nested = buildIndex([await multiArch('amd64', 's390x')]);
    const result = await world.publish(`${(await world.registry()).host}/app:1`, [
      await world.pushed(nested, 'upstream'),
      await world.pushed(singleArch('arm64'), 'port'),
    ]);
    expect(result.images.map(({ platform }) => platform)).toEqual([
      'linux/amd64',
      'linux/s390x',
      'linux/arm64',
    ]);
  });

  test('what an entry says is passed on as it was written, arm64/v8 and os.version too', async () => {
    const arm = await singleArch('arm64');
    const windows = await buildImage({
      platform: { os: 'windows', architecture: 'amd64', osVersion: '10.0.1' },
      layers: [[]],
    });
    const upstream = buildIndex([
      { of: arm, platform: platformOf('linux/arm64/v8'), annotations: { note: 'kept' } },
      windows,
    ]);
    const destination = `${(await world.registry()).host}/app:1`;
    await world.publish(destination, [
      await world.pushed(upstream, 'upstream'),
      await world.pushed(singleArch('amd64'), 'port'),
    ]);
    const { host } = await world.registry();
    const { bytes } = await world.repository(host, 'app').manifest('1');
    const { manifests } = JSON.parse(Buffer.from(bytes).toString()) as { manifests: object[] };
    expect(manifests[0]).toMatchObject({
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      annotations: { note: 'kept' },
    });
    expect(manifests[1]).toMatchObject({ platform: { os: 'windows', 'os.version': '10.0.1' } });
  });

  test('all of Docker gives a Docker list, and the other type where it is asked for', async () => {
    const { host } = await world.registry();
    const sources = [
      await world.pushed(singleArch('amd64', { format: 'docker' }), 'a'),
      await world.pushed(singleArch('arm64', { format: 'docker' }), 'b'),
    ];
    const list = await world.publish(`${host}/app:list`, sources);
    expect(list.index.mediaType).toBe(mediaTypes.dockerList);
    const index = await world.publish(`${host}/app:index`, sources, { indexType: 'oci' });
    expect(index.index.mediaType).toBe(mediaTypes.ociIndex);
    expect(index.images.map(({ digest }) => digest)).toEqual(list.images.map(({ digest }) => digest));
    const mixed = await world.publish(`${host}/app:mixed`, [
      sources[0]!,
      await world.pushed(singleArch('arm64'), 'c'),
    ]);
    expect(mixed.index.mediaType).toBe(mediaTypes.ociIndex);
    expect((await world.index(`${host}/app:list`)).index.mediaType).toBe(mediaTypes.dockerList);
  });

  test('an image is published for what is written in front of it, an index gives that platform only', async () => {
    const silent = await singleArch('arm64', { configOverrides: { architecture: '', os: '' } });
    const upstream = await attestedMultiArch('amd64', 'arm64');
    const { host } = await world.registry();
    const result = await world.publish(`${host}/app:1`, [
      { reference: await world.pushed(silent, 'port'), platform: platformOf('linux/arm64') },
      { reference: await world.pushed(upstream, 'upstream'), platform: platformOf('linux/amd64') },
    ]);
    expect(result.images.map(({ platform, digest }) => [platform, digest])).toEqual([
      ['linux/arm64', digestOfBuilt(silent)],
      ['linux/amd64', digestOfBuilt(upstream.children[0]!)],
    ]);
    expect(result.others.map(({ of }) => of)).toEqual([digestOfBuilt(upstream.children[0]!)]);
  });

  test('of a platform named, nothing else of the index has to be there', async () => {
    const { host } = await world.registry();
    const upstream = await multiArch('amd64', 'arm64');
    const reference = await world.pushed(upstream, 'upstream');
    const gone = digestOfBuilt(upstream.children[1]!);
    await fetch(`http://${host}/v2/upstream/manifests/${gone}`, { method: 'DELETE' });
    const source = { reference, platform: platformOf('linux/amd64') };
    expect(await world.publish(`${host}/app:1`, [source])).toMatchObject({ outcome: 'published' });
    await expect(world.publish(`${host}/app:2`, [reference])).rejects.toMatchObject({ reason: 'not-found' });
  });
});

describe('refused before anything is written is', () => {
  test.each([
    ['an artifact', () => buildArtifact({ artifactType: 'text/plain' }), 'PUBLISH_NOT_AN_IMAGE'],
    [
      'an image that nobody says the platform of',
      () => singleArch('arm64', { configOverrides: { architecture: '' } }),
      'PUBLISH_PLATFORM_UNKNOWN',
    ],
    ['an index without images', () => buildIndex([]), 'PUBLISH_NOT_AN_IMAGE'],
  ])('%s', async (_name, build, code) => {
    const { host, requests } = await world.registry();
    const source = await world.pushed(build(), 'source');
    requests.length = 0;
    await expect(world.publish(`${host}/app:1`, [source])).rejects.toMatchObject({ code });
    expect(requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
  });

  test('a platform that the index does not have', async () => {
    const reference = await world.pushed(multiArch('amd64', 's390x'), 'source');
    const source = { reference, platform: platformOf('linux/arm64') };
    await expect(world.publish(`${(await world.registry()).host}/app:1`, [source])).rejects.toMatchObject({
      code: 'PUBLISH_PLATFORM_MISSING',
      hint: 'It has: linux/amd64, linux/s390x.',
    });
  });

  test.each([
    ['example.test/app', 'names no tag'],
    [`example.test/app@sha256:${'0'.repeat(64)}`, 'is a digest'],
    ['oci:layout', 'names no tag'],
    ['docker-archive:a.tar:app:1', 'does not write'],
  ])('the destination %s', async (destination, message) => {
    const source = await world.pushed(singleArch('arm64'), 'source');
    await expect(world.publish(destination, [source])).rejects.toThrow(message);
  });
});

describe('documents that can not be believed', () => {
  /** Pushes an image's manifest after a change, under a tag of its own. */
  async function pushedAs(image: Built, change: (document: Document) => object, tag: string) {
    const { host } = await world.registry();
    const repository = world.repository(host, 'source');
    await push(repository, image);
    const document = JSON.parse(Buffer.from(image.manifest.bytes).toString()) as Document;
    const bytes = Buffer.from(JSON.stringify(change(document)));
    await repository.putManifest({ mediaType: image.manifest.descriptor.mediaType, bytes }, { tag });
    return `${host}/source:${tag}`;
  }
  type Document = { layers: { size: number }[]; manifests: { size: number }[] };

  test('an index that gives a manifest another size', async () => {
    const { host } = await world.registry();
    const source = await pushedAs(
      await multiArch('amd64'),
      ({ manifests, ...rest }) => ({ ...rest, manifests: manifests.map((one) => ({ ...one, size: 9 })) }),
      'wrong',
    );
    await expect(world.publish(`${host}/app:1`, [source])).rejects.toMatchObject({ code: 'SIZE_MISMATCH' });
  });

  test('two manifests that give one blob two sizes, and one that gives it a wrong one', async () => {
    const { host } = await world.registry();
    const image = await singleArch('amd64');
    const wrong = (document: Document) => ({
      ...document,
      layers: document.layers.map((layer) => ({ ...layer, size: layer.size + 1 })),
    });
    const source = await pushedAs(image, wrong, 'wrong');
    const right = { reference: await world.pushed(image, 'right'), platform: platformOf('linux/386') };
    await expect(world.publish(`${host}/app:1`, [source, right])).rejects.toMatchObject({
      code: 'SIZE_MISMATCH',
    });
    await expect(world.publish('oci:layout:1', [source])).rejects.toMatchObject({ reason: 'malformed' });
    await expect(world.repository(host, 'app').resolve('1')).rejects.toMatchObject({ reason: 'not-found' });
  });

  test('indexes in indexes beyond four', async () => {
    const { host } = await world.registry();
    let nested = await multiArch('amd64');
    for (let depth = 2; depth <= 5; depth++) nested = buildIndex([nested]);
    const source = await world.pushed(nested, 'deep');
    await expect(world.publish(`${host}/app:1`, [source])).rejects.toMatchObject({
      code: 'DOCUMENT_TOO_LARGE',
    });
  });

  test('a manifest under another digest than sha256, which no registry would find again', async () => {
    const image = await singleArch('amd64');
    const layout = await openLayout(join(world.directory, 'sha512'), { create: true });
    await push(layout, image);
    const { bytes, descriptor } = image.manifest;
    const digest = digestOf(bytes, 'sha512');
    await layout.putBlob({ digest, size: bytes.length }, async function* () {
      yield bytes;
    });
    const list = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [{ ...descriptor, digest }] };
    await layout.putManifest(
      { mediaType: mediaTypes.ociIndex, bytes: Buffer.from(JSON.stringify(list)) },
      { tag: '1' },
    );
    await expect(world.publish('oci:out:1', ['oci:sha512:1'])).rejects.toMatchObject({
      code: 'PUBLISH_UNSUPPORTED',
    });
  });
});

describe('two sources for one platform', () => {
  test('are an error that names both', async () => {
    const { host } = await world.registry();
    const [one, two] = [
      await world.pushed(singleArch('arm64'), 'one'),
      await world.pushed(singleArch('arm64', { config: {} }), 'two'),
    ];
    await expect(world.publish(`${host}/app:1`, [one, two])).rejects.toMatchObject({
      code: 'PUBLISH_PLATFORM_TWICE',
      message: `both ${one} and ${two} have an image for linux/arm64`,
    });
  });

  test('with replace the later one wins, and what attests the other goes with it', async () => {
    const { host } = await world.registry();
    const upstream = await attestedMultiArch('amd64', 'arm64');
    const port = await singleArch('arm64', { config: {} });
    const sources = [await world.pushed(upstream, 'one'), await world.pushed(port, 'two')];
    const result = await world.publish(`${host}/app:1`, sources, { replace: true });
    const [amd, arm] = upstream.children.map(digestOfBuilt);
    expect(result.images.map(({ digest }) => digest)).toEqual([amd, digestOfBuilt(port)]);
    expect(result.others.map(({ of }) => of)).toEqual([amd]);
    expect(result.omitted.map(({ digest }) => digest)).toEqual([arm, digestOfBuilt(upstream.children[3]!)]);
  });

  test('are none where it is the same image', async () => {
    const { host } = await world.registry();
    const image = await singleArch('arm64');
    const sources = [await world.pushed(image, 'one'), await world.pushed(image, 'two')];
    const result = await world.publish(`${host}/app:1`, sources);
    expect(result.images).toHaveLength(1);
  });
});

describe('an index that is there', () => {
  test('is left behind, unless it is to be appended to', async () => {
    const { host } = await world.registry();
    const [amd, arm] = await amdAndArm();
    const sources = [await world.pushed(arm, 'port')];
    await world.pushed(buildIndex([amd], { annotations: { by: 'us' } }), 'app');
    const appended = await world.publish(`${host}/app:1`, sources, { append: true });
    expect(appended.images.map(({ digest, kept }) => [digest, kept])).toEqual([
      [digestOfBuilt(amd), true],
      [digestOfBuilt(arm), false],
    ]);
    expect((await world.index(`${host}/app:1`)).index.annotations).toEqual({ by: 'us' });
    const alone = await world.publish(`${host}/app:1`, sources);
    expect(alone.previous).toBe(appended.index.digest);
    expect(alone.images.map(({ digest }) => digest)).toEqual([digestOfBuilt(arm)]);
  });

  test('has the platforms replaced that a source has, and appending twice changes nothing', async () => {
    const { host } = await world.registry();
    const [amd, arm] = await amdAndArm();
    const old = await singleArch('arm64', { config: {} });
    await world.pushed(buildIndex([amd, old]), 'app');
    const sources = [await world.pushed(arm, 'port')];
    const first = await world.publish(`${host}/app:1`, sources, { append: true });
    expect(first.omitted).toMatchObject([{ digest: digestOfBuilt(old), platform: 'linux/arm64' }]);
    const second = await world.publish(`${host}/app:1`, sources, { append: true });
    expect(second).toMatchObject({ outcome: 'unchanged', index: { digest: first.index.digest } });
  });

  test('a single image that is there is kept for its platform', async () => {
    const { host } = await world.registry();
    const [amd, arm] = await amdAndArm();
    await world.pushed(amd, 'app');
    const result = await world.publish(`${host}/app:1`, [await world.pushed(arm, 'port')], { append: true });
    expect(result.images.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
  });

  test('is itself a good source: its tag gets another platform', async () => {
    const { host } = await world.registry();
    const app = await world.pushed(attestedMultiArch('amd64', 's390x'), 'app');
    const result = await world.publish(app, [app, await world.pushed(singleArch('arm64'), 'port')]);
    expect(result.images).toHaveLength(3);
    expect(await isWhole(world.repository(host, 'app'), '1')).toBe(true);
  });

  test('the same again is nothing to do: no request writes', async () => {
    const { host, requests } = await world.registry();
    const sources = [
      await world.pushed(singleArch('amd64'), 'a'),
      await world.pushed(singleArch('arm64'), 'b'),
    ];
    const { index } = await world.publish(`${host}/app:1`, sources);
    requests.length = 0;
    expect(await world.publish(`${host}/app:1`, sources)).toMatchObject({ outcome: 'unchanged', index });
    expect(requests.every(({ method }) => method === 'GET' || method === 'HEAD')).toBe(true);
  });
});

describe('blobs', () => {
  test('of the same registry are mounted, and those of another are sent once', async () => {
    const { host, requests } = await world.registry('one');
    const shared = [executable('shared', 'the same\n')];
    const image = (architecture: string) =>
      buildImage({
        platform: platformOf(architecture),
        layers: [shared, [executable('own', architecture)]],
      });
    const here = await world.pushed(image('amd64'), 'upstream', 'one');
    const there = await world.pushed(image('arm64'), 'port', 'two');
    requests.length = 0;
    const result = await world.publish(`${host}/app:1`, [there, here]);
    // The shared layer stands first in the source elsewhere, and is mounted all the same.
    expect(result.totals).toMatchObject({
      mounted: { blobs: 3 },
      uploaded: { blobs: 2 },
      exists: { blobs: 0 },
    });
    expect(requests.filter(({ method }) => method === 'PATCH' || method === 'PUT')).toHaveLength(2 + 4);
    const again = await world.publish(`${host}/app:2`, [there, here]);
    expect(again.totals).toMatchObject({ exists: { blobs: 5 }, uploaded: { blobs: 0 } });
  });

  test('a layer that may not be distributed is left where it is', async () => {
    const image = await singleArch('windows/amd64');
    const document = JSON.parse(Buffer.from(image.manifest.bytes).toString()) as { layers: object[] };
    const foreign = {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
      digest: `sha256:${'f'.repeat(64)}`,
      size: 7,
      urls: ['https://example.test/layer'],
    };
    const bytes = Buffer.from(JSON.stringify({ ...document, layers: [...document.layers, foreign] }));
    const { host } = await world.registry();
    const repository = world.repository(host, 'windows');
    await push(repository, image);
    await repository.putManifest({ mediaType: mediaTypes.ociManifest, bytes }, { tag: '1' });
    const result = await world.publish(`${host}/app:1`, [`${host}/windows:1`]);
    expect(result.totals.withheld).toEqual({ blobs: 1, bytes: 7 });
    expect(result).toMatchObject({ outcome: 'published' });
  });

  test('a dry run says what would happen to each, and writes nothing', async () => {
    const { host, requests } = await world.registry('one');
    const sources = [
      await world.pushed(singleArch('amd64'), 'upstream', 'one'),
      await world.pushed(singleArch('arm64'), 'port', 'two'),
    ];
    requests.length = 0;
    const dry = await world.publish(`${host}/app:1`, sources, { dryRun: true });
    expect(requests.every(({ method }) => method === 'GET' || method === 'HEAD')).toBe(true);
    expect(dry).toMatchObject({
      outcome: 'planned',
      totals: { mounted: { blobs: 3 }, uploaded: { blobs: 2 } },
    });
    const wet = await world.publish(`${host}/app:1`, sources);
    expect(wet).toMatchObject({ outcome: 'published', index: dry.index, totals: dry.totals });
  });
});

describe('referrers', () => {
  async function signed(image: Built) {
    const sbom = buildArtifact({ artifactType: 'application/sbom', subject: image.manifest.descriptor });
    const signature = buildArtifact({
      artifactType: 'application/signature',
      subject: sbom.manifest.descriptor,
      annotations: { of: 'sbom' },
    });
    return { sbom, signature };
  }

  test('are published with their own referrers, between registries and into a layout', async () => {
    const image = await singleArch('arm64');
    const { sbom, signature } = await signed(image);
    const source = await world.pushed(image, 'source:1', 'one');
    await world.pushed(sbom, 'source:sbom', 'one');
    await world.pushed(signature, 'source:signature', 'one');
    const { host } = await world.registry('two');
    const result = await world.publish(`${host}/app:1`, [source]);
    expect(result.referrers.map(({ digest, artifactType }) => [digest, artifactType])).toEqual([
      [digestOfBuilt(sbom), 'application/sbom'],
      [digestOfBuilt(signature), 'application/signature'],
    ]);
    const repository = world.repository(host, 'app');
    expect(await repository.referrers(digestOfBuilt(image))).toMatchObject([{ digest: digestOfBuilt(sbom) }]);
    expect(await isWhole(repository, digestOfBuilt(signature))).toBe(true);
    await world.publish('oci:copy:1', [source]);
    const layout = await openLayout(join(world.directory, 'copy'));
    expect(await layout.referrers(digestOfBuilt(sbom))).toMatchObject([{ digest: digestOfBuilt(signature) }]);
  });

  test('can be left out', async () => {
    const image = await singleArch('arm64');
    const source = await world.pushed(image, 'source:1');
    await world.pushed((await signed(image)).sbom, 'source:sbom');
    const { host } = await world.registry();
    const result = await world.publish(`${host}/app:1`, [source], { referrers: false });
    expect(result.referrers).toEqual([]);
    expect(await world.repository(host, 'app').referrers(digestOfBuilt(image))).toEqual([]);
  });

  test('of an index that stays as it is come along, and a chain of more than four is refused', async () => {
    const index = await multiArch('amd64', 'arm64');
    const source = await world.pushed(index, 'source:1');
    let subject: Built = index;
    for (let depth = 1; depth <= 5; depth++) {
      subject = buildArtifact({ artifactType: `t/${depth}`, subject: subject.manifest.descriptor });
      await world.pushed(subject, `source:depth${depth}`);
      const result = world.publish(`${(await world.registry()).host}/app:${depth}`, [source]);
      if (depth < 5) expect((await result).referrers).toHaveLength(depth);
      else await expect(result).rejects.toMatchObject({ code: 'PUBLISH_TOO_LARGE' });
    }
  });

  test('cosign signatures by tag are no referrers, and stay', async () => {
    const image = await singleArch('arm64');
    const source = await world.pushed(image, 'source:1');
    await world.pushed(cosignSignature(image), `source:${signatureTag(digestOfBuilt(image))}`);
    const result = await world.publish(`${(await world.registry()).host}/app:1`, [source]);
    expect(result.referrers).toEqual([]);
  });
});

describe('the tag', () => {
  test('that was moved meanwhile is not moved again, unless forced', async () => {
    const { host } = await world.registry();
    const [amd, arm] = await amdAndArm();
    const source = await world.pushed(amd, 'source');
    await world.pushed(amd, 'app');
    const repository = world.repository(host, 'app');
    // Somebody publishes while the audit runs.
    const inspect = async () => {
      await push(repository, arm, { tag: '1' });
      return { ok: true, why: 'right' };
    };
    const moved = world.publish(`${host}/app:1`, [source], { inspect });
    await expect(moved).rejects.toMatchObject({
      code: 'PUBLISH_TAG_MOVED',
      facts: { was: digestOfBuilt(amd), now: digestOfBuilt(arm) },
    });
    expect((await repository.resolve('1'))?.digest).toBe(digestOfBuilt(arm));
    await push(repository, amd, { tag: '1' });
    const forced = await world.publish(`${host}/app:1`, [source], { inspect, force: true });
    expect((await repository.resolve('1'))?.digest).toBe(forced.index.digest);
  });

  test('that somebody moved to the same index is as good as moved', async () => {
    const { host } = await world.registry();
    const source = await world.pushed(singleArch('amd64'), 'source');
    const inspect = async () => {
      await world.publish(`${host}/app:1`, [source]);
      return { ok: true, why: 'right' };
    };
    expect(await world.publish(`${host}/app:1`, [source], { inspect })).toMatchObject({
      outcome: 'published',
    });
  });
});

describe('an inspection', () => {
  test('is asked for each Linux image of the sources, with the platform that the index will say', async () => {
    const { host } = await world.registry();
    const asked: string[] = [];
    const upstream = await world.pushed(
      buildIndex([await singleArch('amd64'), await singleArch('windows/amd64')]),
      'upstream',
    );
    const result = await world.publish(
      `${host}/app:1`,
      [upstream, await world.pushed(singleArch('arm64'), 'b')],
      {
        inspect: async ({ digest, platform, repository }) => {
          await repository.manifest(digest);
          asked.push(platform.architecture);
          return { ok: true, why: 'right' };
        },
      },
    );
    expect(asked).toEqual(['amd64', 'arm64']);
    expect(result.images.map(({ audit }) => audit.state)).toEqual(['passed', 'not-audited', 'passed']);
  });

  test.each([
    [{ ok: false, why: 'mislabelled: amd64 bytes' }, 'refused'],
    [{ ok: false, undetermined: true, why: 'unknown: too large' }, 'unknown'],
  ] as const)('that says %j refuses, and nothing is written', async (inspection, state) => {
    const { host, requests } = await world.registry();
    const source = await world.pushed(singleArch('arm64'), 'source');
    requests.length = 0;
    const result = await world.publish(`${host}/app:1`, [source], {
      inspect: () => Promise.resolve(inspection),
    });
    expect(result).toMatchObject({ outcome: 'refused', images: [{ audit: { state } }] });
    expect(result.why).toContain(inspection.why);
    expect(requests.every(({ method }) => method === 'GET' || method === 'HEAD')).toBe(true);
  });

  test('that is not asked for is recorded', async () => {
    const { host } = await world.registry();
    const result = await world.publish(`${host}/app:1`, [await world.pushed(singleArch('arm64'), 'source')]);
    expect(result.images[0]?.audit).toEqual({ state: 'not-audited', why: 'no audit was asked for' });
  });
});

describe('an archive', () => {
  test('is written in one step, from a registry, and read again', async () => {
    const sources = [
      await world.pushed(attestedMultiArch('amd64'), 'a'),
      await world.pushed(singleArch('arm64'), 'b'),
    ];
    const result = await world.publish('oci-archive:out.tar', sources);
    const options = { cwd: world.directory };
    const location = parseLocation('oci-archive:out.tar');
    if (location.transport === 'registry') throw new Error('a file');
    const archive = await openLocal(location, options);
    expect(await archive.onlyManifest()).toBe(result.index.digest);
    const { bytes } = await archive.manifest(result.index.digest);
    expect(digestsOf(parseManifest(bytes) as Index)).toHaveLength(3);
    await archive.close?.();
    expect(await world.publish('oci-archive:out.tar', sources)).toMatchObject({ outcome: 'unchanged' });
  });

  test('that is there gives its other platforms when it is appended to', async () => {
    const [amd, arm] = await amdAndArm();
    await world.publish('oci-archive:out.tar:v1', [await world.pushed(amd, 'a')]);
    const result = await world.publish('oci-archive:out.tar:v1', [await world.pushed(arm, 'b')], {
      append: true,
    });
    expect(result.images.map(({ digest }) => digest)).toEqual([amd, arm].map(digestOfBuilt));
    const copied = await world.publish('oci:layout:v1', ['oci-archive:out.tar:v1']);
    expect(copied.index.digest).toBe(result.index.digest);
  });

  test('with another image is not overwritten, nor a file that is none', async () => {
    const source = await world.pushed(singleArch('amd64'), 'a');
    await world.publish('oci-archive:out.tar:v1', [source]);
    const before = (await stat(join(world.directory, 'out.tar'))).mtimeMs;
    await expect(world.publish('oci-archive:out.tar:v2', [source])).rejects.toThrow('other images');
    expect((await stat(join(world.directory, 'out.tar'))).mtimeMs).toBe(before);
    await writeFile(join(world.directory, 'letter.txt'), 'dear reader');
    await expect(world.publish('oci-archive:letter.txt', [source])).rejects.toMatchObject({
      reason: 'malformed',
    });
  });

  test('a dry run makes neither file nor folder', async () => {
    const source = await world.pushed(singleArch('amd64'), 'a');
    for (const destination of ['oci-archive:out.tar', 'oci:layout:1']) {
      expect(await world.publish(destination, [source], { dryRun: true })).toMatchObject({
        outcome: 'planned',
      });
      const path = destination.split(':')[1]!;
      await expect(stat(join(world.directory, path))).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });
});

test('a registry with accounts is written with the credentials it is read with, and mounts what they may read', async () => {
  const grants = [
    { repository: 'team/*', actions: ['pull', 'push'] as const },
    { repository: 'open', actions: ['pull'] as const },
  ];
  const users = [
    { username: 'owner', password: 'all' },
    { username: 'me', password: 'secret', grants },
  ];
  const directory = join(world.directory, 'guarded');
  const registry = await startRegistry({ directory, auth: { kind: 'bearer', users } });
  const login = (name: string) => Buffer.from(name).toString('base64');
  const authFile = join(world.directory, 'auth.json');
  const clientAs = async (who: string) =>
    writeFile(authFile, JSON.stringify({ auths: { [registry.host]: { auth: login(who) } } }));
  await clientAs('owner:all');
  const open = `${registry.host}/open:1`;
  await world.publish(open, [await world.pushed(singleArch('amd64'), 'a')], { authFile });
  await clientAs('me:secret');
  const mine = await world.publish(`${registry.host}/team/app:1`, [open], { authFile });
  expect(mine).toMatchObject({ outcome: 'published', totals: { mounted: { blobs: 3 } } });
  await expect(
    world.publish(open, [await world.pushed(singleArch('arm64'), 'b')], { authFile }),
  ).rejects.toMatchObject({ reason: 'unauthorized' });
  await registry.close();
});

test('a Docker list into a layout and back to a registry keeps every digest', async () => {
  const list = await dockerMultiArch('amd64', 'arm64');
  const { host } = await world.registry();
  await world.publish('oci:layout:1', [await world.pushed(list, 'list')]);
  const result = await world.publish(`${host}/back:1`, ['oci:layout:1']);
  expect(result.index.digest).toBe(digestOfBuilt(list));
});
