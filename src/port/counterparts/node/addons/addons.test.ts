import { describe, expect, test } from 'vitest';
import { file, type Machine } from '../../../../fixture/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import { expectSound, sharedPortWorld } from '../../../shared-world.test-support.ts';
import { nodeOrigin } from '../index.ts';
import {
  code,
  imageOf,
  installed,
  muslBase,
  nodeBase,
  type TestPackage,
  workplace,
} from '../node.test-support.ts';

const world = sharedPortWorld();
const folder = 'app/node_modules/native';

async function planOf(one: TestPackage, base: (machine: Machine) => readonly TarMember[] = nodeBase) {
  const { context, remove } = workplace();
  try {
    return await nodeOrigin({}, { environment: {} }).plan(
      await imageOf([installed(folder, one)], base),
      context,
    );
  } finally {
    remove();
  }
}

const x64 = code('amd64', 'x');
const arm64 = code('arm64', 'x');
const native = (files: TestPackage['files'], manifest: object = {}): TestPackage => ({
  ...{ name: 'native', version: '1.2.3', files: files ?? {} },
  manifest: { dependencies: { 'node-gyp-build': '^4.0.0' }, ...manifest },
});

describe('a package that brings builds for several platforms (prebuildify)', () => {
  const prebuilds = { 'prebuilds/linux-x64/native.node': x64, 'prebuilds/linux-arm64/native.node': arm64 };

  test('is kept: the loader picks one', async () => {
    expect(await planOf(native(prebuilds))).toMatchObject({ refusals: [], added: [], paths: new Map() });
    const ported = await world.ported([installed(folder, native(prebuilds))], { files: nodeBase });
    await expectSound(world, ported);
    expect(ported.result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' } });
  });

  test('loses a build of its own that the loader would take before them', async () => {
    const files = {
      ...prebuilds,
      'build/Release/native.node': x64,
      'build/Release/obj.target/a.o': x64,
      'build/Makefile': '',
    };
    const { paths, refusals } = await planOf(native(files));
    expect(refusals).toEqual([]);
    expect([...paths].map(([path, { action }]) => `${action} ${path.slice(folder.length + 1)}`)).toEqual([
      'drop build/Release/native.node',
      'drop build/Release/obj.target/a.o',
    ]);
    const ported = await world.ported([installed(folder, native(files))], { files: nodeBase });
    const pulled = await expectSound(world, ported);
    expect(ported.result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' } });
    expect(pulled?.view.lookup(`${folder}/build/Release/native.node`)).toBeUndefined();
  });

  test('keeps it where another loader looks for it, and is refused then', async () => {
    const files = { ...prebuilds, 'build/Release/native.node': x64 };
    const { paths, refusals } = await planOf(
      native({ ...files, 'binding.gyp': '{}' }, { dependencies: { bindings: '1' } }),
    );
    expect(paths.size).toBe(0);
    expect(refusals).toMatchObject([{ path: `${folder}/build/Release/native.node`, kind: 'no-counterpart' }]);
  });

  test.each<readonly [string, Readonly<Record<string, Uint8Array>>, boolean]>([
    [
      'for several machines in one folder',
      { 'prebuilds/linux-arm64+arm/native.napi.armv8.node': arm64 },
      true,
    ],
    ['for the other C library', { 'prebuilds/linux-arm64/native.musl.node': arm64 }, false],
    [
      'for both, by name',
      { 'prebuilds/linux-arm64/n.musl.node': x64, 'prebuilds/linux-arm64/n.glibc.node': arm64 },
      true,
    ],
    ["for this Node's ABI", { 'prebuilds/linux-arm64/n.abi115.node': arm64 }, true],
    ["for another Node's ABI", { 'prebuilds/linux-arm64/n.abi108.node': arm64 }, false],
    ['for Electron', { 'prebuilds/linux-arm64/electron.napi.node': arm64 }, false],
    ["that is another machine's after all", { 'prebuilds/linux-arm64/node.napi.node': x64 }, false],
    ['for another system', { 'prebuilds/darwin-arm64/node.napi.node': arm64 }, false],
  ])('takes one %s as node-gyp-build does', async (_, files, isTaken) => {
    const own = { 'build/Release/native.node': x64, 'binding.gyp': '{}' };
    const { paths, refusals } = await planOf(native({ ...files, ...own } as TestPackage['files']));
    expect(paths.has(`${folder}/build/Release/native.node`)).toBe(isTaken);
    expect(refusals.some(({ path }) => path === `${folder}/build/Release/native.node`)).toBe(!isTaken);
  });

  test('is refused where it brings none for the new platform, with what it has', async () => {
    const one = native({ 'prebuilds/linux-x64/native.node': x64, 'prebuilds/win32-x64/native.node': 'MZ' });
    const { refusals } = await planOf(one);
    expect(refusals).toMatchObject([
      { path: `${folder}/prebuilds/linux-x64/native.node`, guess: 'node: native 1.2.3' },
    ]);
    expect(refusals[0]?.why).toBe(
      'native 1.2.3 brings no build for linux-arm64: it has linux-x64, win32-x64',
    );
    const ported = await world.ported([installed(folder, one)], { files: nodeBase });
    await expectSound(world, ported);
    expect(ported.result.refusals).toHaveLength(1);
  });
});

describe('a package whose binary was downloaded when it was installed is refused, with what to take', () => {
  const path = `${folder}/build/Release/native.node`;
  const built = { 'build/Release/native.node': x64, 'binding.gyp': '{}' };
  const lift = async (manifest: object, base = nodeBase) => {
    const { refusals, paths } = await planOf(native(built, { dependencies: {}, ...manifest }), base);
    expect(paths.size).toBe(0);
    expect(refusals).toMatchObject([{ path, kind: 'no-counterpart', waivable: true }]);
    expect(refusals[0]?.undetermined).toBeUndefined();
    return refusals[0]?.lift ?? '';
  };
  const github = { repository: { url: 'git+https://github.com/acme/native.git' } };
  const install = (script: string) => ({ scripts: { install: script } });

  test("prebuild-install: by the repository's releases, with Node's ABI and the C library", async () => {
    const url =
      'https://github.com/acme/native/releases/download/v1.2.3/native-v1.2.3-node-v115-linux-arm64.tar.gz';
    const said = await lift({ ...github, ...install('prebuild-install || node-gyp rebuild') });
    expect(said).toBe(
      `For the new platform it's ${url}: look at it, and name it with --replace /${path}=${url}#sha256:HEX!/build/Release/native.node, or waive it with a reason: --waive /${path}=REASON.`,
    );
    const musl = await lift({ ...github, ...install('prebuild-install') }, muslBase);
    expect(musl).toContain('native-v1.2.3-node-v{abi}-linuxmusl-arm64.tar.gz, with the ABI of the image');
    const napi = await lift({
      ...{ ...github, ...install('prebuild-install --runtime napi --tag-prefix release-') },
      binary: { napi_versions: [3, 6] },
    });
    expect(napi).toContain('/releases/download/release-1.2.3/native-v1.2.3-napi-v6-linux-arm64.tar.gz');
  });

  test('prebuild-install: by what the package sets for it, and with a file that is named for its platform', async () => {
    const files = { 'build/Release/picture-linux-x64.node': x64 };
    const config = { runtime: 'napi', target: 7, libvips: '8.14.5' };
    const one = native(files, {
      ...github,
      ...install('(node libvips && prebuild-install) || node-gyp'),
      config,
    });
    const { refusals } = await planOf(one);
    expect(refusals[0]?.lift).toContain(
      'a replacement keeps the name: build the image for the new platform, where it takes https://github.com/acme/native/releases/download/v1.2.3/native-v1.2.3-napi-v7-linux-arm64.tar.gz, or waive',
    );
  });

  test('prebuild-install: by a host of its own', async () => {
    const binary = {
      host: 'https://files.example/',
      remote_path: './native/{version}/',
      package_name: '{name}-{arch}.tgz',
    };
    const said = await lift({ dependencies: { 'prebuild-install': '^7.0.0' }, binary });
    expect(said).toContain(
      'https://files.example/native/1.2.3/native-arm64.tgz#sha256:HEX!/build/Release/native.node',
    );
  });

  test('node-pre-gyp', async () => {
    const binary = {
      ...{ module_name: 'native', module_path: './build/Release/', host: 'https://files.example' },
      remote_path: './{name}/v{version}/',
    };
    expect(await lift({ binary })).toContain(
      'https://files.example/native/v1.2.3/native-v1.2.3-node-v115-linux-arm64.tar.gz#sha256:HEX!/Release/native.node',
    );
  });

  test.each([
    ['no host', install('prebuild-install')],
    ['a host without TLS', { ...install('prebuild-install'), binary: { host: 'http://files.example' } }],
    [
      'a repository elsewhere',
      { ...install('prebuild-install'), repository: 'https://git.example/acme/native' },
    ],
  ])('with %s, no address is made up', async (_, manifest) => {
    expect(await lift(manifest)).toMatch(
      /^Take the file for the new platform from where the package is released/,
    );
  });

  test('node-gyp: it was compiled, and is to be compiled', async () => {
    const said = await lift({ gypfile: true });
    expect(said).toContain(`npm rebuild native`);
    expect(said).toContain(`--replace /${path}=FILE`);
  });
});

test('what is no add-on is left to the audit', async () => {
  const files = { 'vendor/linux-x64/tool': x64, 'vendor/linux-arm64/tool': arm64, 'deep/thing.node': x64 };
  expect(await planOf({ name: 'native', files })).toMatchObject({ refusals: [], paths: new Map() });
  const image = await imageOf([
    [file('app/node_modules/broken/package.json', '{'), file('app/node_modules/broken/x.node', x64)],
  ]);
  const { context, remove } = workplace();
  expect(await nodeOrigin({}, { environment: {} }).plan(image, context)).toMatchObject({
    refusals: [],
    paths: new Map(),
  });
  remove();
});
