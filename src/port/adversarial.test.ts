import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { staticLibraryOf, tarOf, zipOf } from '../audit/foreign/artifacts.test-support.ts';
import {
  type Built,
  type BuiltImage,
  buildIndex,
  type Content,
  contentOf,
  directory,
  executable,
  file,
  type Machine,
  symlink,
  whiteout,
  writeElf,
} from '../fixture/index.ts';
import type { PortResult } from '../results/index.ts';
import {
  amd,
  arm,
  hardlink,
  ofBase,
  opaque,
  plainBase,
  rawZstd,
  richBase,
  x86,
  x86Library,
} from './adversarial.test-support.ts';
import type { PortOptions } from './options.ts';
import { appOn } from './port.test-support.ts';
import { type AppSpec, expectSound, type Layers, sharedPortWorld } from './shared-world.test-support.ts';

const world = sharedPortWorld();

/** Ports an image of these layers over the rich base, checks what must hold of each, and gives what was published. */
async function published(layers: Layers, spec: AppSpec = {}, options: Partial<PortOptions> = {}) {
  const ported = await world.ported(layers, { files: richBase, ...spec }, options);
  const pulled = await expectSound(world, ported);
  if (pulled === undefined) throw new Error(`refused: ${JSON.stringify(ported.result.refusals)}`);
  return { ...pulled, result: ported.result, record: recordIn(ported.result) };
}

async function refused(
  layers: Layers,
  spec: AppSpec = {},
  options: Partial<PortOptions> = {},
): Promise<PortResult> {
  const ported = await world.ported(layers, { files: richBase, ...spec }, options);
  expect(await expectSound(world, ported)).toBeUndefined();
  return ported.result;
}

const recordIn = (result: PortResult) => (path: string) =>
  result.account.find((record) => record.path === path);
const pathsOf = ({ refusals }: PortResult) => refusals.map(({ path = '' }) => path).sort();

describe('what was deleted stays deleted', () => {
  test('under the name that it has on the new architecture', async () => {
    const { view, record } = await published([
      [whiteout(`${amd}/libsecret.so.1`)],
      [directory(`${amd}/plug`), opaque(`${amd}/plug`), file(`${amd}/plug/list`, 'none\n')],
      [whiteout('lib/x86_64-linux-gnu/libz.so.1')],
    ]);
    const names = [...view.entries()].map(({ path }) => path);
    expect(names.filter((path) => /libsecret|libz|\/[ab]\.so$/.test(path))).toEqual([]);
    expect(names.filter((path) => path.endsWith('plug/list'))).toHaveLength(1);
    expect(record(`${amd}/.wh.libsecret.so.1`)).toMatchObject({
      outcome: 'mapped',
      to: `${arm}/libsecret.so.1`,
    });
  });

  test('also where a layer between had put something of its own there', async () => {
    const { view } = await published([
      [file(`${amd}/plug/list`, 'own\n'), file(`${amd}/libsecret.so.1`, 'a text instead')],
      [opaque(`${amd}/plug`), whiteout(`${amd}/libsecret.so.1`)],
    ]);
    const names = [...view.entries()].map(({ path }) => path);
    expect(names.filter((path) => /libsecret|plug\/./.test(path))).toEqual([]);
  });

  test('or the port is refused, where the new base has nothing of that name', async () => {
    const result = await refused([[whiteout(`${amd}/libonly.so.1`)]]);
    expect(result.refusals).toMatchObject([{ kind: 'assembly', path: `/${amd}/libonly.so.1` }]);
  });
});

