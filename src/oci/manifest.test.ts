import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from './digest.ts';
import { DocumentError } from './errors.ts';
import { type Index, isAttestation, parseManifest } from './manifest.ts';
import { mediaTypes } from './media-types.ts';
import { formatPlatform } from './platform.ts';

const encode = (document: unknown) =>
  new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document));
const parse = (document: unknown, contentType?: string) => parseManifest(encode(document), contentType);
const digest = (name: string) => digestOf(encode(name));
const descriptor = (mediaType: string, name = mediaType) => ({ mediaType, digest: digest(name), size: 7 });

const ociLayer = 'application/vnd.oci.image.layer.v1.tar+gzip';
const dockerLayer = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const ociImage = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: descriptor(mediaTypes.ociConfig),
  layers: [descriptor(ociLayer)],
};
const entry = (platform?: unknown, more: object = {}) => ({
  ...descriptor(mediaTypes.ociManifest, JSON.stringify(platform ?? null)),
  ...(platform === undefined ? {} : { platform }),
  ...more,
});
const ociIndex = (...manifests: unknown[]) => ({
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests,
});
const attestation = entry(
  { os: 'unknown', architecture: 'unknown' },
  {
    annotations: {
      'vnd.docker.reference.digest': digest('child'),
      'vnd.docker.reference.type': 'attestation-manifest',
    },
  },
);

function indexOf(document: unknown, contentType?: string): Index {
  const manifest = parse(document, contentType);
  if (manifest.kind !== 'index') throw new Error(`it is of kind ${manifest.kind}`);
  return manifest;
}

function platformsOf(index: Index): (string | undefined)[] {
  return index.manifests.map((one) => one.platform && formatPlatform(one.platform));
}

function failureOf(document: unknown): DocumentError {
  try {
    parse(document);
  } catch (error) {
    if (error instanceof DocumentError) return error;
    throw error;
  }
  throw new Error('it was parsed');
}

describe('container images', () => {
  test.each([
    ['OCI', ociImage],
    ['OCI 1.0, without mediaType', { ...ociImage, mediaType: undefined }],
    [
      'Docker',
      {
        schemaVersion: 2,
        mediaType: mediaTypes.dockerManifest,
        config: descriptor(mediaTypes.dockerConfig),
        layers: [descriptor(dockerLayer)],
      },
    ],
    ['without layers', { ...ociImage, layers: [] }],
    ['layers null', { ...ociImage, layers: null }],
    ['zstd layers', { ...ociImage, layers: [descriptor('application/vnd.oci.image.layer.v1.tar+zstd')] }],
    [
      'encrypted layers',
      { ...ociImage, layers: [descriptor('application/vnd.oci.image.layer.v1.tar+gzip+encrypted')] },
    ],
    [
      'Windows base layers',
      { ...ociImage, layers: [descriptor('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')] },
    ],
    ['a layer without a type', { ...ociImage, layers: [{ ...descriptor(''), mediaType: null }] }],
    [
      'an old Docker config type',
      {
        ...ociImage,
        mediaType: mediaTypes.dockerManifest,
        config: descriptor('application/octet-stream'),
        layers: [descriptor(dockerLayer)],
      },
    ],
    ['null members', { ...ociImage, annotations: null, subject: null, artifactType: null }],
  ])('%s', (_name, document) => {
    expect(parse(document).kind).toBe('image');
  });

  test('the parts are given as they stand', () => {
    const subject = descriptor(mediaTypes.ociManifest, 'subject');
    expect(parse({ ...ociImage, annotations: { a: 'b', c: 1 }, subject })).toEqual({
      kind: 'image',
      mediaType: mediaTypes.ociManifest,
      config: ociImage.config,
      layers: ociImage.layers,
      annotations: { a: 'b' },
      subject,
    });
  });

  test('inline data stays for the caller to verify', () => {
    const config = { ...ociImage.config, data: 'e30=' };
    expect(parse({ ...ociImage, config })).toMatchObject({ config: { data: 'e30=' } });
  });
});

