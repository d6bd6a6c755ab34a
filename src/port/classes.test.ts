import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { peOf, zipOf } from '../audit/foreign/artifacts.test-support.ts';
import {
  buildImage,
  directory,
  executable,
  file,
  type Machine,
  userland,
  writeElf,
} from '../fixture/index.ts';
import type { PortResult } from '../results/index.ts';
import type { TarMember } from '../tar/index.ts';
import { expectSound, type Layers, sharedPortWorld } from './shared-world.test-support.ts';

const world = sharedPortWorld();

const x86 = writeElf({ machine: 'amd64' });
const x86Library = writeElf({ machine: 'amd64', kind: 'library' });
const arm64Library = writeElf({ machine: 'arm64', kind: 'library' });

/** The small Debian with the runtimes of Java, Python and Node. */
function runtimes(machine: Machine): readonly TarMember[] {
  const program = writeElf({ machine, interpreter: true, needed: ['libc.so.6'] });
  const names = ['java', 'python3.11', 'node'];
  return [...userland(machine), ...names.map((name) => executable(`usr/bin/${name}`, program))];
}

const site = 'usr/lib/python3/site-packages';
const natives = (...folders: readonly string[]) =>
  zipOf(
    folders.map((folder) => ({
      name: `native/${folder}/libx.so`,
      data: folder.endsWith('aarch64') ? arm64Library : x86Library,
    })),
  );

const neutral: Readonly<
  Record<string, { readonly layer: readonly TarMember[]; readonly cmd?: readonly string[] }>
> = {
  'C1, a static site': {
    layer: [directory('srv/'), file('srv/index.html', '<p>hello</p>\n'), file('srv/logo.png', '\x89PNG\r\n')],
  },
  'C2, shell scripts': {
    layer: [
      executable('usr/bin/start', '#!/bin/sh\nexec /usr/bin/work\n'),
      executable('usr/bin/work', '#!/usr/bin/env sh\n'),
    ],
    cmd: ['/usr/bin/start'],
  },
  'C3, Java with natives for both machines, or without': {
    layer: [
      file('app/both.jar', natives('linux-x86_64', 'linux-aarch64')),
      file(
        'app/none.jar',
        zipOf([{ name: 'a/B.class', data: Buffer.of(0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61) }]),
      ),
    ],
    cmd: ['/usr/bin/java', '-jar', '/app/both.jar'],
  },
  'C4, Python of wheels for any machine': {
    layer: [
      file(`${site}/flask/__init__.py`, 'x = 1\n'),
      file(
        `${site}/flask/__pycache__/__init__.cpython-311.pyc`,
        Buffer.from([0xa7, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0]),
      ),
      file(
        `${site}/flask-3.0.0.dist-info/WHEEL`,
        'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
      ),
      file(`${site}/pip/_vendor/distlib/t64.exe`, peOf(0x8664)),
    ],
    cmd: ['/usr/bin/python3.11', '-m', 'flask'],
  },
  'C6, Node without add-ons': {
    layer: [
      file('app/index.js', 'require("express");\n'),
      file('app/node_modules/express/package.json', '{"name":"express","version":"4.18.2"}\n'),
    ],
    cmd: ['/usr/bin/node', '/app/index.js'],
  },
};