describe('what takes the place of a file in the folder of the architecture', () => {
  test.each([
    ['with a package database', richBase],
    ['without', plainBase],
  ])('takes the place of its counterpart, %s', async (_, files) => {
    const own = '#!/bin/sh\nexec env own\n';
    const { view, record } = await published(
      [[executable(`${amd}/tools/start`, own), symlink(`${amd}/plug/a.so`, 'b.so')]],
      { files },
    );
    expect(view.lookup(`${arm}/tools/start`)?.layer).toBe(1);
    expect(view.lookup(`${arm}/plug/a.so`)?.entry).toMatchObject({ kind: 'symlink', linkName: 'b.so' });
    expect(record(`${amd}/tools/start`)).toMatchObject({ outcome: 'mapped', to: `${arm}/tools/start` });
  });

  test('is not lost behind it, if it is machine code: the new base has another library of that name', async () => {
    expect(pathsOf(await refused([[file(`${amd}/libz.so.1`, x86Library)]], { files: plainBase }))).toEqual([
      `/${amd}/libz.so.1`,
    ]);
    expect(pathsOf(await refused([[file(`${amd}/libz.so.1`, x86Library)]]))).toEqual([`/${amd}/libz.so.1`]);
  });
});

describe('directories over links of the base', () => {
  const layers = [
    [directory('lib'), file('lib/own.conf', 'o'), directory('lib64'), file('lib64/own64', 'o')],
    [directory('bin'), executable('bin/own', '#!/bin/sh\n')],
  ];

  test('do not take the loader away: what is in them goes behind the links', async () => {
    const { view, record } = await published(layers, {}, { only: true });
    for (const path of ['lib', 'lib64', 'bin']) expect(view.lookup(path)?.entry.kind).toBe('symlink');
    expect(view.resolve('lib/ld-linux-aarch64.so.1').found).toBe(true);
    expect(record('bin/own')).toMatchObject({ outcome: 'mapped', to: 'usr/bin/own' });
  });

  test('keep the source from being published beside the port: some engines take its loader away', async () => {
    const { outcome, publish } = await refused(layers);
    expect([outcome, publish?.outcome]).toEqual(['refused', 'refused']);
  });

  test('that leave nothing of what is behind the link are refused', async () => {
    const result = await refused([[directory('lib'), opaque('lib'), file('lib/own.conf', 'o')]]);
    expect(pathsOf(result)).toEqual(['/lib']);
  });
});

describe('hard links', () => {
  const program = ofBase('usr/bin/dash').body as Uint8Array;

  test('across replaced files of one layer and of several, the first name gone, are one arm64 file', async () => {
    const { view } = await published([
      [executable('opt/sh1', program), hardlink('opt/sh2', 'opt/sh1')],
      [hardlink('opt/sh3', 'opt/sh2')],
      [whiteout('opt/sh1')],
    ]);
    for (const name of ['opt/sh2', 'opt/sh3'])
      expect(view.lookup(name)?.entry.facts).toMatchObject({ elf: { architecture: 'arm64' } });
    expect(view.lookup('opt/sh1')).toBeUndefined();
  });

  test('that hold on to machine code under another name are seen', async () => {
    const result = await refused([
      [executable('opt/a', x86), hardlink('opt/b', 'opt/a'), executable('opt/c', x86)],
      [hardlink('opt/d', 'opt/c'), file('opt/c', 'text'), whiteout('opt/a')],
    ]);
    expect(pathsOf(result)).toEqual(['/opt/b', '/opt/d']);
  });
});

