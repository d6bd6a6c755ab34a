import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit } from '../audit/index.ts';
import { directory, executable, push, symlink } from '../fixture/index.ts';
import {
  goProgram,
  type RunningServer,
  serve,
  sha256,
  tarOf,
} from '../port/counterparts/release/release.test-support.ts';
import { appOn } from '../port/port.test-support.ts';
import { sharedPortWorld } from '../port/shared-world.test-support.ts';
import type { PortResult } from '../results/index.ts';
import type { TarMember } from '../tar/index.ts';
import { type BuildByPortOptions, buildByPort, type FoundPortRecipe, findBuild } from './index.ts';

const world = sharedPortWorld();
const recipes = fileURLToPath(new URL('../../catalog/recipes/', import.meta.url));
const arm64 = { os: 'linux', architecture: 'arm64' } as const;

/** What upstream's image and its release have, one for each machine. */
const program = (name: string, machine: 'amd64' | 'arm64') =>
  Buffer.from(goProgram({ module: `example.org/${name}`, version: '(devel)', machine }));
const releases = new Map<string, Uint8Array>();
let server: RunningServer;
let base = '';
let host = '';

beforeAll(async () => {
  releases.set('/argocd-linux-arm64', program('argocd', 'arm64'));
  releases.set('/argocd-linux-amd64', program('argocd', 'amd64'));
  const helm = async (name: string) =>
    gzipSync(await tarOf(executable('linux-arm64/helm', program(name, 'arm64'))));
  releases.set('/helm-v3.7.1-linux-arm64.tar.gz', await helm('helm'));
  releases.set('/helm-v2.17.0-linux-arm64.tar.gz', await helm('helm2'));
  releases.set(
    '/kustomize/v4.2.0/kustomize_v4.2.0_linux_arm64.tar.gz',
    gzipSync(await tarOf(executable('kustomize', program('kustomize', 'arm64')))),
  );
  server = await serve((request, response) => {
    const bytes = releases.get(request.url ?? '');
    response.statusCode = bytes === undefined ? 404 : 200;
    response.end(bytes);
  });
  base = await world.base();
  const repository = world.repository('argoproj/argocd');
  await push(repository, await upstreamImage(), { tag: 'v2.2.5' });
  const ks = executable('usr/local/bin/ks', program('ks', 'amd64'));
  await push(repository, await upstreamImage(ks), { tag: 'v2.1.0' });
  host = base.split('/')[0] ?? '';
});
afterAll(() => server.close());

function upstreamImage(...more: readonly TarMember[]) {
  const programs = ['argocd', 'helm', 'helm2', 'kustomize'].map((name) =>
    executable(`usr/local/bin/${name}`, program(name, 'amd64')),
  );
  return appOn(
    [
      [
        directory('usr/local/'),
        directory('usr/local/bin/'),
        ...programs,
        executable('usr/local/bin/argocd-darwin-amd64', machO()),
        ...['server', 'repo-server'].map((name) =>
          symlink(`usr/local/bin/argocd-${name}`, '/usr/local/bin/argocd'),
        ),
        ...more,
      ],
    ],
    { config: { Cmd: ['argocd-server'] } },
  );
}

/** A program for another system is not run in a container. */
function machO(): Buffer {
  const bytes = Buffer.alloc(64);
  for (const [at, value] of [
    [0, 0xfeedfacf],
    [4, 0x01000007],
    [12, 2],
  ] as const)
    bytes.writeUInt32LE(value, at);
  return bytes;
}

const shipped = (): Promise<FoundPortRecipe> =>
  found(readFileSync(join(recipes, 'argo-cd-assemble.yaml'), 'utf8'));

async function found(text: string): Promise<FoundPortRecipe> {
  writeFileSync(join(world.directory, 'recipe.yaml'), text);
  const catalog = () => Promise.reject(new Error('a file was named'));
  const one = await findBuild('recipe.yaml', { cwd: world.directory, catalog });
  if (one.kind !== 'port') throw new Error('that is no port recipe');
  return one;
}

const known = (path: string) => sha256(releases.get(path) ?? Buffer.alloc(0));
const parameters = (changes: Readonly<Record<string, string>> = {}) => ({
  image: `${host}/argoproj/argocd`,
  base,
  argocd: `${server.origin}/argocd-linux-arm64`,
  'argocd-sha256': known('/argocd-linux-arm64'),
  'helm-address': server.origin,
  'helm-sha256': known('/helm-v3.7.1-linux-arm64.tar.gz'),
  'helm2-sha256': known('/helm-v2.17.0-linux-arm64.tar.gz'),
  'kustomize-address': server.origin,
  'kustomize-sha256': known('/kustomize/v4.2.0/kustomize_v4.2.0_linux_arm64.tar.gz'),
  ...changes,
});

