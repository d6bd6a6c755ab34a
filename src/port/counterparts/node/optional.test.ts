import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { file, symlink } from '../../../fixture/index.ts';
import { gunzip } from '../../../layer/index.ts';
import { readTar, type TarMember } from '../../../tar/index.ts';
import type { Pulled } from '../../port.test-support.ts';
import { expectSound, type Layers, sharedPortWorld } from '../../shared-world.test-support.ts';
import {
  code,
  forMachine,
  installed,
  muslBase,
  nodeBase,
  startTestRegistry,
  type TestPackage,
  type TestRegistry,
} from './node.test-support.ts';

const world = sharedPortWorld();
let registry: TestRegistry;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.close());

const modules = 'app/node_modules';

async function ported(layers: Layers, files = nodeBase) {
  const environment = { npm_config_registry: registry.url };
  const result = await world.ported(layers, { files, config: { Cmd: ['/usr/bin/node'] } }, { environment });
  return { ...result, pulled: await expectSound(world, result) };
}

/** Published, with its files below node_modules. */
function pathsIn({ view }: Pulled, folder = modules): readonly string[] {
  return [...view.entries()]
    .filter(({ path, entry }) => path.startsWith(`${folder}/`) && entry.kind !== 'directory')
    .map(({ path }) => path.slice(folder.length + 1));
}

const builderParent: TestPackage = {
  name: 'builder',
  version: '0.25.0',
  manifest: {
    optionalDependencies: {
      '@builder/darwin-arm64': '0.25.0',
      '@builder/linux-arm': '0.25.0',
      '@builder/linux-arm64': '0.25.0',
      '@builder/linux-x64': '0.25.0',
    },
  },
};
const builder = (machine: 'amd64' | 'arm64') =>
  forMachine(`@builder/linux-${machine === 'amd64' ? 'x64' : 'arm64'}`, machine, {
    version: '0.25.0',
    files: { 'bin/builder': code(machine, 'builder', 'executable'), 'README.md': machine },
  });
/** Both are published. */
const machines = ['amd64', 'arm64'] as const;