describe('machine code of the old architecture', () => {
  test('is found wherever it hides, and refused by name', async () => {
    const tar = await tarOf([{ name: 'bin/tool', data: x86 }]);
    const hidden = {
      'opt/app.jar': zipOf([{ name: 'META-INF/lib.zip', data: zipOf([{ name: 'x.so', data: x86Library }]) }]),
      'opt/bundle.tar.gz': gzipSync(tar),
      'opt/twice.gz': gzipSync(gzipSync(x86)),
      'usr/bin/installer': Buffer.concat([Buffer.from('#!/bin/sh\ntail -c +30 "$0" > /tmp/x\n'), x86]),
      'srv/readme.txt': x86,
      'srv/not-executable': x86,
      'srv/x.wh.tool': x86,
      'usr/lib/modules/6.1/x.ko': x86,
      'opt/caf\u00e9/\u202etool': x86,
    };
    const members = Object.entries(hidden).map(([path, bytes]) =>
      file(path, bytes, /bin/.test(path) ? 0o755 : 0o644),
    );
    const result = await refused([members]);
    expect(pathsOf(result)).toEqual(
      Object.keys(hidden)
        .map((path) => `/${path}`)
        .sort(),
    );
    for (const { layer } of result.refusals) expect(layer?.index).toBe(1);
  });

  test('that a layer above hides goes out of the lower layer too, and what repeats in one layer is told', async () => {
    const { view, record } = await published([
      [
        executable('opt/gone', x86),
        executable('opt/over', x86),
        directory('opt/all'),
        executable('opt/all/x', x86),
      ],
      [whiteout('opt/gone'), file('opt/over', 'text'), directory('opt/all'), opaque('opt/all')],
      [executable('opt/again', x86), file('opt/again', 'text')],
    ]);
    const hidden = view.layers[1]?.entries.map(({ path }) => path);
    expect(hidden).toEqual(['opt/all']);
    expect(record('opt/gone')).toMatchObject({ outcome: 'dropped' });
    expect(record('opt/again')).toMatchObject({
      outcome: 'kept',
      why: expect.stringContaining('more than once'),
    });
    expect(view.lookup('opt/again')?.entry.facts?.kind).toBe('text');
  });

  test('behind a link of its own layer is not lost, even where the link is another one in the end', async () => {
    const through = [directory('opt/v1'), symlink('opt/now', '/opt/v1'), executable('opt/now/tool', x86)];
    expect(pathsOf(await refused([through]))).toEqual(['/opt/v1/tool']);
    expect(pathsOf(await refused([through, [symlink('opt/now', 'v2')]]))).toEqual(['/opt/v1/tool']);
  });

  test('that nothing here runs is kept, and the account says so at each of its names', async () => {
    const { record, result } = await published([
      [
        file('opt/tool-linux-amd64.tar.gz', gzipSync(await tarOf([{ name: 'tool', data: x86 }]))),
        file('app/prebuilds/linux-x64/x.node', x86Library),
        file('app/prebuilds/linux-arm64/x.node', writeElf({ machine: 'arm64', kind: 'library' })),
        file('usr/lib/own/x.a', staticLibraryOf({ name: 'x.o', data: x86 })),
        hardlink('usr/lib/own/y.a', 'usr/lib/own/x.a'),
        directory('lib'),
        file('lib/own2.a', staticLibraryOf({ name: 'x.o', data: x86 })),
      ],
    ]);
    const said = {
      'opt/tool-linux-amd64.tar.gz': 'inert',
      'app/prebuilds/linux-x64/x.node': 'shadowed',
      'usr/lib/own/x.a': 'inert',
      'usr/lib/own/y.a': 'inert',
      'lib/own2.a': 'inert',
    };
    for (const [path, verdict] of Object.entries(said))
      expect(record(path)?.why).toMatch(new RegExp(`^${verdict} machine code for amd64: `));
    expect(result.notes.join()).toContain('5 files of other machines');
  });
});