describe('is ported with nothing but the registry, and keeps its layer', () => {
  test.each(Object.entries(neutral))('%s', async (_, { layer, cmd }) => {
    const ported = await world.ported([layer], {
      files: runtimes,
      ...(cmd === undefined ? {} : { config: { Cmd: cmd } }),
    });
    const pulled = await expectSound(world, ported);
    const { result } = ported;
    expect(result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' }, materials: [] });
    expect(result.layers.map(({ kind }) => kind)).toEqual(['base', 'kept']);
    expect(result.totals).toEqual({ kept: layer.length, replaced: 0, mapped: 0, dropped: 0, added: 0 });
    expect(pulled?.document).toMatchObject({
      architecture: 'arm64',
      config: { Cmd: cmd ?? ['/usr/bin/sh'] },
    });
    const told = result.account.filter(
      ({ why }) => why !== 'it holds no machine code of the old architecture',
    );
    expect(told.map(({ path, why }) => `${path}: ${why.split(' ', 1)[0]}`)).toEqual(
      layer.flatMap(({ name }) =>
        name === 'app/both.jar'
          ? ['app/both.jar: shadowed']
          : String(name).endsWith('.exe')
            ? [`${String(name)}: inert`]
            : String(name).endsWith('/')
              ? ['srv: it']
              : [],
      ),
    );
  });

  test('and so are programs of the base with a new owner or name, from its sibling', async () => {
    const ofBase = runtimes('amd64').find(({ name }) => name === 'usr/bin/node');
    if (ofBase === undefined) throw new Error('the base has no node');
    const layers = [
      [
        { ...ofBase, uid: 1000, mode: 0o4750 },
        { ...ofBase, name: 'opt/node' },
      ],
    ];
    const ported = await world.ported(layers, { files: runtimes });
    const pulled = await expectSound(world, ported);
    expect(ported.result).toMatchObject({
      outcome: 'published',
      materials: [],
      totals: { kept: 0, replaced: 2 },
    });
    expect(pulled?.view.lookup('usr/bin/node')?.entry).toMatchObject({
      ...{ uid: 1000, mode: 0o4750, facts: { elf: { architecture: 'arm64' } } },
    });
    expect(pulled?.view.lookup('opt/node')?.entry.facts).toMatchObject({ elf: { architecture: 'arm64' } });
  });
});

describe('is ported by naming the arm64 program', () => {
  /** A file of this machine, as `--replace` names it. */
  async function replacement(path: string, bytes: Uint8Array) {
    const from = join(world.directory, createHash('sha256').update(bytes).digest('hex'));
    await writeFile(from, bytes);
    return { path, from };
  }

  test('C9, a static program on nothing, and on a base without a shell', async () => {
    const program = executable('server', x86);
    const config = { Entrypoint: ['/server'] };
    const image = buildImage({
      platform: { os: 'linux', architecture: 'amd64' },
      layers: [[program]],
      config,
    });
    const replacements = [await replacement('/server', writeElf({ machine: 'arm64' }))];
    const scratch = await world.port(await world.pushed(image), { replacements, noBase: true });
    const distroless = await world.ported(
      [[program]],
      { files: () => [directory('etc/'), file('etc/passwd', 'root:x:0:0::/:/none\n')], config },
      { replacements },
    );
    for (const ported of [scratch, distroless]) {
      await expectSound(world, ported);
      expect(ported.result).toMatchObject({ outcome: 'published', totals: { replaced: 1 } });
      expect(ported.result.materials).toMatchObject([{ origin: 'release' }]);
    }
  });

  test('C10, a dynamic program, if the libraries that it needs are there', async () => {
    const built = (machine: Machine, needed: readonly string[]) =>
      writeElf({ machine, interpreter: true, needed });
    const layers = [[executable('usr/bin/tool', built('amd64', ['libc.so.6', 'libz.so.1']))]];
    const spec = { files: runtimes, config: { Cmd: ['/usr/bin/tool'] } };
    const right = await replacement('/usr/bin/tool', built('arm64', ['libc.so.6', 'libz.so.1']));
    const ported = await world.ported(layers, spec, { replacements: [right] });
    await expectSound(world, ported);
    expect(ported.result).toMatchObject({ outcome: 'published', totals: { replaced: 1 } });
    const needsMore = await replacement('/usr/bin/tool', built('arm64', ['libc.so.6', 'libnew.so.2']));
    const more = await world.ported(layers, spec, { replacements: [needsMore] });
    await expectSound(world, more);
    expect(more.result.outcome).toBe('refused');
    expect(JSON.stringify(more.result.refusals)).toContain('libnew.so.2');
  });
});

describe('is refused by name', () => {
  const conda = 'opt/conda/lib/libblas.so.3';
  const files: Readonly<Record<string, readonly [content: Uint8Array, guess: string | undefined]>> = {
    [`${site}/numpy/core/_umath.cpython-311-x86_64-linux-gnu.so`]: [x86Library, 'python: numpy 1.26.4'],
    'app/node_modules/@img/sharp-linux-x64/lib/sharp.node': [x86Library, 'node: @img/sharp-linux-x64'],
    'usr/lib/ruby/gems/3.1.0/gems/nokogiri-1.15.0-x86_64-linux/lib/nokogiri.so': [
      x86Library,
      'ruby: nokogiri-1.15.0-x86_64-linux',
    ],
    'opt/single-exe': [Buffer.concat([x86, zipOf([{ name: 'main.js', data: Buffer.from('1') }])]), undefined],
    [conda]: [x86Library, 'conda: the environment in /opt/conda'],
    'usr/local/cuda-12/lib64/libcudart.so.12': [x86Library, 'vendor: NVIDIA CUDA'],
    'opt/intel/lib/libmkl_core.so.2': [x86Library, 'vendor: Intel MKL'],
    'usr/lib/modules/6.1.0/extra/driver.ko': [x86Library, 'kernel: a module'],
  };
  const layers: Layers = [
    [
      ...Object.entries(files).map(([path, [content]]) => file(path, content, 0o755)),
      file(`${site}/numpy-1.26.4.dist-info/WHEEL`, 'Tag: cp311-cp311-manylinux_2_17_x86_64\n'),
      file('opt/conda/conda-meta/history', '==> 2024 <==\n'),
    ],
  ];

  test('C5, C7, C8, C12, C14, C15: what was compiled, each with its origin and what would lift it', async () => {
    const ported = await world.ported(layers, { files: runtimes });
    await expectSound(world, ported);
    const { outcome, refusals }: PortResult = ported.result;
    expect(outcome).toBe('refused');
    expect(Object.fromEntries(refusals.map(({ path = '', guess }) => [path.slice(1), guess]))).toEqual(
      Object.fromEntries(Object.entries(files).map(([path, [, guess]]) => [path, guess])),
    );
    for (const { kind, layer, lift } of refusals)
      expect([kind, layer?.index, lift]).toEqual(['no-counterpart', 1, expect.stringContaining('--waive /')]);
  });

  test('C16: an image whose bytes are arm64, and whose label is amd64', async () => {
    const image = buildImage({
      platform: { os: 'linux', architecture: 'amd64' },
      layers: [runtimes('arm64')],
      config: { Cmd: ['/usr/bin/node'] },
    });
    const ported = await world.port(await world.pushed(image));
    await expectSound(world, ported);
    expect(ported.result).toMatchObject({
      outcome: 'refused',
      refusals: [{ kind: 'image', lift: expect.stringContaining('needs a right label') }],
    });
  });
});