let count = 0;
/** The host, with a folder for each test. */
const prefix = () => `${host}/team${count++}`;

async function assembled(
  changes: Readonly<Record<string, string>> = {},
  options: Partial<BuildByPortOptions> = {},
): Promise<PortResult> {
  return buildByPort(await shipped(), {
    parameters: parameters(changes),
    platform: arm64,
    to: prefix(),
    access: { cwd: world.directory, environment: {}, cacheDirectory: join(world.directory, 'cache') },
    ...options,
  });
}

describe('a port recipe', () => {
  test('puts the image together from releases, and publishes it beside the amd64 one', async () => {
    const result = await assembled();
    expect(result.refusals).toEqual([]);
    expect(result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' } });
    const to = result.destination ?? '';
    expect(to).toMatch(/\/team\d+\/argocd:v2\.2\.5$/);
    const { images } = await audit({ references: [to], platform: arm64, environment: {}, noCache: true });
    expect(images).toMatchObject([{ verdict: 'right', manifest: result.image?.digest }]);
    const replaced = result.account.filter(({ outcome }) => outcome === 'replaced').map(({ path }) => path);
    expect(replaced.filter((path) => path.startsWith('usr/local/'))).toEqual([
      'usr/local/bin/argocd',
      'usr/local/bin/helm',
      'usr/local/bin/helm2',
      'usr/local/bin/kustomize',
    ]);
    const platforms = result.publish?.images.map(({ platform }) => platform).sort();
    expect(platforms).toEqual(['linux/amd64', 'linux/arm64']);
  });

  test('writes nothing in a dry run, which needs no destination', async () => {
    const result = await assembled({}, { dryRun: true, to: undefined });
    expect(result).toMatchObject({ outcome: 'planned', audit: { verdict: 'right' } });
  });

  test('is told when there is nowhere to go', async () => {
    await expect(assembled({}, { to: undefined })).rejects.toThrow(/has to go somewhere/);
  });

  test('refuses what has another checksum, and what is for another machine', async () => {
    const other = await assembled({ 'helm-sha256': 'f'.repeat(64) });
    expect(other).toMatchObject({ outcome: 'refused' });
    expect(other.refusals[0]).toMatchObject({ path: '/usr/local/bin/helm', kind: 'counterpart' });
    expect(other.refusals[0]?.why).toContain('has the SHA-256');
    const wrong = await assembled({
      argocd: `${server.origin}/argocd-linux-amd64`,
      'argocd-sha256': known('/argocd-linux-amd64'),
    });
    expect(wrong).toMatchObject({ outcome: 'refused' });
    expect(wrong.refusals[0]).toMatchObject({ path: '/usr/local/bin/argocd', kind: 'counterpart' });
    expect(wrong.refusals[0]?.why).toContain('machine code for linux/amd64');
  });

  test('carries over what a waiver says, which the audit goes on saying, or what is named for it', async () => {
    const old = {
      version: '2.1.0',
      helm: '3.7.1',
      kustomize: '4.2.0',
    };
    const waived = await assembled(old);
    expect(waived).toMatchObject({
      outcome: 'published',
      audit: { verdict: 'mixed' },
      waivers: [{ path: '/usr/local/bin/ks' }],
    });
    writeFileSync(join(world.directory, 'ks-arm64'), program('ks', 'arm64'));
    const named = await assembled({ ...old, ks: './ks-arm64' });
    expect(named).toMatchObject({ outcome: 'published', audit: { verdict: 'right' } });
  });

  test('takes a program of this machine', async () => {
    writeFileSync(join(world.directory, 'argocd-arm64'), program('argocd', 'arm64'));
    const result = await assembled({ argocd: './argocd-arm64', 'argocd-sha256': '' }, { dryRun: true });
    expect(result).toMatchObject({ outcome: 'planned', refusals: [] });
  });

  test('keeps what was seen of the product', async () => {
    const observations = join(world.directory, 'observations');
    const result = await assembled({}, { observations });
    const [line = ''] = readFileSync(join(observations, 'argo-cd.jsonl'), 'utf8').split('\n');
    expect(JSON.parse(line)).toMatchObject({
      reference: result.destination,
      platform: 'linux/arm64',
      digest: result.image?.digest,
      method: 'build',
      recipe: 'argo-cd-assemble',
      result: 'multi-arch',
    });
  });
});
