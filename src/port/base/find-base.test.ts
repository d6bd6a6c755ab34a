import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Built, type BuiltImage, buildImage, buildIndex, file } from '../../fixture/index.ts';
import { type Digest, DocumentError, parseReference } from '../../oci/index.ts';
import { viewOf } from '../config/view.test-support.ts';
import {
  attestationOf,
  baseOf,
  imageOf,
  layerOf,
  openTestRegistry,
  portable,
  provenanceOf,
  type TestRegistry,
} from './bases.test-support.ts';
import {
  type BaseSearch,
  baseKnowledge,
  chainIds,
  type FindBaseOptions,
  findBase,
  formatBaseRecords,
  parseBaseRecords,
  recordsOfIndex,
} from './index.ts';

const nameKey = 'org.opencontainers.image.base.name';
const digestKey = 'org.opencontainers.image.base.digest';
const arm64 = { os: 'linux', architecture: 'arm64' };

let registry: TestRegistry;
let debian: Digest;
let python: Digest;

beforeAll(async () => {
  registry = await openTestRegistry();
  debian = await registry.push('debian:12', baseOf(['debian']));
  python = await registry.push('python:3.12', baseOf(['debian', 'python']));
});
afterAll(() => registry.close());

interface Case extends Partial<FindBaseOptions> {
  readonly layers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly beside?: (image: BuiltImage) => Parameters<typeof portable>[2];
}

