import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { executable, file, type RunConfig, symlink } from '../../fixture/index.ts';
import { type Digest, DocumentError, digestOf } from '../../oci/index.ts';
import { type ConfigMerge, type MergeConfigInput, mergeConfig } from './index.ts';
import { viewOf } from './view.test-support.ts';

const arm64 = { os: 'linux', architecture: 'arm64' };

const view = await viewOf(
  executable('usr/lib/jvm/java-17-openjdk-arm64/bin/java', 'java'),
  file('usr/lib/aarch64-linux-gnu/libjemalloc.so.2', 'library'),
  file('opt/x86_64/data', 'text that the image put there'),
  executable('app/bin/server', '#!/bin/sh\n'),
  executable('usr/bin/env', 'env'),
  symlink('bin', 'usr/bin'),
);

function diffId(name: string): Digest {
  return digestOf(Buffer.from(name));
}

type Members = Record<string, unknown>;

interface Spec {
  readonly config?: RunConfig | Members | null;
  readonly layers?: readonly string[];
  readonly architecture?: string;
  readonly more?: Members;
}

function document({ config = {}, layers = ['base'], architecture = 'amd64', more = {} }: Spec): Members {
  return {
    created: '2024-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(diffId) },
    history: layers.map((name) => ({ created: '2024-01-01T00:00:00Z', created_by: `COPY ${name} /` })),
    ...more,
  };
}

function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function ownLayers(...names: string[]): MergeConfigInput['layers'] {
  return names.map((name, original) => ({ diffId: diffId(name), original }));
}

interface Case {
  readonly old?: Spec;
  readonly app: Spec;
  readonly base?: Spec;
}

function merged(
  { old, app, base }: Case,
  more: Partial<MergeConfigInput> = {},
): ConfigMerge & { document: Members } {
  const result = mergeConfig({
    app: bytesOf(document({ layers: ['base', 'own'], ...app })),
    platform: arm64,
    view,
    layers: ownLayers('own'),
    ...(old === undefined ? {} : { oldBase: bytesOf(document(old)) }),
    ...(base === undefined
      ? {}
      : { newBase: bytesOf(document({ architecture: 'arm64', layers: ['arm base'], ...base })) }),
    ...more,
  });
  return { ...result, document: JSON.parse(Buffer.from(result.bytes).toString('utf8')) as Members };
}

/** The run settings of a merge of three of them. */
function run(old: RunConfig, app: RunConfig, base: RunConfig): Members {
  return merged({ old: { config: old }, app: { config: app }, base: { config: base } }).document[
    'config'
  ] as Members;
}

function envOf(old: readonly string[], app: readonly string[], base: readonly string[]): unknown {
  return run({ Env: old }, { Env: app }, { Env: base })['Env'];
}

describe('settings', () => {
  test('that the image left to its base are those of the new base', () => {
    const config = run(
      { Cmd: ['bash'], User: 'old', WorkingDir: '/old' },
      { Cmd: ['bash'], User: 'old', WorkingDir: '/old' },
      { Cmd: ['sh'], WorkingDir: '/new' },
    );
    expect(config).toEqual({ Cmd: ['sh'], WorkingDir: '/new' });
  });

  test('that the image changed are kept, and those it took away stay away', () => {
    const config = run(
      { Cmd: ['bash'], WorkingDir: '/', User: 'root' },
      { Entrypoint: ['/app/bin/server'], WorkingDir: '/app', User: '1000:1000' },
      { Cmd: ['sh'], WorkingDir: '/' },
    );
    expect(config).toEqual({ Entrypoint: ['/app/bin/server'], WorkingDir: '/app', User: '1000:1000' });
  });

  test('that armload does not know take part like the others', () => {
    const config = run(
      { ArgsEscaped: true, Same: 1 } as RunConfig,
      { ArgsEscaped: false, Same: 1 } as RunConfig,
      { ArgsEscaped: true, Same: 2, New: [3] } as RunConfig,
    );
    expect(config).toEqual({ ArgsEscaped: false, Same: 2, New: [3] });
  });

  test('ports and volumes are sets: those of the new base, those added, without those removed', () => {
    const volumes = (...names: string[]) => ({
      Volumes: Object.fromEntries(names.map((name) => [name, {}])),
    });
    const config = run(
      volumes('/data', '/gone'),
      volumes('/data', '/own'),
      volumes('/data', '/gone', '/new'),
    );
    expect(Object.keys(config['Volumes'] as object)).toEqual(['/data', '/new', '/own']);
  });

  test('paths in commands and health checks are respelled too, in shell texts as well', () => {
    const config = run(
      {},
      {
        Entrypoint: ['/usr/lib/jvm/java-17-openjdk-amd64/bin/java', '-jar', '/app/bin/server'],
        Healthcheck: { Test: ['CMD-SHELL', 'exec /usr/lib/jvm/java-17-openjdk-amd64/bin/java -version'] },
      },
      {},
    );
    expect(config).toMatchObject({
      Entrypoint: ['/usr/lib/jvm/java-17-openjdk-arm64/bin/java', '-jar', '/app/bin/server'],
      Healthcheck: { Test: ['CMD-SHELL', 'exec /usr/lib/jvm/java-17-openjdk-arm64/bin/java -version'] },
    });
  });
});