describe('the type', () => {
  const untyped = { ...ociImage, mediaType: undefined };

  test('the body decides, whatever the Content-Type says', () => {
    for (const wrong of ['application/json', 'text/plain', mediaTypes.ociIndex, mediaTypes.dockerSchema1, ''])
      expect(parse(ociImage, wrong)).toMatchObject({ kind: 'image', mediaType: mediaTypes.ociManifest });
    expect(parse(ociIndex(), mediaTypes.ociManifest).kind).toBe('index');
  });

  test('a body without mediaType takes that of the Content-Type where it fits the structure', () => {
    expect(parse(untyped, `${mediaTypes.dockerManifest}; charset=utf-8`).mediaType).toBe(
      mediaTypes.dockerManifest,
    );
    expect(parse(untyped, mediaTypes.dockerList).mediaType).toBe(mediaTypes.ociManifest);
    expect(parse({ manifests: [] }, mediaTypes.dockerList.toUpperCase()).mediaType).toBe(
      mediaTypes.dockerList,
    );
    expect(parse({ manifests: [] }, 'application/json').mediaType).toBe(mediaTypes.ociIndex);
  });

  test.each([
    ['index and manifest in one', { ...ociIndex(entry()), config: ociImage.config }],
    ['the same without mediaType', { ...ociImage, mediaType: undefined, manifests: [entry()] }],
    ['index with layers', { ...ociIndex(entry()), layers: [] }],
    ['an index that calls itself a manifest', { ...ociIndex(), mediaType: mediaTypes.ociManifest }],
    ['an index that calls itself a Docker manifest', { ...ociIndex(), mediaType: mediaTypes.dockerManifest }],
    ['a manifest that calls itself an index', { ...ociImage, mediaType: mediaTypes.ociIndex }],
    ['a manifest that calls itself a Docker list', { ...ociImage, mediaType: mediaTypes.dockerList }],
    ['schema 1 with a config', { ...ociImage, fsLayers: [] }],
    ['schema 1 with manifests', { ...ociIndex(), schemaVersion: 1 }],
  ])('what two clients could read differently is refused: %s', (_name, document) => {
    expect(failureOf(document).code).toBe('DOCUMENT_MALFORMED');
  });
});

describe('indexes', () => {
  test('field 3: an OCI index with attestations has the platforms of its images, and the attestations are told apart', () => {
    const index = indexOf(
      ociIndex(
        entry({ os: 'linux', architecture: 'amd64' }),
        entry({ os: 'linux', architecture: 'arm64', variant: 'v8' }),
        attestation,
      ),
    );
    expect(platformsOf(index)).toEqual(['linux/amd64', 'linux/arm64', 'unknown/unknown']);
    expect(index.manifests.map(isAttestation)).toEqual([false, false, true]);
  });

  test('field 6: the architecture of one system is not that of another', () => {
    const index = indexOf(
      ociIndex(
        entry({
          os: 'windows',
          architecture: 'arm64',
          'os.version': '10.0.26100.1',
          'os.features': ['win32k'],
        }),
        entry({ os: 'linux', architecture: 'amd64' }),
      ),
    );
    expect(platformsOf(index)).toEqual(['windows/arm64', 'linux/amd64']);
    expect(index.manifests[0]?.platform).toMatchObject({ osVersion: '10.0.26100.1', osFeatures: ['win32k'] });
  });

  test('a Docker list is an index', () => {
    const list = {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerList,
      manifests: [entry({ os: 'linux', architecture: 'arm64' })],
    };
    expect(indexOf(list).mediaType).toBe(mediaTypes.dockerList);
  });

  test.each([
    ['missing', undefined],
    ['null', null],
    ['empty', {}],
    ['without architecture', { os: 'linux' }],
    ['without os', { architecture: 'arm64' }],
    ['of empty words', { os: '', architecture: '' }],
    ['of null members', { os: null, architecture: null, variant: null, 'os.features': null }],
    ['half unknown', { os: 'linux', architecture: 'unknown' }],
    ['half unknown the other way', { os: 'unknown', architecture: 'arm64' }],
  ])('a platform %s is no platform, and no attestation', (_name, platform) => {
    const index = indexOf(ociIndex(entry(platform)));
    expect(platformsOf(index)).toEqual([undefined]);
    expect(index.manifests.some(isAttestation)).toBe(false);
  });

  test('an entry is an attestation by its annotation or its platform, not by any annotation', () => {
    const linux = { os: 'linux', architecture: 'arm64' };
    const annotated = (type: string) => entry(linux, { annotations: { 'vnd.docker.reference.type': type } });
    const index = indexOf(
      ociIndex(
        entry({ os: 'unknown', architecture: 'unknown' }),
        annotated('attestation-manifest'),
        annotated('image'),
      ),
    );
    expect(index.manifests.map(isAttestation)).toEqual([true, true, false]);
  });

  test('null and empty lists are empty', () => {
    expect(indexOf({ schemaVersion: 2, manifests: null }).manifests).toEqual([]);
    expect(indexOf(ociIndex()).manifests).toEqual([]);
  });

  test('an entry keeps order, artifact type, annotations and data', () => {
    const special = entry(undefined, {
      artifactType: 'application/x',
      annotations: { a: 'b' },
      data: 'e30=',
    });
    expect(indexOf(ociIndex(attestation, special)).manifests[1]).toEqual(special);
  });

  test('one entry that can not be checked makes the whole index malformed, and is named', () => {
    const unchecked = {
      ...entry({ os: 'linux', architecture: 's390x' }),
      digest: `blake3:${'a'.repeat(64)}`,
    };
    const failure = failureOf(ociIndex(entry({ os: 'linux', architecture: 'arm64' }), unchecked));
    expect(failure).toMatchObject({ code: 'DOCUMENT_MALFORMED' });
    expect(failure.message).toContain('manifests.1.digest');
  });
});