async function search({
  layers = ['debian', 'python', 'app'],
  labels = {},
  annotations,
  beside,
  ...more
}: Case) {
  const image = await imageOf('linux/amd64', layers, {
    config: { Labels: labels },
    ...(annotations === undefined ? {} : { annotations }),
  });
  const subject = await portable(registry, image, beside?.(image) ?? []);
  return findBase(subject, { platform: arm64, open: (location) => registry.open(location), ...more });
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

function outcomes({ candidates }: BaseSearch): readonly string[] {
  return candidates.map(
    ({ reference, outcome }) => `${outcome} ${reference.slice(registry.host.length + 1)}`,
  );
}

function childOf(built: Built, place: number): Digest {
  const digest = built.children[place]?.manifest.descriptor.digest;
  if (digest === undefined) throw new TypeError('the index has no such child');
  return digest;
}

describe('a base is found', () => {
  test.each(['v0.2', 'v1'] as const)("by the materials of BuildKit's provenance %s", async (version) => {
    const found = await search({
      beside: (image) => [
        provenanceOf(image, version, [
          { uri: 'pkg:golang/example.com/x@v1', digest: { sha256: hexOf(debian) } },
          {
            uri: `pkg:docker/${registry.host}/python@3.12?platform=linux%2Famd64`,
            digest: { sha256: hexOf(python) },
          },
        ]),
      ],
    });
    expect(found).toMatchObject({ state: 'found', unread: [] });
    expect(found.base).toMatchObject({
      evidence: 'provenance',
      indexDigest: python,
      sameIndex: true,
      layers: 2,
      reference: `${registry.host}/python:3.12@${python}`,
      doubts: [],
      source: { config: { platform: { architecture: 'amd64' } } },
      target: { config: { platform: { architecture: 'arm64' } }, descriptor: { platform: arm64 } },
    });
  });

  test('not by what a build took for another machine', async () => {
    const found = await search({
      beside: (image) => [
        provenanceOf(image, 'v0.2', [
          {
            uri: `pkg:docker/${registry.host}/python@3.12?platform=linux%2Farm64`,
            digest: { sha256: hexOf(python) },
          },
        ]),
      ],
    });
    expect(found.state).toBe('none');
    expect(found.candidates).toMatchObject([
      { outcome: 'rejected', why: 'the build took it for linux/arm64' },
    ]);
  });

  test('by an annotation of the manifest', async () => {
    const found = await search({
      annotations: { [nameKey]: `${registry.host}/python:3.12`, [digestKey]: python },
    });
    expect(found.base).toMatchObject({ evidence: 'annotation', indexDigest: python });
  });

  test('by labels, with a name alone', async () => {
    const found = await search({ labels: { [nameKey]: `${registry.host}/debian:12` } });
    expect(found.base).toMatchObject({ evidence: 'label', indexDigest: debian, layers: 1 });
  });

  test('by a digest beside the name, wherever the tag is now', async () => {
    await registry.push('moved:1', baseOf(['something newer']));
    const index = await registry.push('moved', baseOf(['debian']));
    const found = await search({ labels: { [nameKey]: `${registry.host}/moved:1`, [digestKey]: index } });
    expect(found.base).toMatchObject({ indexDigest: index, sameIndex: true });
  });

  test('by the name alone where the digest beside it is of nothing that was ever pushed', async () => {
    const digest = `sha256:${'ab'.repeat(32)}`;
    const found = await search({
      annotations: { [nameKey]: `${registry.host}/debian:12`, [digestKey]: digest },
    });
    expect(found.base).toMatchObject({ evidence: 'annotation', indexDigest: debian, layers: 1 });
    expect(found.candidates).toMatchObject([
      { outcome: 'unknown', reason: 'not-found' },
      { outcome: 'accepted', reference: `${registry.host}/debian:12` },
    ]);
  });

  test('by the reference that a person gives, before a longer one', async () => {
    const found = await search({
      given: [`${registry.host}/debian:12`],
      labels: { [nameKey]: `${registry.host}/python:3.12` },
    });
    expect(found.base).toMatchObject({ evidence: 'given', indexDigest: debian });
    expect(found.others).toMatchObject([{ indexDigest: python }]);
  });

  test('the longest of several', async () => {
    const found = await search({
      annotations: { [nameKey]: `${registry.host}/debian:12` },
      labels: { [nameKey]: `${registry.host}/python:3.12` },
    });
    expect(found.base).toMatchObject({ indexDigest: python, layers: 2 });
    expect(found.others).toMatchObject([{ indexDigest: debian, layers: 1 }]);
  });

  test('however its layers are compressed', async () => {
    const name = await registry.push('plain:1', baseOf(['debian'], { compression: 'none' }));
    const found = await search({ labels: { [nameKey]: `${registry.host}/plain:1` } });
    expect(found.base).toMatchObject({ indexDigest: name });
  });

  test('under one of several variants of the machine', async () => {
    const index = buildIndex([
      await imageOf('linux/amd64', ['v1']),
      await imageOf('linux/amd64/v3', ['debian']),
      await imageOf('linux/arm64', ['arm64 debian']),
    ]);
    await registry.push('variants:1', index);
    const found = await search({ given: [`${registry.host}/variants:1`] });
    expect(found.base?.source.descriptor.digest).toBe(childOf(index, 1));
  });
});

describe("a digest of one platform's image", () => {
  test('leads to its index by the tag beside it', async () => {
    const built = await baseOf(['debian', 'python', 'pinned']);
    const index = await registry.push('pinned:1', built);
    const labels = { [nameKey]: `${registry.host}/pinned:1`, [digestKey]: childOf(built, 0) };
    const found = await search({ layers: ['debian', 'python', 'pinned', 'app'], labels });
    expect(found.base).toMatchObject({ indexDigest: index, sameIndex: true, layers: 3 });
  });

  test("whose tag has moved on is taken with the tag's sibling, and not called the same", async () => {
    const built = await baseOf(['debian']);
    await registry.push('walked', built);
    const now = await registry.push('walked:1', baseOf(['debian, updated']));
    const labels = { [nameKey]: `${registry.host}/walked:1`, [digestKey]: childOf(built, 0) };
    const { base, candidates } = await search({ labels });
    expect(base).toMatchObject({ indexDigest: now, sameIndex: false });
    expect(base?.source.descriptor.digest).toBe(childOf(built, 0));
    expect(candidates[0]?.why).toContain('moved on');
  });

  test('without a tag is unknown: the index exists, but can not be asked for', async () => {
    const built = await baseOf(['debian']);
    await registry.push('untagged:1', built);
    const found = await search({ given: [`${registry.host}/untagged@${childOf(built, 0)}`] });
    expect(found).toMatchObject({ state: 'unknown', candidates: [{ outcome: 'unknown' }] });
  });
});

describe('a base without the target', () => {
  test('leads to its own base', async () => {
    const image = await imageOf('linux/amd64', ['debian', 'company'], {
      config: { Labels: { [nameKey]: `${registry.host}/debian:12` } },
    });
    await registry.push('company:1', buildIndex([image]));
    const found = await search({
      layers: ['debian', 'company', 'app'],
      labels: { [nameKey]: `${registry.host}/company:1` },
    });
    expect(outcomes(found)).toEqual(['rejected company:1', 'accepted debian:12']);
    expect(found.candidates[1]?.via).toContain('/company:1@sha256:');
    expect(found.base).toMatchObject({ indexDigest: debian, layers: 1 });
  });

  test('and without an index is rejected, saying why', async () => {
    await registry.push('single:1', imageOf('linux/amd64', ['debian']));
    const found = await search({ labels: { [nameKey]: `${registry.host}/single:1` } });
    expect(found).toMatchObject({ state: 'none', candidates: [{ outcome: 'rejected' }] });
    expect(found.candidates[0]?.why).toContain('without an index');
  });

  test('that names itself does not go round for ever', async () => {
    const labels = { [nameKey]: `${registry.host}/circle:1` };
    await registry.push(
      'circle:1',
      buildIndex([await imageOf('linux/amd64', ['debian'], { config: { Labels: labels } })]),
    );
    const found = await search({ labels });
    expect(outcomes(found)).toEqual(['rejected circle:1']);
  });
});

describe('known bases', () => {
  async function known(...names: string[]) {
    const records = [];
    for (const name of names) {
      const reference = parseReference(`${registry.host}/${name}`);
      const opened = await registry.open({ transport: 'registry', reference });
      records.push(...(await recordsOfIndex(opened, reference)));
    }
    return records;
  }

  test('are found by the chain-id of the longest prefix', async () => {
    const knownBases = baseKnowledge(await known('debian:12', 'python:3.12'));
    registry.requests.length = 0;
    const found = await search({ knownBases });
    expect(found.base).toMatchObject({ evidence: 'known', indexDigest: python, layers: 2 });
    // The shorter one is not even looked at.
    expect(found.candidates).toHaveLength(1);
  });

  test('have a record for each platform, and come back from their document as they were', async () => {
    const records = await known('python:3.12', 'debian:12');
    expect(records.map(({ platform, layers }) => `${platform.architecture} ${layers}`)).toEqual([
      'amd64 2',
      'arm64 2',
      'amd64 1',
      'arm64 1',
    ]);
    const text = formatBaseRecords(records);
    expect(parseBaseRecords(text)).toHaveLength(4);
    expect(new Set(parseBaseRecords(text))).toEqual(new Set(records));
    expect(formatBaseRecords([...parseBaseRecords(text), ...records].reverse())).toBe(text);
  });

  test('of a registry that no longer has them are unknown', async () => {
    const [record] = await known('debian:12');
    const gone = { ...record, indexDigest: `sha256:${'0'.repeat(64)}` } as NonNullable<typeof record>;
    const found = await search({ knownBases: baseKnowledge([gone]) });
    expect(found).toMatchObject({
      state: 'unknown',
      candidates: [{ outcome: 'unknown', reason: 'not-found' }],
    });
  });

  test('can not be made of what is no index', async () => {
    await registry.push('alone:1', imageOf('linux/amd64', ['debian']));
    await expect(known('alone:1')).rejects.toThrow(/not an index/);
  });

  test.each([
    ['no JSON', '{'],
    ['another version', '{"schemaVersion":2,"bases":[]}'],
    ['records of the wrong type', '{"schemaVersion":1,"bases":[{"chainId":"x"}]}'],
    ['bases that are no list', '{"schemaVersion":1,"bases":{}}'],
  ])('in a document that can not be read are an error: %s', (_name, text) => {
    expect(() => parseBaseRecords(text)).toThrow(DocumentError);
  });
});

describe('no base', () => {
  test('is said where nothing names one', async () => {
    expect(await search({})).toMatchObject({ state: 'none', candidates: [], others: [] });
  });

  test('is said of images whose lowest layers are others, with how many are shared', async () => {
    const found = await search({
      layers: ['debian', 'other', 'app'],
      given: [`${registry.host}/python:3.12`],
    });
    expect(found.state).toBe('none');
    expect(found.candidates[0]?.why).toContain('2 layers, of which the lowest 1 are');
  });

  test('is said of an index for other machines, and of what is no image', async () => {
    await registry.push('risc:1', buildIndex([await imageOf('linux/riscv64', ['debian'])]));
    await registry.push(
      'empty:1',
      buildIndex([await imageOf('linux/amd64', []), await imageOf('linux/arm64', [])]),
    );
    const found = await search({ given: [`${registry.host}/risc:1`, `${registry.host}/empty:1`] });
    expect(outcomes(found)).toEqual(['rejected risc:1', 'rejected empty:1']);
    expect(found.state).toBe('none');
  });
});

describe('what can not be looked at is unknown, never "no base"', () => {
  test.each([
    ['another host', 'elsewhere.example/debian:12', 'network'],
    ["a short name, which is Docker Hub's", 'debian:12', 'network'],
    ['a name that is none', 'De bian', 'malformed'],
  ])('%s', async (_name, name, reason) => {
    const found = await search({ labels: { [nameKey]: name } });
    expect(found).toMatchObject({ state: 'unknown', candidates: [{ outcome: 'unknown', reason }] });
  });

  test('short names are shown in full', async () => {
    const { candidates } = await search({ labels: { [nameKey]: 'debian:12' } });
    expect(candidates[0]?.reference).toBe('docker.io/library/debian:12');
  });

  test('a digest without a name', async () => {
    const found = await search({ labels: { [digestKey]: debian } });
    expect(found).toMatchObject({
      state: 'unknown',
      candidates: [{ reference: debian, outcome: 'unknown' }],
    });
  });

  test('a tag that is gone', async () => {
    const found = await search({ given: [`${registry.host}/debian:gone`] });
    expect(found).toMatchObject({ state: 'unknown', candidates: [{ reason: 'not-found' }] });
  });

  test('provenance that can not be read', async () => {
    const found = await search({
      beside: (image) => [
        attestationOf(
          image.manifest.descriptor.digest,
          'https://slsa.dev/provenance/v1',
          Buffer.from('{"predicate":[]}'),
        ),
      ],
    });
    expect(found).toMatchObject({
      state: 'unknown',
      unread: [{ evidence: 'provenance', reason: 'malformed' }],
    });
  });

  test('more candidates than are looked at', async () => {
    const given = Array.from({ length: 3 }, (_, at) => `${registry.host}/debian:gone-${at}`);
    const found = await search({ given: [...given, `${registry.host}/debian:12`], maxCandidates: 3 });
    expect(found.state).toBe('unknown');
    expect(found.candidates[3]).toMatchObject({ outcome: 'unknown', reason: 'too-large' });
  });

  test('and one that is found beside it is still found', async () => {
    const found = await search({ given: ['elsewhere.example/x:1', `${registry.host}/debian:12`] });
    expect(found).toMatchObject({ state: 'found', base: { indexDigest: debian } });
  });

  test('an abort ends the search', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(
      search({ given: [`${registry.host}/debian:12`], signal: controller.signal }),
    ).rejects.toThrow(/abort/i);
  });
});

