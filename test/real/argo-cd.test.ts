// Both ways to an arm64 image of Argo CD, with stand-ins that have upstream's names: from source with git, make and a
// Docker engine, and put together from releases; each to an index in a registry whose arm64 entry is right, and runs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/index.ts';
import { run } from '../../src/cli/build-start.ts';
import { type NamedSource, publish } from '../../src/publish/index.ts';
import type { BuildResult, PortResult } from '../../src/results/index.ts';
import {
  argoRepository,
  argoVersion,
  buildPrograms,
  imageLayer,
  type ReleaseServer,
  smallRoot,
  startReleases,
} from '../support/argo-cd.ts';
import { isEmulated } from '../support/debian-root.ts';
import { canStartDockerEngine, type DockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { fakeIo } from '../support/fake-io.ts';
import { LayoutWriter, type WrittenLayer } from '../support/layout-writer.ts';
import {
  hasPrograms,
  type RunningProgram,
  startDockerRegistry,
  temporaryFolder,
} from '../support/real-parts.ts';

const parts = ['go', 'git', 'make', 'tar', 'apt-get', 'dpkg-deb', 'docker-registry'];
const canRun = (await hasPrograms(...parts)) && (await canStartDockerEngine());
if (canRun && !isEmulated() && process.env['CI']) throw new Error('needs binfmt_misc with qemu-aarch64');
const here = canRun && isEmulated();
const timeout = 600_000;

const folder = temporaryFolder();
const within = (name: string) => join(folder.path, name);
const environment = { cacheDirectory: within('cache'), environment: {} };
let programs = '';
let registry: RunningProgram;
let engine: DockerEngine;
let releases: ReleaseServer;

beforeAll(async () => {
  if (!here) return;
  programs = await buildPrograms(within('programs'));
  registry = await startDockerRegistry(within('registry'));
  engine = await startDockerEngine(within('docker'));
  releases = await startReleases(within('releases'), programs);
}, timeout);
afterAll(async () => {
  await releases?.stop();
  await engine?.stop();
  await registry?.stop();
  folder.remove();
}, timeout);

/** `armload build`, with its JSON. */
async function build<Result>(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const io = fakeIo({
    cwd: folder.path,
    environment: { HOME: folder.path, PATH: process.env['PATH'] ?? '', ...variables },
  });
  const code = await run([...args, '--cache-dir', within('cache'), '--format', 'json', '--quiet'], io);
  const result = JSON.parse(io.stdout.text) as Result;
  return { code, result };
}

async function arm64Of(reference: string) {
  const platform = { os: 'linux', architecture: 'arm64' };
  const { images } = await audit({ references: [reference], platform, ...environment });
  return images[0];
}

/** What argocd of the published image says, on the engine. */
async function versionOf(reference: string): Promise<string> {
  const how = ['--platform', 'linux/arm64'];
  await engine.docker('pull', '--quiet', ...how, reference);
  return engine.docker('run', '--rm', ...how, reference, 'argocd', 'version', '--client');
}

describe.skipIf(!here)('Argo CD for arm64', () => {
  let writer: LayoutWriter;
  let amd64: WrittenLayer;
  let base = '';
  beforeAll(async () => {
    writer = new LayoutWriter(within('layout'));
    const packages = within('packages');
    mkdirSync(packages);
    const images: NamedSource[] = [];
    for (const architecture of ['arm64', 'amd64'] as const) {
      const root = await smallRoot(packages, architecture);
      amd64 = await writer.addLayer(root, { createdBy: `ADD ${architecture}.tar /` });
      const reference = writer.addImage(architecture, { architecture, layers: [amd64] });
      images.push({ reference, platform: { os: 'linux', architecture } });
    }
    base = `${registry.host}/library/ubuntu:21.10`;
    await publish({ destination: base, sources: images, ...environment });
  }, timeout);

  test(
    'is built from source, by the recipe as it is, and published',
    async () => {
      const repository = within('argo-cd');
      mkdirSync(repository);
      await argoRepository(repository, programs);
      const gitconfig = within('gitconfig');
      const address = 'https://github.com/argoproj/argo-cd.git';
      writeFileSync(gitconfig, `[url "${pathToFileURL(repository).href}"]\n\tinsteadOf = ${address}\n`);
      // What FROM names is what this engine has.
      await engine.docker('pull', '--quiet', '--platform', 'linux/arm64', base);
      for (const name of ['ubuntu:21.10', 'golang:1.16.11', 'node:12.18.4'])
        await engine.docker('tag', base, `docker.io/library/${name}`);

      const args = [`argo-cd@${argoVersion}`, '--way', 'argo-cd-source', '--to', `${registry.host}/source`];
      const variables = { ...engine.environment, GIT_CONFIG_GLOBAL: gitconfig };
      const { code, result } = await build<BuildResult>([...args, '--runs', within('runs')], variables);
      expect([result.failure, code]).toEqual([undefined, 0]);
      expect(result.state).toBe('done');
      expect(result.checks.map(({ state }) => state)).toEqual(['passed', 'passed', 'passed']);
      expect(result.sources).toMatchObject([{ from: address, state: 'done' }]);
      const published = `${registry.host}/source/argocd:v${argoVersion}`;
      expect(result.images).toMatchObject([{ platform: 'linux/arm64', publish: [{ reference: published }] }]);
      expect(await arm64Of(published)).toMatchObject({ verdict: 'right' });
      expect(await versionOf(published)).toContain(`argocd: v${argoVersion}`);
    },
    timeout,
  );

  test(
    'is put together from releases, beside the amd64 image, and published',
    async () => {
      const own = await writer.addLayer(imageLayer(within('layer'), programs), { createdBy: 'COPY dist' });
      const upstream = writer.addImage('upstream', {
        architecture: 'amd64',
        layers: [amd64, own],
        config: { Cmd: ['argocd-server'], Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] },
      });
      const image = `${registry.host}/argoproj/argocd`;
      await publish({
        destination: `${image}:v${argoVersion}`,
        sources: [{ reference: upstream }],
        ...environment,
      });

      const parameters = {
        image,
        base,
        argocd: `${releases.origin}/argocd-linux-arm64`,
        'argocd-sha256': releases.sha256('/argocd-linux-arm64'),
        'helm-address': releases.origin,
        'helm-sha256': releases.sha256('/helm-v3.7.1-linux-arm64.tar.gz'),
        'helm2-sha256': releases.sha256('/helm-v2.17.0-linux-arm64.tar.gz'),
        'kustomize-address': releases.origin,
        'kustomize-sha256': releases.sha256('/kustomize/v4.2.0/kustomize_v4.2.0_linux_arm64.tar.gz'),
      };
      const { code, result } = await build<PortResult>([
        ...[`argo-cd@${argoVersion}`, '--way', 'argo-cd-assemble', '--to', `${registry.host}/assembled`],
        ...Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]),
      ]);
      expect([result.refusals, code]).toEqual([[], 0]);
      const published = `${registry.host}/assembled/argocd:v${argoVersion}`;
      expect(result).toMatchObject({
        outcome: 'published',
        destination: published,
        audit: { verdict: 'right' },
      });
      expect(result.publish?.images.map(({ platform }) => platform).sort()).toEqual([
        'linux/amd64',
        'linux/arm64',
      ]);
      expect(await arm64Of(published)).toMatchObject({ verdict: 'right', manifest: result.image?.digest });
      expect(await versionOf(published)).toContain(`argocd: v${argoVersion}`);
    },
    timeout,
  );
});