describe('what is no image', () => {
  const artifact = (configType: string, layerType: string, more: object = {}) => ({
    ...ociImage,
    config: descriptor(configType),
    layers: [descriptor(layerType)],
    ...more,
  });

  test.each([
    [
      'a Helm chart',
      artifact(
        'application/vnd.cncf.helm.config.v1+json',
        'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
      ),
      'application/vnd.cncf.helm.config.v1+json',
    ],
    [
      'a cosign signature, whose config is typed as an image config',
      artifact(mediaTypes.ociConfig, 'application/vnd.dev.cosign.simplesigning.v1+json'),
      'application/vnd.dev.cosign.simplesigning.v1+json',
    ],
    [
      'an in-toto attestation manifest',
      artifact(mediaTypes.ociConfig, 'application/vnd.in-toto+json'),
      'application/vnd.in-toto+json',
    ],
    [
      'an OCI 1.1 artifact with the empty config',
      artifact(mediaTypes.ociEmpty, mediaTypes.ociEmpty, { artifactType: 'application/spdx+json' }),
      'application/spdx+json',
    ],
    [
      'an ORAS artifact of before 1.1',
      artifact('application/vnd.unknown.config.v1+json', 'application/vnd.oci.image.layer.v1.tar'),
      'application/vnd.unknown.config.v1+json',
    ],
    [
      'a wasm module',
      artifact('application/vnd.wasm.config.v0+json', 'application/wasm'),
      'application/vnd.wasm.config.v0+json',
    ],
    [
      'a Docker plugin',
      artifact('application/vnd.docker.plugin.v1+json', dockerLayer),
      'application/vnd.docker.plugin.v1+json',
    ],
    [
      'plain JSON without a file system',
      artifact('application/json', 'application/json'),
      'application/json',
    ],
    ['nothing that has a type', artifact('', 'text/plain'), 'unknown'],
    [
      'an OCI artifact manifest',
      {
        mediaType: mediaTypes.ociArtifactManifest,
        artifactType: 'application/x',
        blobs: [descriptor('text/plain')],
      },
      'application/x',
    ],
    [
      'an OCI artifact manifest of nothing',
      { mediaType: mediaTypes.ociArtifactManifest, blobs: null },
      'unknown',
    ],
  ])('%s', (_name, document, artifactType) => {
    expect(parse(document)).toMatchObject({ kind: 'artifact', artifactType });
  });
});

