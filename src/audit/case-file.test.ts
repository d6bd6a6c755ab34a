import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Built,
  buildImage,
  buildIndex,
  directory,
  executable,
  type Format,
  file,
  type ImageSpec,
  type Machine,
  platformOf,
  push,
  userland,
  writeElf,
} from '../fixture/index.ts';
import {
  createRegistryClient,
  type RegistryClient,
  type RunningRegistry,
  startRegistry,
} from '../registry/index.ts';
import { auditResultSchema, type Finding, type ImageAudit } from '../results/index.ts';
import { type AuditOptions, audit } from './index.ts';

let folder = '';
let registry: RunningRegistry;
let client: RegistryClient;
const requests: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-case-file-'));
  registry = await startRegistry({
    directory: folder,
    onRequest: ({ method, path }) => requests.push(`${method} ${path}`),
  });
  client = createRegistryClient();
});
afterAll(async () => {
  await client.close();
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

let pushed = 0;
async function auditOf(
  built: Built | Promise<Built>,
  options: Partial<AuditOptions> = {},
): Promise<readonly ImageAudit[]> {
  pushed += 1;
  const repository = `case/${pushed}`;
  await push(client.repository({ registry: registry.host, repository }), built, { tag: 'v1' });
  const reference = `${registry.host}/${repository}:v1`;
  const result = await audit({ references: [reference], noCache: true, environment: {}, ...options });
  expect(auditResultSchema.parse(result)).toEqual(result);
  return result.images;
}

async function only(built: Built | Promise<Built>, options: Partial<AuditOptions> = {}): Promise<ImageAudit> {
  const images = await auditOf(built, options);
  expect(images).toHaveLength(1);
  return images[0] as ImageAudit;
}

function serious({ findings }: ImageAudit): readonly Finding[] {
  return findings.filter(({ severity }) => severity !== 'note');
}

function program(machine: Machine) {
  return writeElf({ machine, interpreter: true, needed: ['libc.so.6'] });
}

interface Made {
  /** What the documents say. */
  readonly label: string;
  readonly base: Machine;
  readonly app: Machine;
  readonly format: Format;
  readonly spec?: Partial<ImageSpec>;
}

function image({ label, base, app, format, spec = {} }: Made) {
  return buildImage({
    platform: platformOf(label),
    format,
    layers: [userland(base), [directory('app/'), executable('app/server', program(app))]],
    config: { Entrypoint: ['/app/server'] },
    history: ['ADD rootfs.tar / # buildkit', 'COPY /out/server /app/server # buildkit'],
    ...spec,
  });
}

async function indexOf(made: Omit<Made, 'label'>, format: Format, amd64: Partial<Made> = {}): Promise<Built> {
  const sibling = await image({ label: 'linux/amd64', base: 'amd64', app: 'amd64', format, ...amd64 });
  return buildIndex([sibling, await image({ label: 'linux/arm64', ...made })], { format });
}

describe.each(['oci', 'docker'] as const)('in %s form', (format) => {
  test('an honest image is right, and nothing is said against it', async () => {
    const audited = await only(indexOf({ base: 'arm64', app: 'arm64', format }, format));
    expect(audited).toMatchObject({ verdict: 'right', platform: 'linux/arm64', findings: [], causes: [] });
    expect(audited.label).toMatchObject({
      index: 'linux/arm64',
      config: 'linux/arm64',
      bytes: 'linux/arm64',
    });
    expect(audited.entries).toMatchObject([{ role: 'entrypoint', chain: ['/app/server'], ok: true }]);
    expect(audited.platforms).toEqual(['linux/amd64', 'linux/arm64']);
  });

  test('class A: an amd64 program on an arm64 base is mislabelled, with path, layer and history', async () => {
    const audited = await only(indexOf({ base: 'arm64', app: 'amd64', format }, format));
    expect(audited.verdict).toBe('mislabelled');
    const finding = serious(audited).find(({ kind }) => kind === 'foreign-code');
    expect(finding).toMatchObject({
      severity: 'error',
      verdict: 'reachable',
      role: 'entrypoint',
      path: '/app/server',
      layer: { index: 1, history: 'COPY /out/server /app/server # buildkit' },
    });
    expect(finding?.found).toContain('amd64');
    expect(finding?.expected).toContain('arm64');
    expect(audited.causes.length).toBeGreaterThan(0);
  });

  test('class B: an amd64 userland is mislabelled, though the main program is right', async () => {
    const main = writeElf({ machine: 'arm64' });
    const audited = await only(
      indexOf(
        {
          base: 'amd64',
          app: 'arm64',
          format,
          spec: { layers: [userland('amd64'), [executable('app/server', main)]] },
        },
        format,
      ),
    );
    expect(audited.verdict).toBe('mislabelled');
    expect(serious(audited)).toContainEqual(
      expect.objectContaining({ kind: 'foreign-code', verdict: 'reachable', path: '/usr/bin/dash' }),
    );
    expect(serious(audited).some(({ path, kind }) => path === '/app/server' && kind === 'foreign-code')).toBe(
      false,
    );
    expect(audited.causes.join('\n')).toMatch(/base/);
  });

  test('class B: the same amd64 layers in both entries are mislabelled, and the cause is named', async () => {
    const audited = await only(indexOf({ base: 'amd64', app: 'amd64', format }, format));
    expect(audited.verdict).toBe('mislabelled');
    expect(audited.causes[0]).toMatch(/linux\/amd64/);
  });

  test('class C: one x86 helper on the PATH of an arm64 image is mixed, with its layer', async () => {
    const helper = executable('usr/local/bin/helper', writeElf({ machine: 'amd64' }));
    const audited = await only(
      indexOf(
        {
          base: 'arm64',
          app: 'arm64',
          format,
          spec: {
            layers: [userland('arm64'), [executable('app/server', program('arm64'))], [helper]],
            history: [
              'ADD rootfs.tar /',
              'COPY server /app/server',
              'RUN curl -o /usr/local/bin/helper https://example.com/helper-linux-amd64',
            ],
          },
        },
        format,
      ),
    );
    expect(audited.verdict).toBe('mixed');
    expect(serious(audited)).toMatchObject([
      {
        kind: 'foreign-code',
        severity: 'error',
        verdict: 'reachable',
        role: 'path-program',
        path: '/usr/local/bin/helper',
        layer: { index: 2 },
      },
    ]);
    expect(audited.causes.join('\n')).toMatch(/amd64/);
  });

  test('class E: a config left at amd64 over arm64 bytes is wrong metadata with right content', async () => {
    const right = await image({ label: 'linux/amd64', base: 'arm64', app: 'arm64', format });
    const amd64 = await image({ label: 'linux/amd64', base: 'amd64', app: 'amd64', format });
    const audited = await only(
      buildIndex([amd64, { of: right, platform: platformOf('linux/arm64') }], { format }),
    );
    expect(audited.verdict).toBe('metadata-wrong');
    expect(audited.label).toMatchObject({
      index: 'linux/arm64',
      config: 'linux/amd64',
      bytes: 'linux/arm64',
    });
  });

  test('class E without an index: a config that says amd64 over arm64 bytes is wrong metadata', async () => {
    const audited = await only(image({ label: 'linux/amd64', base: 'arm64', app: 'arm64', format }));
    expect(audited).toMatchObject({ verdict: 'metadata-wrong', platform: 'linux/arm64' });
  });

  test('class F: an amd64 entry that holds arm64 is found when all platforms are asked for', async () => {
    const built = indexOf({ base: 'arm64', app: 'arm64', format }, format, { base: 'arm64', app: 'arm64' });
    const audited = await auditOf(built, { allPlatforms: true });
    expect(audited.map(({ platform, verdict }) => [platform, verdict])).toEqual([
      ['linux/amd64', 'mislabelled'],
      ['linux/arm64', 'right'],
    ]);
  });

  test('class G: an archive named for arm64 that holds amd64 programs is found inside', async () => {
    const { default: zlib } = await import('node:zlib');
    const { writeTar } = await import('../tar/index.ts');
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeTar([executable('tool', writeElf({ machine: 'amd64' }))]))
      chunks.push(chunk);
    const archive = file('opt/tool-linux-arm64.tar.gz', zlib.gzipSync(Buffer.concat(chunks)));
    const audited = await only(
      indexOf(
        {
          base: 'arm64',
          app: 'arm64',
          format,
          spec: { layers: [userland('arm64'), [executable('app/server', program('arm64'))], [archive]] },
        },
        format,
      ),
    );
    expect(audited.verdict).toBe('mixed');
    expect(serious(audited)).toMatchObject([
      { kind: 'misnamed-archive', path: '/opt/tool-linux-arm64.tar.gz!/tool', layer: { index: 2 } },
    ]);
  });

  test('class H: what a host pulled for another platform is missing, however right its bytes are', async () => {
    const audited = await only(image({ label: 'linux/amd64', base: 'amd64', app: 'amd64', format }));
    expect(audited).toMatchObject({ verdict: 'missing', platform: 'linux/amd64' });
    expect(audited.why).toContain('linux/arm64');
  });
});

test('an index without the platform is missing it, and no layer is read', async () => {
  requests.length = 0;
  const made = { base: 'amd64', app: 'amd64', format: 'oci' } as const;
  const audited = await only(image({ label: 'linux/amd64', ...made }).then((one) => buildIndex([one])));
  expect(audited).toMatchObject({ verdict: 'missing', platforms: ['linux/amd64'] });
  expect(requests.filter((request) => request.startsWith('GET') && request.includes('/blobs/'))).toEqual([]);
});

test('each layer is fetched once', async () => {
  requests.length = 0;
  const audited = await only(image({ label: 'linux/arm64', base: 'arm64', app: 'arm64', format: 'oci' }));
  expect(audited.verdict).toBe('right');
  const blobs = requests.filter((request) => request.startsWith('GET') && request.includes('/blobs/'));
  expect(blobs).toHaveLength(3);
  expect(new Set(blobs).size).toBe(3);
});

test('a second audit with a cache fetches no layer', async () => {
  const repository = client.repository({ registry: registry.host, repository: 'case/warm' });
  await push(repository, image({ label: 'linux/arm64', base: 'arm64', app: 'amd64', format: 'oci' }), {
    tag: 'v1',
  });
  const cacheDirectory = join(folder, 'cache');
  const options = { references: [`${registry.host}/case/warm:v1`], environment: {}, cacheDirectory };
  const cold = await audit(options);
  requests.length = 0;
  const warm = await audit(options);
  expect(warm).toEqual(cold);
  expect(requests.filter((request) => request.includes('/blobs/'))).toEqual([]);
});

test('more bytes than allowed are unknown, with the reason', async () => {
  const audited = await only(image({ label: 'linux/arm64', base: 'arm64', app: 'arm64', format: 'oci' }), {
    maxBytes: 10,
  });
  expect(audited).toMatchObject({ verdict: 'unknown', reason: 'too-large' });
});

test('a tag that is not there is unknown, not wrong', async () => {
  const result = await audit({
    references: [`${registry.host}/case/none:v1`],
    noCache: true,
    environment: {},
  });
  expect(result.images).toMatchObject([{ verdict: 'unknown', reason: 'not-found' }]);
});

test('a reference that can not be one is a mistake, told before anything is asked', async () => {
  requests.length = 0;
  await expect(
    audit({
      references: [`${registry.host}/case/none:v1`, 'Not A Reference'],
      noCache: true,
      environment: {},
    }),
  ).rejects.toMatchObject({ code: 'REFERENCE_INVALID' });
  expect(requests).toEqual([]);
});