describe('what does not belong into a container', () => {
  test('never reaches this machine: names and links out of the root, devices, special bits', async () => {
    const workFolder = join(world.directory, 'a', 'b', 'c', 'work');
    const sentinel = join(world.directory, 'a', 'sentinel');
    await mkdir(sentinel, { recursive: true });
    await writeFile(join(sentinel, 'precious'), 'as it was');
    const capability = Buffer.from([1, 0, 0, 2, 0, 0x80, 0xff, 0]);
    const pax = new Map([['SCHILY.xattr.security.capability', capability]]);
    const climbing = ['..', '../..', '../../..', '../../../..'].flatMap((up) => [
      file(`${up}/sentinel/precious`, 'overwritten'),
      file(`${up}/escaped`, 'x'),
    ]);
    const layers = [
      [
        ...climbing,
        file(`${sentinel}/precious`, 'inside'),
        symlink('up', '../../../../../..'),
        symlink('out', sentinel),
        file('up/through-relative', 'x'),
        { name: 'dev/own', type: 'character-device' as const, deviceMajor: 1, deviceMinor: 3 },
        { name: 'run/own.fifo', type: 'fifo' as const },
        executable('opt/tool', x86),
      ],
      [ofBase('usr/bin/su', { mode: 0o4755, uid: 7, pax }), whiteout('opt/tool')],
    ];
    const ported = await world.ported(layers, { files: richBase }, { workFolder });
    const pulled = await expectSound(world, ported);
    expect(await readFile(join(sentinel, 'precious'), 'utf8')).toBe('as it was');
    expect((await readdir(join(world.directory, 'a'), { recursive: true })).sort()).toEqual(
      ['b', 'b/c', 'b/c/work', 'sentinel', 'sentinel/precious'].sort(),
    );
    // A path through its layer's link out of the root is one that engines disagree on.
    expect(pulled).toBeUndefined();
    const { view } = await published([
      layers[0]?.filter(({ name }) => name !== 'up/through-relative') ?? [],
      layers[1] ?? [],
    ]);
    expect(view.lookup('dev/own')?.entry).toMatchObject({ kind: 'character-device', device: [1, 3] });
    expect(view.lookup('usr/bin/su')?.entry).toMatchObject({
      ...{ mode: 0o4755, uid: 7, facts: { elf: { architecture: 'arm64' } } },
      xattrs: { 'security.capability': capability.toString('base64') },
    });
  });
});

describe('what names a path of the old architecture', () => {
  test('in the config is respelled where the counterpart is there', async () => {
    const { document, result } = await published([[file('srv/x', 'x')]], {
      config: {
        Entrypoint: [`/${amd}/tools/start`],
        Env: [
          `PATH=/${amd}/tools:/usr/local/bin:/usr/bin:/bin`,
          `LD_PRELOAD=/${amd}/libz.so.1`,
          'TARGETARCH=amd64',
        ],
      },
    });
    expect(document.config).toMatchObject({
      Entrypoint: [`/${arm}/tools/start`],
      Env: [
        `PATH=/${arm}/tools:/usr/local/bin:/usr/bin:/bin`,
        `LD_PRELOAD=/${arm}/libz.so.1`,
        'TARGETARCH=amd64',
      ],
    });
    expect(result.notes).toContainEqual(expect.stringContaining('config.Env.TARGETARCH is still "amd64"'));
  });

  test('in config, links, scripts and the list of preloads is refused where nothing takes its place', async () => {
    const result = await refused(
      [
        [
          symlink('usr/lib/libonly.so', `/${amd}/libonly.so.1`),
          executable('usr/bin/own', '#!/usr/bin/lost -x\n'),
          file('etc/ld.so.preload', `/${amd}/libonly.so.1\n`),
        ],
      ],
      {
        files: plainBase,
        config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin', `LD_PRELOAD=/${amd}/libonly.so.1`] },
      },
    );
    expect(pathsOf(result)).toEqual(
      [`/${amd}/libonly.so.1`, '/etc/ld.so.preload', '/usr/bin/own', '/usr/lib/libonly.so'].sort(),
    );
  });

  test.each([
    ['with a package database', richBase],
    ['without', plainBase],
  ])('in links leads to its counterpart, %s', async (_, files) => {
    const links = [
      symlink('opt/absolute', `/${amd}/libz.so.1`),
      symlink('usr/lib/relative', 'x86_64-linux-gnu/libz.so.1'),
    ];
    const { view } = await published([links], { files });
    for (const path of ['opt/absolute', 'usr/lib/relative'])
      expect(view.resolve(path)).toMatchObject({ found: true, entry: { path: `${arm}/libz.so.1` } });
  });
});