describe('variables', () => {
  test('are merged by name', () => {
    const old = ['LANG=C', 'PYTHON_VERSION=3.12.1', 'GONE=1', 'DEBUG='];
    const app = ['LANG=C.UTF-8', 'PYTHON_VERSION=3.12.1', 'DEBUG=', 'OWN=x'];
    expect(envOf(old, app, ['LANG=C', 'PYTHON_VERSION=3.12.2', 'GONE=1', 'DEBUG=', 'NEW=y'])).toEqual([
      'LANG=C.UTF-8',
      'PYTHON_VERSION=3.12.2',
      'DEBUG=',
      'NEW=y',
      'OWN=x',
    ]);
  });

  test.each([
    ['JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64', 'JAVA_HOME=/usr/lib/jvm/java-17-openjdk-arm64'],
    [
      'LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2',
      'LD_PRELOAD=/usr/lib/aarch64-linux-gnu/libjemalloc.so.2',
    ],
    ['FLAGS=-L/usr/lib/x86_64-linux-gnu -O2', 'FLAGS=-L/usr/lib/aarch64-linux-gnu -O2'],
    ['GLOB=/usr/lib/x86_64-linux-gnu/*.so', 'GLOB=/usr/lib/aarch64-linux-gnu/*.so'],
    // It is there under its old name: the image's own data.
    ['DATA=/opt/x86_64/data', 'DATA=/opt/x86_64/data'],
    ['SOURCE=https://example.com/linux/amd64/app.tar', 'SOURCE=https://example.com/linux/amd64/app.tar'],
    ['ARCH=amd64', 'ARCH=amd64'],
  ])('of the image are kept or respelled: %s', (entry, expected) => {
    expect(envOf([], [entry], [])).toEqual([expected]);
  });

  test('that name what is not there are a problem, unless it was not there before', () => {
    const app = {
      config: { Env: ['A=/usr/lib/x86_64-linux-gnu/libgone.so', 'B=/usr/nowhere:/var/run/x.pid'] },
    };
    const problems = (more: Partial<MergeConfigInput>) =>
      merged({ old: {}, app, base: {} }, more).problems.map(({ member, value }) => `${member} ${value}`);
    expect(problems({})).toEqual([
      'config.Env.A /usr/lib/x86_64-linux-gnu/libgone.so',
      'config.Env.B /usr/nowhere',
    ]);
    expect(problems({ originalView: view })).toEqual([]);
  });

  test('that are a name of the old architecture are kept and told', () => {
    const { problems } = merged({ old: {}, app: { config: { Env: ['TARGETARCH=amd64'] } }, base: {} });
    expect(problems).toMatchObject([{ member: 'config.Env.TARGETARCH', kind: 'names-architecture' }]);
  });
});

