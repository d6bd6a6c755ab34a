// What armload publishes is what skopeo, buildah and docker-registry take it for; what they made is published by digest.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  attestedMultiArch,
  type Built,
  buildArtifact,
  buildImage,
  file,
  multiArch,
  platformOf,
  push,
  singleArch,
} from '../../src/fixture/index.ts';
import { digestOf, type Index, parseManifest } from '../../src/oci/index.ts';
import { publish } from '../../src/publish/index.ts';
import {
  createRegistryClient,
  openLayout,
  type RegistryClient,
  type WritableRepository,
} from '../../src/registry/index.ts';
import type { PublishResult } from '../../src/results/index.ts';
import { commandFile } from '../support/command.ts';
import {
  armload,
  exec,
  hasPrograms,
  type RunningProgram,
  startDockerRegistry,
  temporaryFolder,
} from '../support/real-parts.ts';

const here = await hasPrograms('docker-registry', 'skopeo', 'buildah');
const digestOfBuilt = (built: Built) => built.manifest.descriptor.digest;

describe.skipIf(!here)('with docker-registry', () => {
  const folder = temporaryFolder();
  let client: RegistryClient;
  let registry: RunningProgram;
  let other: RunningProgram;
  beforeAll(async () => {
    client = createRegistryClient();
    registry = await startDockerRegistry(join(folder.path, 'one'));
    other = await startDockerRegistry(join(folder.path, 'two'));
  });
  afterAll(async () => {
    await client?.close();
    await registry?.stop();
    await other?.stop();
    folder.remove();
  });

  const at = ({ host }: RunningProgram, path: string): WritableRepository =>
    client.repository({ registry: host, repository: path });
  const joined = (destination: string, sources: readonly string[]): Promise<PublishResult> =>
    publish({
      destination,
      sources: sources.map((reference) => ({ reference })),
      cwd: folder.path,
      environment: {},
      noCache: true,
    });
  const raw = async (reference: string) =>
    Buffer.from(await exec('skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${reference}`));

  test('skopeo sees the index with the digests of both images, and copies all of it', async () => {
    const upstream = await attestedMultiArch('amd64');
    const port = await singleArch('arm64');
    await push(at(registry, 'upstream'), upstream, { tag: '1' });
    await push(at(other, 'port'), port, { tag: '1' });
    const destination = `${registry.host}/team/app:1`;
    const result = await joined(destination, [`${registry.host}/upstream:1`, `${other.host}/port:1`]);
    expect(result.totals.mounted.blobs).toBeGreaterThan(0);
    const bytes = await raw(destination);
    expect(digestOf(bytes)).toBe(result.index.digest);
    const { manifests } = parseManifest(bytes) as Index;
    expect(manifests.map(({ digest }) => digest)).toEqual([
      digestOfBuilt(upstream.children[0]!),
      digestOfBuilt(port),
      digestOfBuilt(upstream.children[1]!),
    ]);
    const copy = `dir:${join(folder.path, 'copy')}`;
    await exec('skopeo', 'copy', '--all', '--src-tls-verify=false', `docker://${destination}`, copy);
    expect(await exec('sh', '-c', `sha256sum < ${folder.path}/copy/manifest.json`)).toContain(
      result.index.digest.slice(7),
    );
  });

  test('each platform gets its own image from skopeo and buildah: upstream as it was, and the port', async () => {
    const [amd, arm] = [await singleArch('amd64'), await singleArch('arm64')];
    await push(at(registry, 'amd'), amd, { tag: '1' });
    await push(at(registry, 'arm'), arm, { tag: '1' });
    const destination = `${registry.host}/team/both:1`;
    await joined(destination, [`${registry.host}/amd:1`, `${registry.host}/arm:1`]);
    const places = ['--root', join(folder.path, 'root'), '--runroot', join(folder.path, 'run')];
    for (const [architecture, image] of [
      ['amd64', amd],
      ['arm64', arm],
    ] as const) {
      const seen = await exec(
        ...(['skopeo', 'inspect', '--config', '--tls-verify=false', '--override-arch'] as const),
        architecture,
        `docker://${destination}`,
      );
      expect(JSON.parse(seen)).toMatchObject({ architecture });
      const buildah = (...words: readonly string[]) =>
        exec('buildah', ...places, '--storage-driver', 'vfs', ...words);
      const platform = ['--platform', `linux/${architecture}`];
      const id = (await buildah('pull', '--quiet', '--tls-verify=false', ...platform, destination)).trim();
      expect(id).toBe(image.config.descriptor.digest.slice(7));
    }
  });

  test('what skopeo wrote is published with its digests: an oci: folder, an archive, a docker-archive', async () => {
    const layout = join(folder.path, 'layout');
    await push(await openLayout(layout, { create: true }), multiArch('amd64', 's390x'), { tag: 'two' });
    await push(await openLayout(layout), singleArch('arm64'), { tag: 'arm' });
    await push(await openLayout(layout), singleArch('386'), { tag: '386' });
    const archive = `oci-archive:${folder.path}/two.tar`;
    await exec('skopeo', 'copy', '--all', `oci:${layout}:two`, archive);
    await exec('skopeo', 'copy', `oci:${layout}:arm`, `oci:${folder.path}/arm:1`);
    await exec('skopeo', 'copy', `oci:${layout}:386`, `docker-archive:${folder.path}/x86.tar:app:1`);
    const destination = `${registry.host}/team/archives:1`;
    const result = await joined(destination, [archive, 'oci:arm:1', 'docker-archive:x86.tar']);
    expect(result.images.map(({ platform }) => platform)).toEqual([
      'linux/amd64',
      'linux/s390x',
      'linux/arm64',
      'linux/386',
    ]);
    // skopeo turns Docker's manifests into OCI's on the way into an archive, so these are left out.
    const oci = await joined(`${registry.host}/team/archives:oci`, [archive, 'oci:arm:1']);
    const all = `oci-archive:${folder.path}/all.tar`;
    await exec(
      ...(['skopeo', 'copy', '--all', '--src-tls-verify=false'] as const),
      `docker://${oci.destination}`,
      all,
    );
    expect(await joined('oci:again:1', [all])).toMatchObject({ index: { digest: oci.index.digest } });
  });

  test('a registry without the referrers API gets the list that other clients look for', async () => {
    const image = await singleArch('arm64');
    const source = await openLayout(join(folder.path, 'signed'), { create: true });
    await push(source, image, { tag: '1' });
    const sbom = buildArtifact({ artifactType: 'application/sbom', subject: image.manifest.descriptor });
    await push(source, sbom);
    await joined(`${registry.host}/team/signed:1`, ['oci:signed:1']);
    const tag = digestOfBuilt(image).replace(':', '-');
    const { manifests } = parseManifest(await raw(`${registry.host}/team/signed:${tag}`)) as Index;
    expect(manifests).toMatchObject([{ digest: digestOfBuilt(sbom), artifactType: 'application/sbom' }]);
  });

  test('killed at 20 moments, the tag is old or new and can be pulled whole; the next run finishes', async () => {
    const repository = at(registry, 'killed');
    const old = await push(repository, multiArch('amd64'), { tag: '1' });
    const layers = Array.from({ length: 6 }, (_, number) => [file(`data-${number}`, randomBytes(4_000_000))]);
    const source = await openLayout(join(folder.path, 'large'), { create: true });
    await push(source, buildImage({ platform: platformOf('arm64'), layers }), { tag: '1' });
    const destination = `${registry.host}/killed:1`;
    const args = ['publish', '--no-cache', '--no-audit', destination, `oci:${folder.path}/large:1`];
    const whole = await measured(args.map((word) => word.replace('killed:1', 'whole:1')));
    const seen = new Set<string>();
    for (let moment = 1; moment <= 20; moment += 1) {
      await killedAfter(args, (whole.milliseconds * moment) / 18);
      const bytes = await raw(destination);
      seen.add(digestOf(bytes));
      const copy = `dir:${join(folder.path, `killed-${moment}`)}`;
      await exec('skopeo', 'copy', '--all', '--src-tls-verify=false', `docker://${destination}`, copy);
    }
    const end = await armload([...args, '--format', 'json']);
    expect(end.code, end.stderr).toBe(0);
    const { index } = JSON.parse(end.stdout) as PublishResult;
    expect([old, index.digest]).toEqual(expect.arrayContaining([...seen]));
    expect(seen).toContain(old);
    expect((await repository.resolve('1'))?.digest).toBe(index.digest);
  });
});

async function measured(args: readonly string[]): Promise<{ milliseconds: number }> {
  const before = performance.now();
  expect((await armload(args)).code).toBe(0);
  return { milliseconds: performance.now() - before };
}

async function killedAfter(args: readonly string[], milliseconds: number): Promise<void> {
  const child = spawn(process.execPath, [commandFile, ...args], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await Promise.race([delay(milliseconds), ended]);
  child.kill('SIGKILL');
  await ended;
}