describe('caches and databases of the old architecture above the base', () => {
  test("the loader's cache is made anew, and musl's list of folders gets its new name", async () => {
    const { record } = await published([
      [file('etc/ld.so.cache', 'libraries of x86'), file('etc/ld-musl-x86_64.path', '/opt/lib\n')],
    ]);
    expect(record('etc/ld.so.cache')).toMatchObject({ outcome: 'replaced', origin: 'regenerated' });
    expect(record('etc/ld-musl-x86_64.path')).toMatchObject({
      outcome: 'mapped',
      to: 'etc/ld-musl-aarch64.path',
    });
  });

  test('package databases that nobody rewrites are refused: they would take the place of the new base\u2019s', async () => {
    const result = await refused(
      [
        [
          directory('usr/lib/apk'),
          directory('usr/lib/apk/db'),
          file('usr/lib/apk/db/installed', 'P:musl\nV:1.2.5-r0\nA:x86_64\n\n'),
          directory('var/lib/rpm'),
          file('var/lib/rpm/rpmdb.sqlite', 'SQLite format 3\0 x86_64'),
        ],
      ],
      { files: plainBase },
    );
    // The one names a package that no repository has, the other can't be read.
    expect(pathsOf(result)).toEqual(['', '/var/lib/rpm/rpmdb.sqlite']);
    for (const { kind } of result.refusals) expect(kind).toBe('package');
  });

  test('files of the base that were changed and keep their names are the image\u2019s own', async () => {
    const { view } = await published([[file('etc/os-release', 'ID=debian\nVERSION_ID="12"\nX=own\n')]]);
    expect(view.lookup('etc/os-release')?.layer).toBe(1);
    expect(pathsOf(await refused([[executable('usr/bin/su', x86)]]))).toEqual(['/usr/bin/su']);
  });
});

describe('waivers', () => {
  const sparse = new Map([
    ['GNU.sparse.map', '0,1'],
    ['GNU.sparse.size', '10000000000'],
  ]);

  test('lift what they name, and nothing else: a file that was not read is still not known', async () => {
    const waivers = [{ path: '/opt/tool', reason: 'nothing calls it' }];
    const tool = executable('opt/tool', x86);
    const result = await refused([[tool, { ...file('opt/holes', 'x'), pax: sparse }]], {}, { waivers });
    expect(result).toMatchObject({
      outcome: 'unknown',
      refusals: [{ path: '/opt/holes', undetermined: true }],
    });
    const { record } = await published([[tool]], {}, { waivers });
    expect(record('opt/tool')?.why).toBe('waived: nothing calls it');
  });

  test('do not lift that the layers can not be put together', async () => {
    // The old base's program is a directory in the new one.
    const files = (machine: Machine) => [
      ...plainBase(machine),
      machine === 'amd64' ? executable('usr/bin/swap', x86) : directory('usr/bin/swap'),
    ];
    const waivers = [{ path: '/usr/bin/swap', reason: 'who knows' }];
    const result = await refused([[executable('usr/bin/swap', x86)]], { files }, { waivers });
    expect(result).toMatchObject({
      outcome: 'refused',
      refusals: [{ kind: 'assembly', path: '/usr/bin/swap' }],
    });
  });
});

describe('documents that contradict each other', () => {
  const layers = [richBase('amd64'), [file('srv/x', 'x')]];

  test('an index that has the target by name only is no reason to think that all is well', async () => {
    const image = await appOn(layers.slice(1), { files: richBase });
    const lying = { of: image, platform: { os: 'linux', architecture: 'arm64' } };
    const reference = await world.pushed(buildIndex([image, lying]));
    const { result } = await world.port(reference, { bases: [await world.base(richBase)] });
    expect(result).toMatchObject({ outcome: 'refused', refusals: [{ kind: 'image' }] });
  });

  test('a base whose arm64 image holds amd64 machine code is not taken', async () => {
    const ported = await world.ported([[file('srv/x', 'x')]], { files: () => richBase('amd64') });
    await expectSound(world, ported);
    expect(ported.result.refusals).toContainEqual(expect.objectContaining({ kind: 'base' }));
  });

  test('a config that says arm64 of an amd64 entry of the index does not make the port wrong', async () => {
    const image = await appOn(layers.slice(1), {
      files: richBase,
      configOverrides: { architecture: 'arm64' },
    });
    const entry = { of: image, platform: { os: 'linux', architecture: 'amd64' } };
    const ported = await world.port(await world.pushed(buildIndex([entry])), {
      bases: [await world.base(richBase)],
    });
    await expectSound(world, ported);
    expect(ported.result.outcome).toBe('refused');
  });
});

