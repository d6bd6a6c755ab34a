// What armload writes, skopeo reads, and the other way round: registry, oci:, oci-archive:, docker-archive:.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attestedMultiArch, type Built, dockerMultiArch, push, singleArch } from '../../src/fixture/index.ts';
import {
  createOciArchive,
  createRegistryClient,
  openLayout,
  startRegistry,
} from '../../src/registry/index.ts';
import type { ScanResult } from '../../src/results/index.ts';
import {
  armload,
  exec,
  hasPrograms,
  type RunningProgram,
  startDockerRegistry,
  temporaryFolder,
} from '../support/real-parts.ts';

const here = await hasPrograms('docker-registry', 'skopeo');

describe.skipIf(!here)('skopeo reads what armload pushed', () => {
  const folder = temporaryFolder();
  let registry: RunningProgram;
  let oci: Built;
  let docker: Built;

  beforeAll(async () => {
    registry = await startDockerRegistry(folder.path);
    oci = await attestedMultiArch('amd64', 'arm64');
    docker = await dockerMultiArch('amd64', 'arm64');
  });
  afterAll(async () => {
    await registry?.stop();
    folder.remove();
  });

  /** Copies all platforms to a folder of blobs; gives the digest of the list that was copied. */
  async function copyOut(source: string, name: string): Promise<string> {
    const target = join(folder.path, name);
    await exec('skopeo', 'copy', '--all', '--src-tls-verify=false', source, `dir:${target}`);
    return exec('sh', '-c', `sha256sum < ${target}/manifest.json`);
  }

  test('to docker-registry, as an OCI index and as a Docker list', async () => {
    const client = createRegistryClient();
    for (const [tag, image] of [
      ['oci', oci],
      ['docker', docker],
    ] as const) {
      await push(client.repository({ registry: registry.host, repository: 'pushed' }), image, { tag });
      expect(await copyOut(`docker://${registry.host}/pushed:${tag}`, `registry-${tag}`)).toContain(
        hexOf(image),
      );
    }
    await client.close();
  });

  test('to an oci: folder', async () => {
    const layout = join(folder.path, 'layout');
    await push(await openLayout(layout, { create: true }), oci, { tag: 'v1' });
    expect(await copyOut(`oci:${layout}:v1`, 'from-layout')).toContain(hexOf(oci));
  });

  test('to an oci-archive: file', async () => {
    const file = join(folder.path, 'archive.tar');
    const archive = await createOciArchive(file);
    await push(archive, oci, { tag: 'v1' });
    await archive.finish();
    expect(await copyOut(`oci-archive:${file}:v1`, 'from-archive')).toContain(hexOf(oci));
  });

  test('to the embedded registry', async () => {
    const embedded = await startRegistry({ directory: join(folder.path, 'embedded') });
    const client = createRegistryClient();
    await push(client.repository({ registry: embedded.host, repository: 'app' }), docker, { tag: 'v1' });
    expect(await copyOut(`docker://${embedded.host}/app:v1`, 'from-embedded')).toContain(hexOf(docker));
    await client.close();
    await embedded.close();
  });
});

describe.skipIf(!here)('armload scans what skopeo wrote', () => {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);

  beforeAll(async () => {
    await push(await openLayout(at('source'), { create: true }), attestedMultiArch('amd64', 'arm64'), {
      tag: 'both',
    });
    await push(await openLayout(at('source'), { create: true }), singleArch('amd64'), { tag: 'amd64' });
    await exec('skopeo', 'copy', '--all', `oci:${at('source')}:both`, `oci:${at('layout')}:both`);
    await exec('skopeo', 'copy', `oci:${at('source')}:amd64`, `oci:${at('layout')}:amd64`);
    await exec('skopeo', 'copy', '--all', `oci:${at('source')}:both`, `oci-archive:${at('both.tar')}`);
    await exec('skopeo', 'copy', `oci:${at('source')}:amd64`, `docker-archive:${at('amd64.tar')}:app:1`);
    // An archive is often compressed afterwards.
    await promisify(execFile)('sh', ['-c', `gzip -k ${at('amd64.tar')}`]);
  });
  afterAll(() => folder.remove());

  test.each([
    ['oci:layout:both', 'ready'],
    ['oci:layout:amd64', 'missing'],
    ['oci-archive:both.tar', 'ready'],
    ['docker-archive:amd64.tar', 'missing'],
    ['docker-archive:amd64.tar:app:1', 'missing'],
    ['docker-archive:amd64.tar.gz', 'missing'],
    ['oci:layout:absent', 'unknown'],
    ['oci-archive:absent.tar', 'unknown'],
  ])('%s is %s', async (location, state) => {
    const { stdout, stderr } = await armload(['scan', location, '--format', 'json', '--no-cache'], {
      cwd: folder.path,
    });
    expect(stdout, stderr).not.toBe('');
    expect((JSON.parse(stdout) as ScanResult).images.map(({ readiness }) => readiness.state)).toEqual([
      state,
    ]);
    expect(existsSync(at('both.tar'))).toBe(true);
  });
});

function hexOf(image: Built): string {
  return image.manifest.descriptor.digest.replace('sha256:', '');
}
