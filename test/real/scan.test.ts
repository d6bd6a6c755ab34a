// Scans of Debian's docker-registry, with images that skopeo and buildah made of real Debian packages.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageResult, ScanResult } from '../../src/results/index.ts';
import {
  armload,
  exec,
  hasPrograms,
  type RunningProgram,
  startDockerRegistry,
  temporaryFolder,
  unpackDebianPackage,
} from '../support/real-parts.ts';

const here = await hasPrograms('docker-registry', 'skopeo', 'buildah', 'htpasswd', 'dpkg-deb');
const platforms = ['amd64', 'arm64'] as const;

describe.skipIf(!here)('a scan of docker-registry', () => {
  const folder = temporaryFolder();
  let open: RunningProgram;
  let closed: RunningProgram;

  beforeAll(async () => {
    open = await startDockerRegistry(join(folder.path));
    const htpasswd = join(folder.path, 'htpasswd');
    writeFileSync(htpasswd, await exec('htpasswd', '-Bbn', 'reader', 'pa:ss word'));
    closed = await startDockerRegistry(join(folder.path), htpasswd);
    await buildImages();
    await push('docker://%/app:oci', 'oci');
    await push('docker://%/app:docker', 'v2s2');
    await pushSingle('arm64', '%/only-arm64:1');
    await pushSingle('amd64', '%/only-amd64:1');
  }, 300_000);

  afterAll(async () => {
    await open?.stop();
    await closed?.stop();
    for (const architecture of platforms)
      await buildah('rmi', `localhost/armload-${architecture}`).catch(() => '');
    await buildah('manifest', 'rm', 'armload-list').catch(() => '');
    folder.remove();
  });

  function buildah(...args: string[]): Promise<string> {
    const store = [
      '--root',
      join(folder.path, 'store'),
      '--runroot',
      join(folder.path, 'run'),
      '--storage-driver',
      'vfs',
    ];
    return exec('buildah', ...store, ...args);
  }

  async function buildImages(): Promise<void> {
    await buildah('manifest', 'create', 'armload-list');
    for (const architecture of platforms) {
      const root = await unpackDebianPackage(folder.path, 'busybox-static', architecture);
      const container = (await buildah('from', '--arch', architecture, 'scratch')).trim();
      await buildah('copy', container, root, '/');
      await buildah('config', '--arch', architecture, '--entrypoint', '["/bin/busybox"]', container);
      await buildah('commit', '--quiet', container, `localhost/armload-${architecture}`);
      await buildah(
        'manifest',
        'add',
        '--arch',
        architecture,
        'armload-list',
        `localhost/armload-${architecture}`,
      );
    }
  }

  async function push(destination: string, format: 'oci' | 'v2s2'): Promise<void> {
    for (const [registry, credentials] of registries()) {
      const target = destination.replace('%', registry.host);
      await buildah(
        'manifest',
        'push',
        '--all',
        '--format',
        format,
        '--tls-verify=false',
        ...credentials('--creds'),
        'armload-list',
        target,
      );
    }
  }

  async function pushSingle(architecture: string, destination: string): Promise<void> {
    for (const [registry, credentials] of registries()) {
      const target = `docker://${destination.replace('%', registry.host)}`;
      await buildah(
        'push',
        '--tls-verify=false',
        ...credentials('--creds'),
        `localhost/armload-${architecture}`,
        target,
      );
    }
  }

  function registries(): readonly (readonly [RunningProgram, (option: string) => string[]])[] {
    return [
      [open, () => []],
      [closed, (option) => [option, 'reader:pa:ss word']],
    ];
  }

  async function scan(
    host: string,
    env: Record<string, string> = {},
  ): Promise<{ code: number; states: Record<string, string>; images: readonly ImageResult[] }> {
    const list = ['app:oci', 'app:docker', 'only-arm64:1', 'only-amd64:1', 'absent:1']
      .map((name) => `${host}/${name}`)
      .join('\n');
    const { code, stdout, stderr } = await armload(['scan', '-', '--format', 'json', '--no-cache'], {
      input: `${list}\n`,
      env,
    });
    expect(stdout, stderr).not.toBe('');
    const result = JSON.parse(stdout) as ScanResult;
    const states = result.images.map(({ reference, readiness }) => [
      reference.slice(host.length + 1),
      readiness.reason ?? readiness.state,
    ]);
    return { code, states: Object.fromEntries(states), images: result.images };
  }

  const truth = {
    'app:oci': 'ready',
    'app:docker': 'ready',
    'only-arm64:1': 'ready',
    'only-amd64:1': 'missing',
    'absent:1': 'not-found',
  };

  test('gives the right verdicts of images in both formats', async () => {
    const { code, states, images } = await scan(open.host);
    expect(states).toEqual(truth);
    expect(code).toBe(1);
    expect(images.find(({ reference }) => reference.endsWith('app:docker'))?.platforms).toEqual([
      'linux/amd64',
      'linux/arm64',
    ]);
  });

  test('says unauthorized where a password is needed and none is there', async () => {
    const { code, states } = await scan(closed.host);
    expect(new Set(Object.values(states))).toEqual(new Set(['unauthorized']));
    expect(code).toBe(2);
  });

  test("uses Docker's credentials", async () => {
    const config = join(folder.path, 'docker');
    mkdirSync(config, { recursive: true });
    const auth = Buffer.from('reader:pa:ss word').toString('base64');
    writeFileSync(join(config, 'config.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
    expect((await scan(closed.host, { DOCKER_CONFIG: config })).states).toEqual(truth);
  });

  test('pinned to the amd64 child proposes the index, which skopeo confirms', async () => {
    const raw = await exec(
      'skopeo',
      'inspect',
      '--raw',
      '--tls-verify=false',
      `docker://${open.host}/app:oci`,
    );
    const index = JSON.parse(raw) as { manifests: { digest: string; platform: { architecture: string } }[] };
    const child = index.manifests.find(({ platform }) => platform.architecture === 'amd64');
    const { code, stdout } = await armload([
      'scan',
      `${open.host}/app:oci@${child?.digest}`,
      '--format',
      'json',
      '--no-cache',
    ]);
    const [image] = (JSON.parse(stdout) as ScanResult).images;
    expect(image?.readiness.state).toBe('pinned');
    expect(code).toBe(1);
    // skopeo 1.9 refuses a tag and a digest together.
    const proposed = image?.remedies[0]?.reference?.replace(':oci@', '@') ?? '';
    expect(await exec('skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${proposed}`)).toBe(raw);
  });
});