describe('images of any shape', () => {
  const tool = executable('opt/gone', x86);
  const layers: Layers = [[tool, file('srv/x', 'x')], [whiteout('opt/gone')]];

  test('of Docker\u2019s formats stay so, plain or compressed', async () => {
    for (const compression of ['gzip', 'none'] as const) {
      const { manifest, view } = await published(layers, { format: 'docker', compression });
      expect(manifest.mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json');
      for (const { mediaType } of manifest.layers) expect(mediaType).toMatch(/^application\/vnd\.docker\./);
      expect(view.lookup('srv/x')).toBeDefined();
    }
  });

  test('with zstd layers: kept ones stay so, rewritten ones become gzip', async () => {
    const zstd = 'application/vnd.oci.image.layer.v1.tar+zstd';
    const plain = await appOn([...layers, [file('srv/kept', 'k')]], { files: richBase, compression: 'none' });
    const { manifest, view } = await publishedAs(
      await withLayers(plain as BuiltImage, (bytes) => contentOf(zstd, rawZstd(bytes))),
    );
    expect(manifest.layers.map(({ mediaType }) => mediaType.split('+').at(-1))).toEqual([
      'gzip',
      'gzip',
      'gzip',
      'zstd',
    ]);
    expect(view.lookup('srv/kept')).toBeDefined();
  });

  test('with more than a hundred layers', async () => {
    const many = Array.from({ length: 110 }, (_, index) => [
      file(`srv/${index}`, 'x'),
      whiteout(`srv/${index - 1}`),
    ]);
    const { result } = await world.ported([[tool], [whiteout('opt/gone')], ...many], {}, { dryRun: true });
    expect(result).toMatchObject({ outcome: 'planned', totals: { kept: 219, dropped: 3 } });
    expect(result.layers).toHaveLength(113);
  });

  test('with attestations in their index keep them, and a second port is the same image', async () => {
    const image = await appOn(layers, { files: richBase });
    const reference = await world.pushed(buildIndex([image], { attestations: true }));
    const bases = [await world.base(richBase)];
    const first = await world.port(reference, { bases });
    const second = await world.port(reference, { bases });
    expect(second.result.image?.digest).toBe(first.result.image?.digest);
    expect(second.result.layers).toEqual(first.result.layers);
    const { manifests } = await world.index(first.to);
    const attested = manifests.map(({ annotations }) => annotations?.['vnd.docker.reference.digest']);
    expect(attested).toContain(image.manifest.descriptor.digest);
    expect(manifests.map(({ platform }) => platform?.architecture ?? '').sort()).toEqual([
      'amd64',
      'arm64',
      'unknown',
    ]);
  });

  test('have the time that SOURCE_DATE_EPOCH sets, in the config and on new paths', async () => {
    const moved = ofBase(`${amd}/plug/a.so`, { mode: 0o600 });
    const environment = { SOURCE_DATE_EPOCH: '1700000000' };
    const { document } = await published([[moved, tool], [whiteout('opt/gone')]], {}, { environment });
    expect(document).toMatchObject({ created: '2023-11-14T22:13:20.000Z' });
  });
});

/** The image with other blobs for its layers' tars. */
async function withLayers(image: BuiltImage, change: (bytes: Uint8Array) => Content): Promise<BuiltImage> {
  const layers = image.layers.map(({ bytes }) => change(bytes));
  const { mediaType } = image.manifest.descriptor;
  const document = {
    ...(JSON.parse(Buffer.from(image.manifest.bytes).toString('utf8')) as object),
    layers: layers.map(({ descriptor }) => descriptor),
  };
  const manifest = contentOf(mediaType, Buffer.from(JSON.stringify(document)));
  return { ...image, manifest, layers, blobs: [image.config, ...layers] };
}

async function publishedAs(image: Built) {
  const ported = await world.port(await world.pushed(image), { bases: [await world.base(richBase)] });
  const pulled = await expectSound(world, ported);
  if (pulled === undefined) throw new Error(`refused: ${JSON.stringify(ported.result.refusals)}`);
  return pulled;
}