describe('a package of optional ones for each platform (as esbuild)', () => {
  // Some registries and packages write one word where others write a list.
  const record = (one: Record<string, unknown>) => ({ ...one, libc: 'glibc', license: 'MIT' });
  beforeAll(() => registry.publish(builder('amd64'), { ...builder('arm64'), record }));

  const old = installed(`${modules}/@builder/linux-x64`, builder('amd64'));
  const layer = [
    ...installed(`${modules}/builder`, {
      ...builderParent,
      files: { 'bin/builder': code('amd64', 'builder', 'executable') },
    }),
    ...old.map((member) => ({ ...member, uid: 1000, gid: 1001, mtime: 1_700_000_000 })),
  ];

  test('gets the one that its registry has for the new platform, and the copy of its program too', async () => {
    const { result, pulled } = await ported([layer]);
    expect(result).toMatchObject({ outcome: 'published', refusals: [], audit: { verdict: 'right' } });
    if (pulled === undefined) throw new Error('nothing was published');
    expect(pathsIn(pulled)).toEqual([
      '@builder/linux-arm64/README.md',
      '@builder/linux-arm64/bin/builder',
      '@builder/linux-arm64/package.json',
      'builder/bin/builder',
      'builder/package.json',
    ]);
    const there = pulled.view.lookup(`${modules}/@builder/linux-arm64/bin/builder`)?.entry;
    expect(there).toMatchObject({ mode: 0o755, uid: 1000, gid: 1001, mtime: 1_700_000_000 });
    expect(pulled.view.lookup(`${modules}/builder/bin/builder`)?.entry).toMatchObject({
      sha256: there?.sha256,
      mode: 0o755,
    });
    expect(result.materials).toMatchObject([
      {
        ...{ origin: 'node', name: '@builder/linux-arm64', version: '0.25.0', architecture: 'arm64' },
        uri: `${registry.url}@builder/linux-arm64/-/linux-arm64-0.25.0.tgz`,
        purl: 'pkg:npm/%40builder/linux-arm64@0.25.0',
        notes: ['its hash is that of the registry', `asked of ${registry.url}, as npm_config_registry says`],
      },
    ]);
  });

  test('also where both are one file with two names, whichever comes first', async () => {
    const program = code('amd64', 'builder', 'executable');
    const [inOptional, inParent] = [
      `${modules}/@builder/linux-x64/bin/builder`,
      `${modules}/builder/bin/builder`,
    ];
    for (const [first, second] of [
      [inOptional, inParent],
      [inParent, inOptional],
    ] as const) {
      const names: readonly TarMember[] = [
        { name: first, mode: 0o755, body: program },
        { name: second, type: 'hardlink', linkName: first, mode: 0o755 },
      ];
      const rest = layer.filter(({ name }) => name !== first && name !== second);
      const { result, pulled } = await ported([[...rest, ...names]]);
      expect(result).toMatchObject({ outcome: 'published', refusals: [] });
      expect(pulled && pathsIn(pulled)).toHaveLength(5);
    }
  });

  test('also where a layer above changed its owner', async () => {
    const owned = layer.map((member) => ({ ...member, uid: 500 }));
    const { result, pulled } = await ported([layer, owned]);
    expect(result).toMatchObject({ outcome: 'published', refusals: [] });
    expect(pulled?.view.lookup(`${modules}/@builder/linux-x64`)).toBeUndefined();
    expect(pulled?.view.lookup(`${modules}/@builder/linux-arm64/bin/builder`)?.entry.uid).toBe(500);
  });

  test("npm's record of what is installed says so, in its own way of writing", async () => {
    const entry = {
      version: '0.25.0',
      integrity: 'sha512-old',
      cpu: ['x64'],
      license: 'ISC',
      optional: true,
      os: ['linux'],
    };
    const lock = (key: string) => ({
      name: 'app',
      lockfileVersion: 3,
      requires: true,
      packages: { [`node_modules/${key}`]: entry, 'node_modules/builder': { version: '0.25.0' } },
    });
    const text = `${JSON.stringify(lock('@builder/linux-x64'), null, '\t')}\n`;
    const { result, pulled, to } = await ported([[...layer, file(`${modules}/.package-lock.json`, text)]]);
    expect(result).toMatchObject({ outcome: 'published' });
    if (pulled === undefined) throw new Error('nothing was published');
    const written = lock('@builder/linux-arm64');
    const wanted = {
      ...written,
      packages: {
        ...written.packages,
        'node_modules/@builder/linux-arm64': {
          ...{ version: '0.25.0', integrity: expect.stringMatching(/^sha512-.{80}/), cpu: ['arm64'] },
          ...{ optional: true, os: ['linux'], libc: 'glibc', license: 'MIT' },
        },
      },
    };
    const now = await textOf(to, pulled, `${modules}/.package-lock.json`);
    expect(now).toMatch(/^\{\n\t"name"/);
    expect(now.endsWith('}\n')).toBe(true);
    expect(JSON.parse(now)).toEqual(wanted);
  });

  test("npm's record lies above the workspace that it speaks of, too", async () => {
    const key = (cpu: string) => `parts/web/node_modules/@builder/linux-${cpu}`;
    const lock = JSON.stringify({ packages: { [key('x64')]: { version: '0.25.0', cpu: ['x64'] } } });
    const { result, pulled, to } = await ported([
      [
        ...installed('app/parts/web/node_modules/builder', builderParent),
        ...installed(`app/${key('x64')}`, builder('amd64')),
        file(`${modules}/.package-lock.json`, lock),
      ],
    ]);
    expect(result).toMatchObject({ outcome: 'published', refusals: [] });
    if (pulled === undefined) throw new Error('nothing was published');
    const { packages } = JSON.parse(await textOf(to, pulled, `${modules}/.package-lock.json`)) as {
      packages: object;
    };
    expect(Object.keys(packages)).toEqual([key('arm64')]);
  });

  test('wherever it lies: below another package, and twice', async () => {
    const places = [`${modules}/tool/node_modules`, 'srv/other/node_modules'];
    const layers = places.map((place) => [
      ...installed(place.slice(0, place.lastIndexOf('/')), { name: 'tool' }),
      ...installed(`${place}/builder`, builderParent),
      ...installed(`${place}/@builder/linux-x64`, builder('amd64')),
    ]);
    const before = registry.requests.length;
    const { result, pulled } = await ported([layers.flat()]);
    expect(result).toMatchObject({ outcome: 'published', refusals: [] });
    for (const place of places)
      expect(pulled && pathsIn(pulled, place)).toContain('@builder/linux-arm64/bin/builder');
    expect(result.materials).toHaveLength(1);
    // Its tarball is in the cache from the tests before.
    expect(registry.requests.slice(before)).toEqual([
      '/@builder/linux-arm64/0.25.0',
      '/@builder/linux-x64/0.25.0',
    ]);
  });

  test('not by a package that finds another one', async () => {
    const inner = `${modules}/other/node_modules`;
    const { result } = await ported([
      [
        ...installed(`${modules}/builder`, builderParent),
        ...installed(`${modules}/@builder/linux-x64`, builder('amd64')),
        ...installed(`${inner}/@builder/linux-x64`, builder('amd64')),
      ],
    ]);
    expect(result).toMatchObject({
      outcome: 'refused',
      refusals: [{ path: `/${inner}/@builder/linux-x64/bin/builder` }],
    });
  });

  test('each in the version of the package that finds it', async () => {
    const at = (version: string, machine: 'amd64' | 'arm64') => ({ ...builder(machine), version });
    const parent = (version: string): TestPackage => {
      const names = Object.keys({ '@builder/linux-arm64': 1, '@builder/linux-x64': 1 });
      const optionalDependencies = Object.fromEntries(names.map((name) => [name, version]));
      return { name: 'builder', version, manifest: { optionalDependencies } };
    };
    await registry.publish(...machines.map((machine) => at('0.17.0', machine)));
    const inner = `${modules}/other/node_modules`;
    const { result, pulled } = await ported([
      [
        ...installed(`${modules}/builder`, parent('0.25.0')),
        ...installed(`${modules}/@builder/linux-x64`, builder('amd64')),
        ...installed(`${inner}/builder`, parent('0.17.0')),
        ...installed(`${inner}/@builder/linux-x64`, at('0.17.0', 'amd64')),
      ],
    ]);
    expect(result).toMatchObject({ outcome: 'published', refusals: [] });
    expect(result.materials.map(({ version }) => version)).toEqual(['0.25.0', '0.17.0']);
    expect(pulled && pathsIn(pulled, inner)).toContain('@builder/linux-arm64/bin/builder');
  });

  test('a command in .bin leads to the new one', async () => {
    const manifest = (cpu: string) => ({ os: ['linux'], cpu: [cpu], bin: { tool: './bin/tool' } });
    const own = (cpu: string, machine: 'amd64' | 'arm64'): TestPackage => ({
      name: `tool-linux-${cpu}`,
      manifest: manifest(cpu),
      files: { 'bin/tool': code(machine, 'tool', 'executable') },
    });
    await registry.publish(own('arm64', 'arm64'), own('x64', 'amd64'));
    const optionalDependencies = { 'tool-linux-x64': '1.0.0', 'tool-linux-arm64': '1.0.0' };
    const { result, pulled } = await ported([
      [
        ...installed(`${modules}/tool`, { name: 'tool', manifest: { optionalDependencies } }),
        ...installed(`${modules}/tool-linux-x64`, own('x64', 'amd64')),
        symlink(`${modules}/.bin/tool`, '../tool-linux-x64/bin/tool'),
      ],
    ]);
    expect(result).toMatchObject({ outcome: 'published', refusals: [] });
    expect(pulled?.view.lookup(`${modules}/.bin/tool`)?.entry.linkName).toBe('../tool-linux-arm64/bin/tool');
  });
});

describe('optional packages that need each other (as sharp)', () => {
  const sharp: TestPackage = {
    name: 'picture',
    manifest: {
      optionalDependencies: Object.fromEntries(
        ['linux-x64', 'linux-arm64', 'linuxmusl-x64', 'linuxmusl-arm64'].flatMap((platform) => [
          [`@pic/picture-${platform}`, '1.0.0'],
          [`@pic/picture-lib-${platform}`, '1.0.0'],
        ]),
      ),
    },
  };
  const parts = (platform: string, machine: 'amd64' | 'arm64', libc: string) => [
    forMachine(`@pic/picture-${platform}`, machine, {
      libc,
      manifest: { optionalDependencies: { [`@pic/picture-lib-${platform}`]: '1.0.0' } },
    }),
    forMachine(`@pic/picture-lib-${platform}`, machine, {
      libc,
      files: { 'lib/libpic.so.1': code(machine, libc) },
    }),
  ];
  const place = (one: TestPackage) => installed(`${modules}/${one.name}`, one);
  beforeAll(() =>
    registry.publish(
      ...parts('linux-x64', 'amd64', 'glibc'),
      ...parts('linux-arm64', 'arm64', 'glibc'),
      ...parts('linuxmusl-x64', 'amd64', 'musl'),
      ...parts('linuxmusl-arm64', 'arm64', 'musl'),
    ),
  );

  test('are both taken, from a registry of their own', async () => {
    const own = await startTestRegistry();
    await own.publish(...parts('linux-arm64', 'arm64', 'glibc'), ...parts('linux-x64', 'amd64', 'glibc'));
    const packages = [sharp, ...parts('linux-x64', 'amd64', 'glibc')].flatMap(place);
    const rc = file('app/.npmrc', `registry=${registry.url}\n@pic:registry = "${own.url}"\n`);
    const result = await world.ported([[...packages, rc]], { files: nodeBase }, { environment: {} });
    await expectSound(world, result);
    expect(result.result).toMatchObject({ outcome: 'published', refusals: [] });
    expect(result.result.materials.map(({ name }) => name)).toEqual([
      '@pic/picture-lib-linux-arm64',
      '@pic/picture-linux-arm64',
    ]);
    expect(result.result.materials[0]?.notes).toContain(`asked of ${own.url}, as /app/.npmrc says`);
    expect(own.requests).toHaveLength(8);
    await own.close();
  });

  test("are those for the image's C library; what is for the other goes", async () => {
    const both = [sharp, ...parts('linux-x64', 'amd64', 'glibc'), ...parts('linuxmusl-x64', 'amd64', 'musl')];
    for (const [base, kept] of [
      [nodeBase, 'linux-arm64'],
      [muslBase, 'linuxmusl-arm64'],
    ] as const) {
      const { result, pulled } = await ported([both.flatMap(place)], base);
      expect(result).toMatchObject({ outcome: 'published', refusals: [] });
      const folders = new Set(pulled && pathsIn(pulled, `${modules}/@pic`).map((path) => path.split('/')[0]));
      expect([...folders]).toEqual([`picture-${kept}`, `picture-lib-${kept}`].sort());
    }
  });

  test('also by names that say nothing of the platform: what the registry says of them decides', async () => {
    const named = (name: string, cpu: string, os = 'linux') => ({ name, manifest: { os: [os], cpu: [cpu] } });
    const old = {
      ...named('turbine-alpha', 'x64'),
      files: { 'bin/turbine': code('amd64', 't', 'executable') },
    };
    await registry.publish(
      old,
      { ...named('turbine-gamma', 'arm64'), files: { 'bin/turbine': code('arm64', 't', 'executable') } },
      named('turbine-beta', 'arm64', 'darwin'),
    );
    const optionalDependencies = {
      'turbine-alpha': '1.0.0',
      'turbine-beta': '1.0.0',
      'turbine-gamma': '1.0.0',
      gone: '1.0.0',
    };
    const { result } = await ported([
      [...place({ name: 'turbine', manifest: { optionalDependencies } }), ...place(old)],
    ]);
    expect(result).toMatchObject({ outcome: 'published', materials: [{ name: 'turbine-gamma' }] });
  });
});

describe("pnpm's layout", () => {
  const store = `${modules}/.pnpm`;
  const pair = (cpu: string, machine: 'amd64' | 'arm64') =>
    [
      forMachine(`@p/tool-${cpu}`, machine, {
        manifest: { optionalDependencies: { [`@p/lib-${cpu}`]: '2.0.0' } },
      }),
      forMachine(`@p/lib-${cpu}`, machine, { version: '2.0.0', files: { 'libp.so': code(machine, 'p') } }),
    ] as const;
  const optionalDependencies = {
    '@p/tool-x64': '1.0.0',
    '@p/tool-arm64': '1.0.0',
    '@p/lib-x64': '2.0.0',
    '@p/lib-arm64': '2.0.0',
  };

  test('is kept: folders and links are named for the new packages', async () => {
    await registry.publish(...pair('arm64', 'arm64'), ...pair('x64', 'amd64'));
    const [tool, lib] = pair('x64', 'amd64');
    const layer = [
      ...installed(`${store}/tool@1.0.0/node_modules/tool`, {
        name: 'tool',
        manifest: { optionalDependencies },
      }),
      symlink(`${modules}/tool`, '.pnpm/tool@1.0.0/node_modules/tool'),
      symlink(
        `${store}/tool@1.0.0/node_modules/@p/tool-x64`,
        '../../../@p+tool-x64@1.0.0/node_modules/@p/tool-x64',
      ),
      symlink(
        `${store}/tool@1.0.0/node_modules/@p/lib-x64`,
        '../../../@p+lib-x64@2.0.0/node_modules/@p/lib-x64',
      ),
      ...installed(`${store}/@p+tool-x64@1.0.0/node_modules/@p/tool-x64`, tool),
      symlink(
        `${store}/@p+tool-x64@1.0.0/node_modules/@p/lib-x64`,
        '../../../@p+lib-x64@2.0.0/node_modules/@p/lib-x64',
      ),
      ...installed(`${store}/@p+lib-x64@2.0.0/node_modules/@p/lib-x64`, lib),
      symlink(`${store}/node_modules/@p/lib-x64`, '../../@p+lib-x64@2.0.0/node_modules/@p/lib-x64'),
      file(`${modules}/.modules.yaml`, 'layoutVersion: 5\n'),
    ];
    const { result, pulled } = await ported([layer]);
    expect(result).toMatchObject({ outcome: 'published', refusals: [] });
    if (pulled === undefined) throw new Error('nothing was published');
    expect(pathsIn(pulled, store).filter((path) => path.includes('x64'))).toEqual([]);
    for (const from of ['tool@1.0.0/node_modules', '@p+tool-arm64@1.0.0/node_modules', 'node_modules']) {
      const found = pulled.view.resolve(`${store}/${from}/@p/lib-arm64/libp.so`);
      expect(found.found && found.entry.path).toBe(
        `${store}/@p+lib-arm64@2.0.0/node_modules/@p/lib-arm64/libp.so`,
      );
    }
    expect(result.notes.join('\n')).toContain('/app/node_modules/.modules.yaml is left as it is');
  });

  test('is refused where a folder is named otherwise', async () => {
    const [, lib] = pair('x64', 'amd64');
    const { result } = await ported([
      [
        ...installed(`${modules}/tool`, { name: 'tool', manifest: { optionalDependencies } }),
        symlink(`${modules}/@p/lib-x64`, '../.pnpm/f3a9/node_modules/@p/lib-x64'),
        ...installed(`${store}/f3a9/node_modules/@p/lib-x64`, lib),
      ],
    ]);
    expect(result).toMatchObject({ outcome: 'refused', refusals: [{ guess: 'node: @p/lib-x64 2.0.0' }] });
    expect(result.refusals[0]?.why).toContain('not named for its version');
  });
});

/** A file of the published image's last layer. */
async function textOf(to: string, { manifest }: Pulled, path: string): Promise<string> {
  const layer = manifest.layers.at(-1);
  const repository = world.repository(to.slice(to.indexOf('/') + 1, -':1'.length));
  if (layer === undefined) throw new Error('the image has no layers');
  for await (const entry of readTar(gunzip(repository.blob(layer)))) {
    if (entry.name !== path) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry.body) chunks.push(Uint8Array.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }
  throw new Error(`${path} is not in the layer`);
}