describe('a target that may lie', () => {
  test('is told by its config and by its first layer', async () => {
    const index = buildIndex([
      await imageOf('linux/amd64', ['debian']),
      { of: await imageOf('linux/amd64', ['debian', 'more']), platform: arm64 },
    ]);
    await registry.push('lying:1', index);
    const { base } = await search({ given: [`${registry.host}/lying:1`] });
    expect(base?.doubts).toHaveLength(2);
  });
});

describe('an image', () => {
  test('whose config and manifest count layers differently is refused', async () => {
    const config = { rootfs: { type: 'layers', diff_ids: [] } };
    const image = await imageOf('linux/amd64', ['debian'], { configOverrides: config });
    const subject = await portable(registry, image);
    await expect(
      findBase(subject, { platform: arm64, open: (location) => registry.open(location) }),
    ).rejects.toThrow(DocumentError);
  });

  test('gives proposals by its history and environment, without asking a registry', async () => {
    const image = await buildImage({
      platform: { os: 'linux', architecture: 'amd64' },
      layers: [layerOf('a'), [file('x', 'y')]],
      config: { Env: ['PYTHON_VERSION=3.12.4'] },
      history: [`# debian.sh --arch 'amd64' out/ 'bookworm' '@1718668800'`, 'RUN x'],
    });
    registry.requests.length = 0;
    const subject = await portable(registry, image);
    const opened: string[] = [];
    const found = await findBase(subject, {
      platform: arm64,
      open: (location) => {
        opened.push(JSON.stringify(location));
        return registry.open(location);
      },
    });
    expect(found.proposals.map(({ reference }) => reference)).toEqual([
      'docker.io/library/debian:bookworm',
      'docker.io/library/debian:bookworm-slim',
      'docker.io/library/python:3.12.4',
    ]);
    expect(opened).toEqual([]);
  });
});