describe('PATH', () => {
  const path = (old: string | undefined, app: string, base: string | undefined) => {
    const entry = (value: string | undefined) => (value === undefined ? [] : [`PATH=${value}`]);
    return (envOf(entry(old), entry(app), entry(base)) as string[])[0]?.slice('PATH='.length);
  };

  test.each([
    [
      'what the image puts around it stays around it',
      '/usr/bin:/bin',
      '/app/bin:/usr/bin:/bin:/opt/z',
      '/n/bin:/usr/bin',
      '/app/bin:/n/bin:/usr/bin:/opt/z',
    ],
    [
      'rearranged, it is merged element by element',
      '/a:/b:/c',
      '/c:/own:/a',
      '/a:/b:/c:/new',
      '/c:/own:/a:/new',
    ],
    [
      'what the base no longer has goes',
      '/py311/bin:/bin',
      '/bin:/py311/bin',
      '/py312/bin:/bin',
      '/bin:/py312/bin',
    ],
    [
      'elements of the image are respelled',
      '/bin',
      '/usr/lib/jvm/java-17-openjdk-amd64/bin:/bin',
      '/bin',
      '/usr/lib/jvm/java-17-openjdk-arm64/bin:/bin',
    ],
  ])('%s', (...[, old, app, base, expected]) => {
    expect(path(old, app, base)).toBe(expected);
  });

  test('of a base without one is the default, as builders take it', () => {
    const usual = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    expect(path(undefined, `/app/bin:${usual}`, undefined)).toBe(`/app/bin:${usual}`);
    expect(path(undefined, `/app/bin:${usual}`, '/only')).toBe('/app/bin:/only');
  });
});

describe('labels', () => {
  const labels = (app: Record<string, string>, more: Partial<MergeConfigInput> = {}) => {
    const { document: made } = merged({ old: {}, app: { config: { Labels: app } }, base: {} }, more);
    return (made['config'] as Members)['Labels'];
  };

  test('called architecture get the new one in the same spelling, other texts stay', () => {
    const url = 'https://example.com/x86_64/app';
    expect(
      labels({ architecture: 'x86_64', 'org.example.arch': 'amd64', platform: 'linux/amd64', url }),
    ).toEqual({
      architecture: 'aarch64',
      'org.example.arch': 'arm64',
      platform: 'linux/arm64',
      url,
    });
  });

  test('that tell the digest of the base tell the new one', () => {
    const key = 'org.opencontainers.image.base.digest';
    const baseDigest = diffId('the index of the new base');
    expect(labels({ [key]: diffId('old') }, { baseDigest })).toEqual({ [key]: baseDigest });
  });
});

describe('the rest of the document', () => {
  test('is for the platform, without a variant that is the default', () => {
    const { document: made } = merged(
      { app: { more: { variant: 'v2' } } },
      { platform: { ...arm64, variant: 'v8' } },
    );
    expect(made).toMatchObject({ architecture: 'arm64', os: 'linux' });
    expect(made).not.toHaveProperty('variant');
  });

  test("has the new base's layers and history, then those of the image, and says which were replaced", () => {
    const old = { layers: ['base'] };
    const app = { layers: ['base', 'one', 'two'] };
    const layers = [
      { diffId: diffId('one'), original: 0 },
      { diffId: diffId('two for arm64'), original: 1, comment: 'armload: 3 files replaced' },
      { diffId: diffId('repair'), comment: 'armload: package database' },
    ];
    const { document: made } = merged({ old, app, base: {} }, { layers });
    expect((made['rootfs'] as Members)['diff_ids']).toEqual(
      ['arm base', 'one', 'two for arm64', 'repair'].map(diffId),
    );
    expect(made['history']).toMatchObject([
      { created_by: 'COPY arm base /' },
      { created_by: 'COPY one /' },
      { created_by: 'COPY two /', comment: 'armload: 3 files replaced' },
      { created_by: 'armload port', comment: 'armload: package database' },
    ]);
  });

  test('counts a layer that was left out as none', () => {
    const { document: made } = merged(
      { old: {}, app: { layers: ['base', 'one', 'two'] }, base: {} },
      { layers: [{ diffId: diffId('two'), original: 1 }] },
    );
    expect(made['history']).toMatchObject([
      { created_by: 'COPY arm base /' },
      { created_by: 'COPY one /', empty_layer: true },
      { created_by: 'COPY two /' },
    ]);
  });

  test('makes up history for layers where the image has none that fits', () => {
    const { document: made } = merged({ old: {}, app: { more: { history: null } }, base: {} });
    expect(made['history']).toMatchObject([
      { created_by: 'COPY arm base /' },
      { created_by: 'armload port' },
    ]);
  });

  test("finds the image's own history where a builder wrote the base's anew", () => {
    const history = [
      { created_by: 'flattened' },
      { created_by: 'ENV X', empty_layer: true },
      { created_by: 'COPY own /' },
    ];
    const { document: made } = merged({ old: {}, app: { more: { history } }, base: {} });
    expect((made['history'] as Members[]).map((entry) => entry['created_by'])).toEqual([
      'COPY arm base /',
      'ENV X',
      'COPY own /',
    ]);
  });

  test("keeps the image's time, or takes the one that is told", () => {
    const app = { more: { created: '2025-05-05T05:05:05Z' } };
    const created = (more: Partial<MergeConfigInput>) =>
      merged({ old: {}, app, base: {} }, more).document['created'];
    expect(created({})).toBe('2025-05-05T05:05:05Z');
    expect(created({ created: '1970-01-01T00:00:01Z' })).toBe('1970-01-01T00:00:01Z');
  });

  test('loses a build cache that names layers of the old architecture, and no other unknown member', () => {
    const more = { 'moby.buildkit.cache.v0': 'layers', author: 'somebody', 'org.example': { deep: [1] } };
    const { document: made, decisions } = merged({ old: {}, app: { more }, base: {} });
    expect(made).toMatchObject({ author: 'somebody', 'org.example': { deep: [1] } });
    expect(made).not.toHaveProperty(['moby.buildkit.cache.v0']);
    expect(decisions).toContainEqual(
      expect.objectContaining({ member: 'moby.buildkit.cache.v0', action: 'removed' }),
    );
  });

  test('has a decision for every variable, with a reason and without its value', () => {
    const { decisions } = merged({
      old: { config: { Env: ['A=1'] } },
      app: { config: { Env: ['A=1', 'TOKEN=hunter2', 'J=/usr/lib/jvm/java-17-openjdk-amd64'] } },
      base: { config: { Env: ['A=2'] } },
    });
    expect(decisions.filter(({ member }) => member.startsWith('config.Env'))).toMatchObject([
      { member: 'config.Env.A', action: 'from-base' },
      { member: 'config.Env.TOKEN', action: 'kept' },
      { member: 'config.Env.J', action: 'mapped' },
    ]);
    expect(JSON.stringify(decisions)).not.toContain('hunter2');
  });
});