describe('schema 1', () => {
  const plain = {
    schemaVersion: 1,
    name: 'library/app',
    tag: '1',
    architecture: 'amd64',
    fsLayers: [],
    history: [],
  };

  test.each([undefined, 'application/json', mediaTypes.dockerManifest, mediaTypes.dockerSchema1Signed])(
    'is known by its structure, whatever the Content-Type (%s)',
    (contentType) => {
      expect(parse(plain, contentType)).toEqual({
        kind: 'schema1',
        mediaType: mediaTypes.dockerSchema1,
        architecture: 'amd64',
      });
      expect(parse({ ...plain, signatures: [{}] }, contentType)).toMatchObject({
        kind: 'schema1',
        mediaType: mediaTypes.dockerSchema1Signed,
      });
      expect(parse({ fsLayers: [] }, contentType)).toEqual({
        kind: 'schema1',
        mediaType: mediaTypes.dockerSchema1,
      });
    },
  );
});

describe('what is malformed', () => {
  test.each([
    ['nothing', '', 'not JSON'],
    ['not JSON', '<html>', 'not JSON'],
    ['cut off', JSON.stringify(ociImage).slice(0, -1), 'not JSON'],
    ['a byte order mark', `\ufeff${JSON.stringify(ociImage)}`, 'not JSON'],
    ['an array', '[]', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['a text', '"x"', 'not a JSON object'],
    ['an empty object', {}, 'neither'],
    ['an error body', { errors: [{ code: 'MANIFEST_UNKNOWN' }] }, 'neither'],
    ['layers without config', { schemaVersion: 2, layers: [] }, '"config"'],
    ['a config that is a text', { ...ociImage, config: 'x' }, '"config"'],
    ['manifests that are none', { manifests: 'x' }, 'manifests'],
    ['manifests that are an object', { manifests: { 0: entry() } }, 'manifests'],
    ['an entry that is null', ociIndex(null), 'manifests.0'],
    ['an entry without digest', ociIndex({ ...entry(), digest: undefined }), 'manifests.0.digest'],
    ['an entry without size', ociIndex({ ...entry(), size: undefined }), 'manifests.0.size'],
    ['a negative size', ociIndex({ ...entry(), size: -1 }), 'manifests.0.size'],
    ['half a byte', ociIndex({ ...entry(), size: 1.5 }), 'manifests.0.size'],
    [
      'a size no number can hold',
      JSON.stringify(ociIndex(entry())).replace('"size":7', '"size":1e400'),
      'manifests.0.size',
    ],
    [
      'a size over 2^53',
      JSON.stringify(ociIndex(entry())).replace('"size":7', '"size":9007199254740993'),
      'manifests.0.size',
    ],
    ['a size as text', ociIndex({ ...entry(), size: '7' }), 'manifests.0.size'],
    [
      'an architecture with a slash',
      ociIndex(entry({ os: 'linux', architecture: 'arm64/v8' })),
      'platform.architecture',
    ],
    [
      'an architecture with a control character',
      ociIndex(entry({ os: 'linux', architecture: '\u001b[2J' })),
      'platform.architecture',
    ],
    [
      'an architecture that is a number',
      ociIndex(entry({ os: 'linux', architecture: 386 })),
      'platform.architecture',
    ],
    [
      'a layer digest that is none',
      { ...ociImage, layers: [{ ...descriptor(ociLayer), digest: 'x' }] },
      'layers.0.digest',
    ],
    ['annotations that are a list', { ...ociImage, annotations: ['x'] }, 'annotations'],
    ['a subject that is a text', { ...ociImage, subject: 'x' }, 'subject'],
    ['a mediaType that is a number', { ...ociImage, mediaType: 7 }, 'mediaType'],
  ])('%s', (_name, document, problem) => {
    const failure = failureOf(document);
    expect(failure.code).toBe('DOCUMENT_MALFORMED');
    expect(failure.message).toContain(problem);
  });

  test('broken UTF-8 is an error, not a question mark', () => {
    const bytes = encode(ociImage);
    bytes[bytes.indexOf(0x6d)] = 0xff;
    expect(() => parseManifest(bytes)).toThrow(DocumentError);
  });

  test('a message never carries control characters out of the document', () => {
    expect(failureOf('\u001b[2J').message).not.toContain('\u001b');
  });
});

describe('hostile documents', () => {
  test('field 30: over 4 MiB is refused unread, with the limit named', () => {
    const huge = new Uint8Array(4 * 1024 * 1024 + 1).fill(0x20);
    expect(() => parseManifest(huge)).toThrow('the manifest has 4194305 bytes, over the limit of 4194304');
  });

  test('of a key that stands twice the last counts, as in the runtimes', () => {
    const twice = `{"mediaType":"${mediaTypes.ociIndex}","manifests":[${JSON.stringify(entry({ os: 'linux', architecture: 'amd64' }))}],"manifests":[${JSON.stringify(entry({ os: 'linux', architecture: 'arm64' }))}]}`;
    expect(platformsOf(indexOf(twice))).toEqual(['linux/arm64']);
  });

  test('keys with a meaning to JavaScript have none here', () => {
    const poisoned = `{"__proto__":{"manifests":[]},"constructor":{},"annotations":{"__proto__":"x","toString":"y"},"config":${JSON.stringify(ociImage.config)},"layers":[]}`;
    const manifest = parse(poisoned);
    expect(manifest.kind).toBe('image');
    expect(({} as Record<string, unknown>)['manifests']).toBeUndefined();
    expect(failureOf('{"__proto__":{"manifests":[]}}').message).toContain('neither');
    expect(platformsOf(indexOf(ociIndex(entry({ os: '__proto__', architecture: 'constructor' }))))).toEqual([
      '__proto__/constructor',
    ]);
  });

  test.each([
    ['opened brackets', '['.repeat(4_000_000)],
    ['nested arrays', `{"manifests":[],"x":${'['.repeat(1_900_000)}${']'.repeat(1_900_000)}}`],
    [
      'nested annotations',
      `{"manifests":[],"annotations":{"a":${'{"a":'.repeat(500_000)}1${'}'.repeat(500_000)}}}`,
    ],
    ['a flood of entries', `{"manifests":[${'{},'.repeat(1_000_000)}{}]}`],
    ['a flood of layers', `{"config":{},"layers":[${'1,'.repeat(2_000_000)}1]}`],
    [
      'a flood of blobs',
      `{"mediaType":"${mediaTypes.ociArtifactManifest}","blobs":[${'1,'.repeat(2_000_000)}1]}`,
    ],
    [
      'a flood of features',
      JSON.stringify(ociIndex(entry({ os: 'a', architecture: 'b' }))).replace(
        '"os":',
        `"os.features":[${'1,'.repeat(1_900_000)}1],"os":`,
      ),
    ],
    [
      'a flood of annotations',
      `{"manifests":[],"annotations":{${Array.from({ length: 300_000 }, (_, at) => `"${at}":1`).join()}}}`,
    ],
  ])('%s cost no stack and little time', (_name, text) => {
    const started = performance.now();
    try {
      parse(text);
    } catch (error) {
      expect(error).toBeInstanceOf(DocumentError);
    }
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('nothing but DocumentError is thrown', () => {
    const member = fc.constantFrom(
      'mediaType',
      'schemaVersion',
      'config',
      'layers',
      'manifests',
      'annotations',
      'subject',
      'platform',
      'digest',
      'size',
      'fsLayers',
      '__proto__',
    );
    const value = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(
          null,
          1,
          '',
          digest('x'),
          mediaTypes.ociIndex,
          mediaTypes.ociManifest,
          ociImage.config,
        ),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(member, tie('tree')),
      ),
    })).tree;
    fc.assert(
      fc.property(fc.dictionary(member, value), (document) => {
        try {
          parse(document);
        } catch (error) {
          expect(error).toBeInstanceOf(DocumentError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