test.each([
  ['ID=debian\nVERSION_ID="12"\n', ['docker.io/library/debian:12', 'docker.io/library/debian:12-slim']],
  [
    'ID=\'rhel\'\nVERSION_ID="9.3"\n',
    ['registry.access.redhat.com/ubi9/ubi:9.3', 'registry.access.redhat.com/ubi9/ubi-minimal:latest'],
  ],
  [
    'PRETTY_NAME="Distroless"\nID=debian\nVERSION_ID="12"\n',
    ['static', 'base', 'cc'].map((kind) => `gcr.io/distroless/${kind}-debian12:latest`),
  ],
  ['ID=debian\nVERSION_ID="1 2; rm"\n', []],
  ['unread', []],
])('os-release %j proposes bases', async (text, expected) => {
  const image = await imageOf('linux/amd64', ['debian']);
  const view = await viewOf(file('etc/os-release', text));
  const subject = { ...(await portable(registry, image)), view };
  const found = await findBase(subject, { platform: arm64, open: (location) => registry.open(location) });
  expect(found.proposals.map(({ reference }) => reference)).toEqual(expected);
});

test('the longest of any set of bases is found, and only true prefixes', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const layers = fc.array(name, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(layers, fc.array(layers, { minLength: 1, maxLength: 3 }), async (own, bases) => {
      const given: string[] = [];
      const records = [];
      for (const base of bases) {
        const reference = parseReference(`${registry.host}/any/${base.join('-')}:1`);
        await registry.push(`any/${base.join('-')}:1`, baseOf(base));
        const opened = await registry.open({ transport: 'registry', reference });
        records.push(...(await recordsOfIndex(opened, reference)));
        given.push(base.join(' '));
      }
      const lengths = bases
        .filter((base) => base.every((layer, at) => own[at] === layer))
        .map((base) => base.length);
      const found = await search({ layers: own, knownBases: baseKnowledge(records) });
      expect(found.base?.layers ?? 0).toBe(Math.max(0, ...lengths));
    }),
    { numRuns: 15 },
  );
});

test('a chain-id names a prefix: equal for equal layers, another for each further one', () => {
  const digests = fc.array(fc.constantFrom(...['a', 'b'].map((hex): Digest => `sha256:${hex.repeat(64)}`)), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(digests, digests, (left, right) => {
      const [a, b] = [chainIds(left), chainIds(right)];
      let shared = 0;
      while (shared < Math.min(left.length, right.length) && left[shared] === right[shared]) shared += 1;
      expect(a.filter((id, at) => id === b[at])).toHaveLength(shared);
      expect(new Set(a).size).toBe(a.length);
    }),
  );
});