describe('without a base', () => {
  test('the image keeps its config, with paths respelled', () => {
    const config = {
      Env: ['PATH=/bin', 'JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64'],
      Cmd: ['/app/bin/server'],
    };
    const { document: made } = merged({ app: { config, layers: ['own'] } });
    expect(made['config']).toEqual({
      ...config,
      Env: ['PATH=/bin', 'JAVA_HOME=/usr/lib/jvm/java-17-openjdk-arm64'],
    });
    expect(made['history']).toHaveLength(1);
  });

  test('one base alone is a mistake of the caller', () => {
    expect(() => merged({ old: {}, app: {} })).toThrow(TypeError);
  });
});

const word = fc.constantFrom('A', 'B', 'PATH', 'LD', '__proto__', 'constructor');
const value = fc.constantFrom('', '1', '/bin', '/usr/lib/x86_64-linux-gnu', '/a:/b', '/b:/a:/c', 'amd64');
const variables = fc
  .uniqueArray(fc.tuple(word, value), { selector: ([name]) => name, maxLength: 4 })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`));
const names = fc.uniqueArray(word, { maxLength: 3 });
const setOf = names.map((keys) => Object.fromEntries(keys.map((key) => [key, {}])));
const labelsOf = fc
  .tuple(names, value)
  .map(([keys, text]) => Object.fromEntries(keys.map((key) => [key, text])));
const absent = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const settings = absent(
  fc.record(
    {
      Env: absent(variables),
      Cmd: absent(fc.array(value, { maxLength: 2 })),
      Labels: absent(labelsOf),
      Volumes: absent(setOf),
      User: fc.constantFrom('', 'root', 'app'),
      Unknown: fc.jsonValue({ maxDepth: 2 }).map(asWritten),
    },
    { requiredKeys: [] },
  ),
);

describe('any configs', () => {
  test("an image that changed nothing gets the new base's config", () => {
    fc.assert(
      fc.property(settings, settings, (old, base) => {
        const { document: made } = merged(
          { old: { config: old }, app: { config: old, layers: ['base'] }, base: { config: base } },
          { layers: [] },
        );
        const expected = document({ config: base, architecture: 'arm64', layers: ['arm base'] });
        expect(made).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });

  test('merging again changes nothing', () => {
    fc.assert(
      fc.property(settings, settings, settings, (old, app, base) => {
        const once = merged({ old: { config: old }, app: { config: app }, base: { config: base } });
        const newBase = bytesOf(document({ config: base, architecture: 'arm64', layers: ['arm base'] }));
        const again = mergeConfig({
          oldBase: newBase,
          app: once.bytes,
          newBase,
          platform: arm64,
          view,
          layers: ownLayers('own'),
        });
        expect(Buffer.from(again.bytes).toString()).toBe(Buffer.from(once.bytes).toString());
      }),
    );
  });

  test('over an unchanged base the image keeps what it says', () => {
    fc.assert(
      fc.property(settings, settings, (base, app) => {
        const made = merged(
          { old: { config: base }, app: { config: app }, base: { config: base, architecture: 'amd64' } },
          { platform: { os: 'linux', architecture: 'amd64' } },
        ).document['config'] as Members | null;
        for (const key of ['Cmd', 'User', 'Unknown'] as const)
          expect(made?.[key] ?? null).toEqual(emptyAs(made?.[key], (app as Members | null)?.[key]));
        const sorted = (list: unknown) => [...((list ?? []) as string[])].sort((a, b) => (a < b ? -1 : 1));
        expect(sorted(made?.['Env'])).toEqual(sorted(app?.Env));
      }),
    );
  });
});

/** As a document holds it: JSON has no -0. */
function asWritten(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Empty and absent are the same. */
function emptyAs(made: unknown, said: unknown): unknown {
  const isNothing =
    said === undefined ||
    said === null ||
    said === '' ||
    JSON.stringify(said) === '[]' ||
    JSON.stringify(said) === '{}';
  return isNothing ? (made ?? null) : said;
}

describe('hostile configs', () => {
  test.each<[string, string, RegExp]>([
    ['no JSON', '{', /config of the image .*not JSON/],
    ['a list', '[]', /config of the image .*not a JSON object/],
    ['variables as text', '{"config":{"Env":"A=1"}}', /config of the image .*config\.Env/],
    ['a number among words', '{"config":{"Cmd":[1]}}', /config of the image .*config\.Cmd\.0/],
    ['labels of numbers', '{"config":{"Labels":{"a":1}}}', /config of the image .*config\.Labels\.a/],
    ['ports as a list', '{"config":{"ExposedPorts":["80/tcp"]}}', /config of the image .*ExposedPorts/],
    ['a history of texts', '{"history":["x"]}', /config of the image .*history/],
    ['a diff-id that is none', '{"rootfs":{"diff_ids":["x"]}}', /config of the image .*diff_ids/],
    ['deep nesting', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, /config of the image .*deep/],
    ['too many bytes', `{"a":"${'x'.repeat(4 * 1024 * 1024)}"}`, /config of the image .*limit/],
  ])('are refused, saying whose and where: %s', (_name, text, message) => {
    const input = { app: Buffer.from(text), platform: arm64, view, layers: [] };
    expect(() => mergeConfig(input)).toThrow(DocumentError);
    expect(() => mergeConfig(input)).toThrow(message);
  });

  test('an unusable base is told from the image', () => {
    const app = bytesOf(document({}));
    const input = { app, oldBase: app, newBase: Buffer.from('1'), platform: arm64, view, layers: [] };
    expect(() => mergeConfig(input)).toThrow(/config of the new base/);
  });

  test('members called __proto__ stay members', () => {
    const text = JSON.stringify(document({ layers: [] })).replace(
      '"config":{}',
      '"config":{"__proto__":{"User":"x"}}',
    );
    const { bytes } = mergeConfig({ app: Buffer.from(text), platform: arm64, view, layers: [] });
    expect(Buffer.from(bytes).toString()).toContain('"__proto__":{"User":"x"}');
  });

  test('a megabyte of path elements is merged in no time', () => {
    const long = Array.from({ length: 200_000 }, (_, at) => `/${at % 7}`).join(':');
    const started = performance.now();
    envOf([`PATH=${long}`], [`PATH=/x:${long}`, `LIST=${'/'.repeat(500_000)}`], [`PATH=${long}`]);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
