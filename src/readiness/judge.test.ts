import { describe, expect, test } from 'vitest';
import { defaultPlatform, mediaTypes, parsePlatform } from '../oci/index.ts';
import { RegistryError } from '../registry/index.ts';
import { at, Documents, layer } from './documents.test-support.ts';
import { judgeReference } from './judge.ts';
import type { JudgeOptions } from './types.ts';

function judge(documents: Documents, suffix: string, options: Partial<JudgeOptions> = {}) {
  return judgeReference(at(suffix), documents, { platform: defaultPlatform, ...options });
}

function multiArch(documents: Documents, tag: string) {
  const arm64 = documents.image('linux/arm64');
  const amd64 = documents.image('linux/amd64');
  const index = documents.index(
    [
      { ...amd64, for: 'linux/amd64' },
      { ...arm64, for: 'linux/arm64' },
    ],
    { tag },
  );
  return { arm64, amd64, index };
}

describe('an index', () => {
  test('that lists the target is ready, at the cost of one request', async () => {
    const documents = new Documents();
    const { index } = multiArch(documents, 'v1');
    const judgement = await judge(documents, ':v1');
    expect(judgement).toMatchObject({
      readiness: { state: 'ready' },
      digest: index.digest,
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    expect(documents.asked).toEqual(['manifest v1']);
  });

  test('field 3: attestations are no platforms', async () => {
    const documents = new Documents();
    const image = documents.image('linux/amd64');
    const attestation = {
      ...documents.add({ in: 'toto' }),
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      for: 'unknown/unknown',
    };
    documents.index([{ ...image, for: 'linux/amd64' }, attestation], { tag: 'v1' });
    expect(await judge(documents, ':v1')).toMatchObject({
      readiness: { state: 'missing' },
      platforms: ['linux/amd64'],
    });
  });

  test('field 6: windows/arm64 and linux/amd64 make no linux/arm64', async () => {
    const documents = new Documents();
    documents.index(
      [
        { ...documents.image('windows/arm64'), for: 'windows/arm64' },
        { ...documents.image('linux/amd64'), for: 'linux/amd64' },
      ],
      { tag: 'v1' },
    );
    expect((await judge(documents, ':v1')).readiness).toEqual({ state: 'missing' });
  });

  test('field 7: an entry without a platform is judged by its config', async () => {
    const documents = new Documents();
    documents.index([{ ...documents.image('linux/arm64'), for: undefined }], { tag: 'arm' });
    documents.index([{ ...documents.image('linux/amd64'), for: undefined }], { tag: 'amd' });
    expect((await judge(documents, ':arm')).readiness).toEqual({ state: 'ready' });
    expect((await judge(documents, ':amd')).readiness).toEqual({ state: 'missing' });
  });

  test('whose only entry has no platform anywhere is unknown', async () => {
    const documents = new Documents();
    documents.index([{ ...documents.image('/'), for: undefined }], { tag: 'v1' });
    expect((await judge(documents, ':v1')).readiness).toEqual({ state: 'unknown', reason: 'malformed' });
  });

  test('field 8: is followed through nested indexes', async () => {
    const documents = new Documents();
    const inner = documents.index([{ ...documents.image('linux/arm64/v8'), for: 'linux/arm64/v8' }]);
    documents.index([inner], { tag: 'v1' });
    expect(await judge(documents, ':v1')).toMatchObject({
      readiness: { state: 'ready' },
      platforms: ['linux/arm64'],
    });
  });

  test('field 8: nested deeper than four is unknown, not followed', async () => {
    const documents = new Documents();
    let nested = documents.index([{ ...documents.image('linux/arm64'), for: 'linux/arm64' }]);
    for (let depth = 0; depth < 4; depth += 1)
      nested = documents.index([nested], depth === 3 ? { tag: 'v1' } : {});
    const judgement = await judge(documents, ':v1');
    expect(judgement.readiness).toEqual({ state: 'unknown', reason: 'malformed' });
    expect(judgement.evidence[0]?.text).toContain('more than 4 deep');
  });

  test('that needs more requests than one reference may cost is unknown', async () => {
    const documents = new Documents();
    documents.index(
      Array.from({ length: 70 }, (_, number) =>
        documents.image('linux/s390x', { layers: [layer(`${number}`)] }),
      ),
      { tag: 'v1' },
    );
    expect((await judge(documents, ':v1')).readiness).toEqual({ state: 'unknown', reason: 'malformed' });
    expect(documents.asked.length).toBeLessThan(70);
  });

  test('of arm/v7 and arm64/v9 is not ready for an arm64/v8 host', async () => {
    const documents = new Documents();
    documents.index(
      [
        { ...documents.image('linux/arm/v7'), for: 'linux/arm/v7' },
        { ...documents.image('linux/arm64/v9'), for: 'linux/arm64/v9' },
      ],
      { tag: 'v1' },
    );
    expect(await judge(documents, ':v1')).toMatchObject({
      readiness: { state: 'missing' },
      platforms: ['linux/arm/v7', 'linux/arm64/v9'],
    });
    const v9 = parsePlatform('linux/arm64/v9');
    expect((await judge(documents, ':v1', v9 ? { platform: v9 } : {})).readiness.state).toBe('ready');
  });

  test('of artifacts only is not an image', async () => {
    const documents = new Documents();
    const chart = documents.add({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { ...layer('{}'), mediaType: 'application/vnd.cncf.helm.config.v1+json' },
      layers: [],
    });
    documents.index([chart], { tag: 'v1' });
    expect((await judge(documents, ':v1')).readiness).toEqual({ state: 'not-an-image' });
  });

  test('that is empty has no such platform', async () => {
    const documents = new Documents();
    documents.index([], { tag: 'v1' });
    expect((await judge(documents, ':v1')).readiness).toEqual({ state: 'missing' });
  });

  test('field 14: whose platform-less child is gone is broken, not ready', async () => {
    const documents = new Documents();
    const child = documents.image('linux/arm64');
    documents.index([child], { tag: 'v1' });
    documents.forget(child.digest);
    expect((await judge(documents, ':v1')).readiness.state).toBe('unknown');
  });
});

describe('a single image', () => {
  test('field 2: is ready or missing by its config', async () => {
    const documents = new Documents();
    documents.image('linux/arm64', { tag: 'arm' });
    documents.image('linux/amd64', { tag: 'amd' });
    expect((await judge(documents, ':arm')).readiness).toEqual({ state: 'ready' });
    expect(await judge(documents, ':amd')).toMatchObject({
      readiness: { state: 'missing' },
      platforms: ['linux/amd64'],
    });
    expect(documents.asked).toHaveLength(4);
  });

  test('whose config leaves the architecture empty is unknown, not amd64', async () => {
    const documents = new Documents();
    documents.image('linux/', { tag: 'v1' });
    expect((await judge(documents, ':v1')).readiness).toEqual({ state: 'unknown', reason: 'malformed' });
  });

  test('field 14: whose config is gone is unknown', async () => {
    const documents = new Documents();
    const config = { mediaType: mediaTypes.ociConfig, digest: layer('gone').digest, size: 10 };
    documents.add(
      { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer('a')] },
      { tag: 'v1' },
    );
    expect((await judge(documents, ':v1')).readiness.state).toBe('unknown');
  });
});

describe('what is not an image', () => {
  test('a chart, a signature and an attestation are told apart from images', async () => {
    const documents = new Documents();
    const helm = { ...layer('{}'), mediaType: 'application/vnd.cncf.helm.config.v1+json' };
    const config = { ...layer('{}'), mediaType: mediaTypes.ociConfig };
    const cosign = { ...layer('s'), mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json' };
    documents.add(
      { schemaVersion: 2, config: helm, layers: [] },
      { tag: 'chart', mediaType: mediaTypes.ociManifest },
    );
    documents.add(
      { schemaVersion: 2, config, layers: [cosign] },
      { tag: 'signature', mediaType: mediaTypes.ociManifest },
    );
    expect((await judge(documents, ':chart')).readiness).toEqual({ state: 'not-an-image' });
    expect((await judge(documents, ':signature')).readiness).toEqual({ state: 'not-an-image' });
  });

  test('schema 1 for amd64 is missing arm64; schema 1 for arm64 is unsupported, because runtimes no longer pull it', async () => {
    const documents = new Documents();
    documents.add({ schemaVersion: 1, architecture: 'amd64', fsLayers: [] }, { tag: 'amd' });
    documents.add({ schemaVersion: 1, architecture: 'arm64', fsLayers: [] }, { tag: 'arm' });
    expect((await judge(documents, ':amd')).readiness).toEqual({ state: 'missing' });
    expect((await judge(documents, ':arm')).readiness).toEqual({ state: 'unknown', reason: 'unsupported' });
  });
});

describe('suspicion', () => {
  test('the same manifest under two architectures is suspect without a further request', async () => {
    const documents = new Documents();
    const image = documents.image('linux/amd64');
    documents.index(
      [
        { ...image, for: 'linux/amd64' },
        { ...image, for: 'linux/arm64' },
      ],
      { tag: 'v1' },
    );
    const judgement = await judge(documents, ':v1');
    expect(judgement.readiness).toEqual({ state: 'suspect' });
    expect(judgement.evidence[0]?.kind).toBe('same-manifest');
    expect(documents.asked).toHaveLength(1);
  });

  test('two different entries of one platform are suspect, recompressed ones are not', async () => {
    const documents = new Documents();
    const [first, second] = [
      documents.image('linux/arm64'),
      documents.image('linux/arm64', { layers: [layer('other')] }),
    ];
    documents.index(
      [
        { ...first, for: 'linux/arm64' },
        { ...second, for: 'linux/arm64/v8' },
      ],
      { tag: 'twice' },
    );
    const marked = { ...second, annotations: { 'io.github.containers.compression.zstd': 'true' } };
    documents.index(
      [
        { ...first, for: 'linux/arm64' },
        { ...marked, for: 'linux/arm64' },
      ],
      { tag: 'zstd' },
    );
    expect((await judge(documents, ':twice')).readiness).toEqual({ state: 'suspect' });
    expect((await judge(documents, ':zstd')).readiness).toEqual({ state: 'ready' });
  });

  function pair(
    documents: Documents,
    arm64Layers: Parameters<Documents['image']>[1],
    amd64Layers: Parameters<Documents['image']>[1],
  ) {
    const arm64 = documents.image('linux/arm64', arm64Layers);
    const amd64 = documents.image('linux/amd64', amd64Layers);
    documents.index(
      [
        { ...amd64, for: 'linux/amd64' },
        { ...arm64, for: 'linux/arm64' },
      ],
      { tag: 'v1' },
    );
  }

  test('a first layer shared with amd64 is suspect', async () => {
    const documents = new Documents();
    pair(documents, { layers: [layer('base'), layer('arm')] }, { layers: [layer('base'), layer('amd')] });
    const judgement = await judge(documents, ':v1', { compareLayers: true });
    expect(judgement).toMatchObject({ readiness: { state: 'suspect' }, remedies: [{ kind: 'audit' }] });
    expect(judgement.evidence[0]?.kind).toBe('shared-first-layer');
  });

  test('field 16: a shared layer that its history calls a program is suspect, without reading a layer', async () => {
    const documents = new Documents();
    const history = ['ADD rootfs.tar / # buildkit', 'COPY /out/server /usr/local/bin/server # buildkit'];
    pair(
      documents,
      { layers: [layer('arm base'), layer('server')], history },
      { layers: [layer('amd base'), layer('server')], history },
    );
    expect((await judge(documents, ':v1', { compareLayers: true })).evidence[0]?.kind).toBe(
      'shared-program-layer',
    );
    expect(documents.asked.filter((what) => what.startsWith('blob'))).toHaveLength(1);
  });

  test('shared scripts and content are noted, not suspected', async () => {
    const documents = new Documents();
    const history = [
      'ADD rootfs.tar /',
      'COPY docker-entrypoint.sh /usr/local/bin/',
      'COPY site /usr/share/nginx/html',
    ];
    const tail = [layer('script', 900), layer('site')];
    pair(
      documents,
      { layers: [layer('arm base'), ...tail], history },
      { layers: [layer('amd base'), ...tail], history },
    );
    const judgement = await judge(documents, ':v1', { compareLayers: true });
    expect(judgement.readiness).toEqual({ state: 'ready' });
    expect(judgement.evidence.map(({ kind }) => kind)).toEqual(['index-entry', 'shared-layers']);
  });

  test('an index that says arm64 over a config that says amd64 is suspect', async () => {
    const documents = new Documents();
    documents.index([{ ...documents.image('linux/amd64', { layers: [layer('x')] }), for: 'linux/arm64' }], {
      tag: 'v1',
    });
    expect((await judge(documents, ':v1', { compareLayers: true })).evidence[0]?.kind).toBe(
      'config-platform',
    );
  });

  test('field 14: comparing finds that the listed image is gone', async () => {
    const documents = new Documents();
    const { arm64 } = multiArch(documents, 'v1');
    documents.forget(arm64.digest);
    const judgement = await judge(documents, ':v1', { compareLayers: true });
    expect(judgement.readiness).toEqual({ state: 'unknown', reason: 'malformed' });
    expect(judgement.evidence[0]?.text).toContain('broken');
  });

  test('honest images stay ready', async () => {
    const documents = new Documents();
    multiArch(documents, 'v1');
    expect((await judge(documents, ':v1', { compareLayers: true })).readiness).toEqual({ state: 'ready' });
  });
});

describe('a digest', () => {
  test('field 20: of an amd64 child is pinned, and the index digest is proposed, by the tag beside it', async () => {
    const documents = new Documents();
    const { amd64, index } = multiArch(documents, 'v1');
    const judgement = await judge(documents, `:v1@${amd64.digest}`);
    expect(judgement.readiness).toEqual({ state: 'pinned' });
    expect(judgement.remedies).toMatchObject([
      { kind: 'use-index-digest', reference: `registry.example/app:v1@${index.digest}`, verified: true },
    ]);
  });

  test("field 20: of an amd64 child without a tag finds the index among the repository's tags", async () => {
    const documents = new Documents();
    documents.image('linux/amd64', { tag: '0.9' });
    const { amd64, index } = multiArch(documents, '1.0');
    const judgement = await judge(documents, `@${amd64.digest}`);
    expect(judgement.remedies[0]?.reference).toBe(`registry.example/app:1.0@${index.digest}`);
  });

  test('whose tag has moved on is missing, with the tag as a verified remedy', async () => {
    const documents = new Documents();
    const old = documents.image('linux/amd64', { layers: [layer('old')] });
    const { index } = multiArch(documents, 'v1');
    const judgement = await judge(documents, `:v1@${old.digest}`, { maxTagLookups: 0 });
    expect(judgement.readiness).toEqual({ state: 'missing' });
    expect(judgement.remedies).toMatchObject([
      { kind: 'use-tag', reference: `registry.example/app:v1@${index.digest}` },
    ]);
  });

  test('of an amd64 child stays within its budget of tags', async () => {
    const documents = new Documents();
    for (let number = 0; number < 50; number += 1)
      documents.image('linux/amd64', { tag: `1.${number}`, layers: [layer(`${number}`)] });
    const lonely = documents.image('linux/amd64', { layers: [layer('lonely')] });
    expect((await judge(documents, `@${lonely.digest}`, { maxTagLookups: 5 })).readiness).toEqual({
      state: 'missing',
    });
    expect(documents.asked.filter((what) => what.startsWith('manifest 1.'))).toHaveLength(5);
  });

  test('is missing even when the search for its index fails, and says so', async () => {
    const documents = new Documents();
    const amd64 = documents.image('linux/amd64');
    documents.failures.set('tags', new RegistryError('rate-limited', 'too many requests'));
    const judgement = await judge(documents, `@${amd64.digest}`);
    expect(judgement.readiness).toEqual({ state: 'missing' });
    expect(judgement.evidence.map(({ kind }) => kind)).toContain('parent-not-searched');
  });

  test('of an arm64 child is ready: what is pinned runs', async () => {
    const documents = new Documents();
    const { arm64 } = multiArch(documents, 'v1');
    expect((await judge(documents, `:v1@${arm64.digest}`)).readiness).toEqual({ state: 'ready' });
  });
});

describe('no answer', () => {
  test.each([
    'unauthorized',
    'not-found',
    'rate-limited',
    'network',
    'timeout',
    'malformed',
    'unsupported',
    'offline',
  ] as const)('%s is unknown with that reason, never "no"', async (reason) => {
    const documents = new Documents();
    documents.failures.set('v1', new RegistryError(reason, 'the registry said so'));
    const judgement = await judge(documents, ':v1');
    expect(judgement.readiness).toEqual({ state: 'unknown', reason });
    expect(judgement.evidence[0]?.text).toContain('the registry said so');
  });

  test('a mistake of ours spoils one image only', async () => {
    const documents = new Documents();
    documents.failures.set('v1', new TypeError('undefined is not a function'));
    expect((await judge(documents, ':v1')).evidence[0]?.kind).toBe('internal-error');
  });

  test('an abort is thrown, not judged', async () => {
    const documents = new Documents();
    const abort = new AbortController();
    documents.failures.set('v1', new DOMException('stop', 'AbortError'));
    abort.abort();
    await expect(judge(documents, ':v1', { signal: abort.signal })).rejects.toThrow();
  });
});
