import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { assetsResultSchema } from '../results/index.ts';
import { withReleaseAssets } from './port-go.ts';
import { portSettings } from './port-settings.ts';
import { run } from './run.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-assets-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const hex = 'ab'.repeat(32);
const tool = ['example.com/tool@v1.2.3', `linux/arm64=https://releases.example/tool.tgz#sha256:${hex}!/tool`];

function environment() {
  return { XDG_STATE_HOME: join(folder, 'state') };
}

async function assets(...args: readonly string[]) {
  const io = fakeIo({ cwd: folder, environment: environment() });
  const code = await run(['catalog', 'assets', ...args], io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

async function resultOf(...args: readonly string[]) {
  const { stdout } = await assets(...args, '--format', 'json');
  return assetsResultSchema.parse(JSON.parse(stdout));
}

describe('armload catalog assets', () => {
  test('records an asset once, for ports to read, until it is removed', async () => {
    const added = await resultOf('add', ...tool);
    expect(added).toMatchObject({
      file: join(folder, 'state', 'armload', 'release-assets.json'),
      added: 1,
      assets: [
        {
          ...{ module: 'example.com/tool', version: 'v1.2.3', platform: 'linux/arm64', sha256: hex },
          from: 'https://releases.example/tool.tgz!/tool',
        },
      ],
    });
    const text = await readFile(added.file, 'utf8');
    expect((await resultOf('add', ...tool)).added).toBe(0);
    expect(await readFile(added.file, 'utf8')).toBe(text);
    expect(await readdir(join(folder, 'state', 'armload'))).toEqual(['release-assets.json']);

    const { port } = await portSettings(
      { flags: { cache: true, attach: true, to: 'registry.example/app:1' }, operands: ['acme/app:1'] },
      { directory: folder, values: {} },
      { cwd: folder, environment: environment() },
    );
    expect(port.go).toEqual({ assets: added.assets });
    expect((await stat(added.file)).mode & 0o777).toBe(0o600);
    expect(await withReleaseAssets({ program: 'go' }, environment())).toEqual({
      program: 'go',
      assets: added.assets,
    });
    expect(await withReleaseAssets({ enabled: false }, environment())).toEqual({ enabled: false });

    expect((await assets('list')).stdout).toContain('example.com/tool@v1.2.3');
    expect((await assets('list', '--format', 'markdown')).stdout).toContain('Release assets');
    expect((await resultOf('remove', 'example.com/tool')).removed).toBe(1);
    expect(await assets('remove', 'example.com/tool')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('no record'),
    });
    expect(await withReleaseAssets(undefined, environment())).toBeUndefined();
  });

  test('records files by whole paths, packages, and modules of any version, in a table of another name', async () => {
    const place = `linux/aarch64=./tool.zip#${hex}!/bin/tool`;
    const result = await resultOf(
      'add',
      'x.example/m',
      place,
      '--package',
      'x.example/m/a',
      '--file',
      't.json',
    );
    expect(result.file).toBe(join(folder, 't.json'));
    expect(result.assets).toEqual([
      {
        ...{ module: 'x.example/m', package: 'x.example/m/a', platform: 'linux/arm64', sha256: hex },
        ...{ from: `${join(folder, 'tool.zip')}!/bin/tool`, added: expect.any(String) },
      },
    ]);
  });

  test('removes one version or platform of several', async () => {
    await assets('add', ...tool);
    await assets('add', 'example.com/tool@v1.2.4', tool[1] ?? '');
    await assets('add', 'example.com/tool@v1.2.4', `linux/arm/v7=https://releases.example/v7#${hex}`);
    expect((await resultOf('remove', 'example.com/tool@v1.2.4', 'linux/arm64')).assets).toMatchObject([
      { version: 'v1.2.3' },
      { version: 'v1.2.4', platform: 'linux/arm/v7' },
    ]);
    expect((await resultOf('remove', 'example.com/tool@v1.2.3')).removed).toBe(1);
  });

  test('shows no password', async () => {
    const { stdout } = await assets('add', 'x.example/m', `linux/arm64=https://me:secret@x.example/t#${hex}`);
    expect(stdout).toContain('x.example/t');
    expect(stdout).not.toContain('secret');
  });

  test.each([
    ['no action', [], 'needs one of'],
    ['another action', ['ad', 'x'], 'has no "ad"'],
    ['no module', ['add'], 'needs a module'],
    ['no asset', ['add', 'x.example/m'], 'needs an asset'],
    ['no platform', ['add', 'x.example/m', `https://x.example/t#${hex}`], 'for which platform'],
    ['an address without hash', ['add', 'x.example/m', 'linux/arm64=https://x.example/t'], 'no SHA-256'],
    ['a file without hash', ['add', 'x.example/m', 'linux/arm64=./t'], 'no SHA-256'],
    ['an unsafe address', ['add', 'x.example/m', `linux/arm64=http://x.example/t#${hex}`], 'no https'],
    ['no module of Go', ['add', 'a@b@c', `linux/arm64=./t#${hex}`], 'no module'],
    ['a word too many', ['add', ...tool, 'x'], 'too many'],
    ['modules to list', ['list', 'x'], 'takes no modules'],
    ['what is no platform', ['remove', 'x', 'a/b/c/d/e'], 'no platform'],
    ['a package to remove', ['remove', 'x', '--package', 'y'], 'takes no --package'],
  ])('wrong usage, %s', async (_name, args, said) => {
    const end = await assets(...args);
    expect([end.code, end.stdout]).toEqual([3, '']);
    expect(end.stderr).toContain(said);
  });
});

describe('a table', () => {
  const asset = { module: 'm', platform: 'linux/arm64', from: 'https://x.example/t', sha256: hex };
  const tableOf = (...all: readonly object[]) => JSON.stringify({ schemaVersion: 1, assets: all });

  test.each([
    ['that is not JSON', 'x', 'not JSON'],
    ['of another version', '{"schemaVersion":2,"assets":[]}', 'schemaVersion'],
    ['with an unknown member', tableOf({ ...asset, more: 1 }), 'more'],
    ['with no checksum', tableOf(asset, { ...asset, sha256: 'x' }), 'assets.1.sha256: is no SHA-256'],
    ['with no platform', tableOf({ ...asset, platform: 'a/b/c/d/e' }), 'assets.0.platform: is no platform'],
    ['with an unsafe address', tableOf({ ...asset, from: 'http://x.example/t' }), 'assets.0.from'],
    ['with two checksums', tableOf({ ...asset, from: `t#${'c'.repeat(64)}` }), 'assets.0.from'],
    ['with a member that leaves', tableOf({ ...asset, from: 't.tgz!/../x' }), 'assets.0.from'],
    ['with spaces in a module', tableOf({ ...asset, module: 'a b' }), 'assets.0.module'],
  ])('%s is told with the place, to ports too', async (_what, text, said) => {
    await mkdir(join(folder, 'state', 'armload'), { recursive: true });
    const file = join(folder, 'state', 'armload', 'release-assets.json');
    await writeFile(file, text);
    for (const args of [['list'], ['add', ...tool], ['remove', 'm']]) {
      const end = await assets(...args);
      expect([end.code, end.stdout]).toEqual([3, '']);
      expect(end.stderr).toContain(said);
    }
    await expect(withReleaseAssets(undefined, environment())).rejects.toThrow(said);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('that is a folder, or can not be written, is told', async () => {
    await mkdir(join(folder, 'dir'));
    expect((await assets('list', '--file', 'dir')).stderr).toContain('not a file');
    await writeFile(join(folder, 'plain'), '');
    const end = await assets('add', ...tool, '--file', 'plain/t.json');
    expect(end.code).toBe(3);
  });
});
