import { expect, test } from 'vitest';
import { directory, executable, file, symlink, writeElf } from '../../../fixture/index.ts';
import type { PackageSettings } from '../../options.ts';
import { elf } from '../debian/replay/packages.test-support.ts';
import {
  type Answer,
  fates,
  type Layers,
  type Scene,
  sceneOf,
  serve,
  textOf,
} from '../shared/packages/scene.test-support.ts';
import {
  type ApkSpec,
  apkOf,
  installed,
  type MadeApk,
  repositoryOf,
  type Signing,
  scriptsOf,
  system,
} from './apk.test-support.ts';
import { readApkDatabase } from './database.ts';
import { apkOrigin } from './origin.ts';

type Named = Omit<ApkSpec, 'architecture'>;

const musl = (machine: 'amd64' | 'arm64'): Named => {
  const word = machine === 'amd64' ? 'x86_64' : 'aarch64';
  return {
    name: 'musl',
    version: '1.2.4-r2',
    fields: { p: `so:libc.musl-${word}.so.1=1` },
    files: [
      executable(`lib/ld-musl-${word}.so.1`, elf(machine, 'loader', `ld-musl-${word}.so.1`)),
      symlink(`lib/libc.musl-${word}.so.1`, `ld-musl-${word}.so.1`),
    ],
  };
};
const tool = (machine: 'amd64' | 'arm64', more: Partial<Named> = {}): Named => ({
  name: 'tool',
  fields: { D: `so:libc.musl-${machine === 'amd64' ? 'x86_64' : 'aarch64'}.so.1`, p: 'cmd:tool=1.0-r0' },
  files: [executable('usr/bin/tool', elf(machine, 'tool')), file('etc/tool.conf', 'color = red\n')],
  ...more,
});

const both = (make: (machine: 'amd64' | 'arm64') => Named): Promise<readonly [MadeApk, MadeApk]> =>
  Promise.all([
    apkOf({ ...make('amd64'), architecture: 'x86_64' }),
    apkOf({ ...make('arm64'), architecture: 'aarch64' }),
  ]);

interface Case {
  readonly old: readonly MadeApk[];
  readonly offered: readonly MadeApk[];
  readonly layers?: Layers;
  readonly settings?: PackageSettings;
  readonly signing?: Signing;
  readonly answers?: (honest: Map<string, Answer>) => Map<string, Answer>;
  readonly world?: string;
}

async function planned({
  old,
  offered,
  layers = [],
  settings,
  signing,
  answers = (all) => all,
  world,
}: Case): Promise<Scene> {
  const server = await serve(answers(await repositoryOf(offered, signing === undefined ? {} : { signing })));
  const image = [
    ...system(server.url),
    ...installed(old, world === undefined ? {} : { world }),
    await scriptsOf(old),
  ];
  return sceneOf({ origin: apkOrigin(settings), layers: [image, ...layers] });
}

const databaseIn = async (scene: Scene) => {
  const reading = readApkDatabase(await scene.ported());
  if (reading.kind !== 'read') throw new TypeError('no database');
  return reading.database;
};

test('packages of the same version take the place of those that are there, and the database says so', async () => {
  const [oldMusl, newMusl] = await both(musl);
  const [oldTool, newTool] = await both(tool);
  const scene = await planned({ old: [oldMusl, oldTool], offered: [newMusl, newTool] });
  expect(scene.plan.refusals).toEqual([]);
  expect(fates(scene)).toMatchObject({
    'lib/ld-musl-x86_64.so.1': 'replace -> lib/ld-musl-aarch64.so.1',
    'lib/libc.musl-x86_64.so.1': 'replace -> lib/libc.musl-aarch64.so.1',
    'usr/bin/tool': 'replace',
    'etc/tool.conf': 'keep',
    'etc/apk/arch': 'replace',
    'lib/apk/db/installed': 'replace',
  });
  const view = await scene.ported();
  expect(textOf(view, 'etc/apk/arch')).toBe('aarch64\n');
  expect(textOf(view, 'lib/apk/db/installed')).toBe(
    Buffer.from(
      installed([newMusl, newTool]).find(({ name }) => name === 'lib/apk/db/installed')?.body as Uint8Array,
    ).toString(),
  );
  expect(scene.plan.materials).toMatchObject([
    { origin: 'apk', name: 'musl', purl: 'pkg:apk/alpine/musl@1.2.4-r2?arch=aarch64' },
    {
      name: 'tool',
      version: '1.0-r0',
      architecture: 'aarch64',
      signers: [expect.stringMatching(/^[0-9a-f]{64}$/)],
    },
  ]);
});

test('the sums of the new database are those of the new files', async () => {
  const scene = await planned({
    old: [(await both(musl))[0], (await both(tool))[0]],
    offered: [(await both(musl))[1], (await both(tool))[1]],
  });
  const [view, { packages }] = [await scene.ported(), await databaseIn(scene)];
  const files = packages.flatMap(({ sums, architecture }) =>
    [...(sums ?? [])].map(([path, { hex }]) => ({ path, hex, architecture })),
  );
  expect(files).toHaveLength(4);
  for (const { path, hex, architecture } of files) {
    expect(architecture).toBe('aarch64');
    const entry = view.lookup(path)?.entry;
    if (entry?.kind === 'file') expect([path, entry.sha1]).toEqual([path, hex]);
    else expect(entry?.kind).toBe('symlink');
  }
});

test('a file that was altered is kept where it is neutral, and refused where it is machine code', async () => {
  const [old, now] = await both(tool);
  const scene = await planned({
    old: [(await both(musl))[0], old],
    offered: [(await both(musl))[1], now],
    layers: [[file('etc/tool.conf', 'color = blue\n'), executable('usr/bin/tool', elf('amd64', 'patched'))]],
  });
  expect(scene.plan.refusals).toMatchObject([
    { path: 'usr/bin/tool', kind: 'altered', guess: 'apk: tool 1.0-r0', waivable: true },
  ]);
  expect(fates(scene)).toMatchObject({ 'etc/tool.conf': 'keep' });
  expect(scene.plan.notes.join('\n')).toContain('/etc/tool.conf');
});

test('links and certificates that scripts made stay, and so does the configuration of repositories', async () => {
  const [old, now] = await both((machine) => ({
    name: 'busybox',
    files: [executable('bin/busybox', elf(machine, 'busybox'))],
    scripts: { '.post-install': '#!/bin/busybox sh\nexec /bin/busybox --install -s\n' },
    triggers: '/bin /usr/bin',
  }));
  const scene = await planned({
    old: [old],
    offered: [now],
    layers: [
      [
        symlink('bin/ls', '/bin/busybox'),
        symlink('bin/sh', 'busybox'),
        file('etc/ssl/certs/ca-certificates.crt', 'neutral'),
      ],
    ],
  });
  expect(scene.plan.refusals).toEqual([]);
  expect(fates(scene)).not.toHaveProperty('bin/ls');
  const view = await scene.ported();
  expect(view.resolve('bin/ls')).toMatchObject({ found: true, entry: { path: 'bin/busybox' } });
  expect(textOf(view, 'lib/apk/db/triggers')).toBe(`${now.checksum} /bin /usr/bin\n`);
  const scripts = Buffer.from(view.content(view.lookup('lib/apk/db/scripts.tar') ?? never()) ?? []).toString(
    'latin1',
  );
  expect(scripts).toContain(`busybox-1.0-r0.${now.checksum}.post-install`);
  expect(scripts).not.toContain(old.checksum);
});

function never(): never {
  throw new TypeError('it is not there');
}

test('a package that the target needs besides is added, and refused where its scripts would have to run', async () => {
  const [old] = await both(tool);
  const [oldMusl, newMusl] = await both(musl);
  const now = await apkOf({
    ...tool('arm64'),
    architecture: 'aarch64',
    fields: { D: 'so:libatomic.so.1 so:libc.musl-aarch64.so.1' },
  });
  const atomic = (scripts?: Record<string, string>) =>
    apkOf({
      name: 'libatomic',
      architecture: 'aarch64',
      fields: { p: 'so:libatomic.so.1=1' },
      files: [executable('usr/lib/libatomic.so.1', elf('arm64', 'atomic', 'libatomic.so.1'))],
      ...(scripts === undefined ? {} : { scripts }),
    });
  const scene = await planned({ old: [oldMusl, old], offered: [newMusl, now, await atomic()] });
  expect(scene.plan.refusals).toEqual([]);
  expect(fates(scene)).toMatchObject({ 'usr/lib/libatomic.so.1': 'add' });
  expect((await databaseIn(scene)).packages.map(({ name }) => name)).toEqual(['musl', 'tool', 'libatomic']);
  expect(scene.plan.notes).toContain('libatomic 1.0-r0 is added: tool needs it on aarch64');
  const refused = await planned({
    old: [oldMusl, old],
    offered: [newMusl, now, await atomic({ '.post-install': '#!/bin/sh\n' })],
  });
  expect(refused.plan.refusals).toMatchObject([
    { kind: 'package', why: expect.stringContaining('post-install script') },
  ]);
  const missing = await planned({ old: [oldMusl, old], offered: [newMusl, now] });
  expect(missing.plan.refusals).toMatchObject([
    { kind: 'package', why: expect.stringContaining('so:libatomic.so.1') },
  ]);
  expect(missing.plan.refusals[0]?.undetermined).toBeUndefined();
});

test('a package of the old architecture that nothing needs any more goes, unless a person asked for it', async () => {
  const old = await apkOf({ ...tool('amd64'), architecture: 'x86_64', fields: { D: 'libquad' } });
  const quad = await apkOf({
    name: 'libquad',
    architecture: 'x86_64',
    files: [executable('usr/lib/libquad.so.0', elf('amd64', 'quad', 'libquad.so.0'))],
  });
  const now = await apkOf({ ...tool('arm64'), architecture: 'aarch64', fields: {} });
  const scene = await planned({ old: [old, quad], offered: [now], world: 'tool\n' });
  expect(scene.plan.refusals).toEqual([]);
  expect(fates(scene)).toMatchObject({ 'usr/lib/libquad.so.0': 'drop' });
  expect((await databaseIn(scene)).packages.map(({ name }) => name)).toEqual(['tool']);
  const chosen = await planned({ old: [old, quad], offered: [now], world: 'tool\nlibquad\n' });
  expect(chosen.plan.refusals).toMatchObject([
    { kind: 'package', guess: 'apk: libquad 1.0-r0', waivable: false },
  ]);
});

test('a version that the repository no longer has is refused, and upgraded where that is allowed', async () => {
  const [old] = await both(tool);
  const now = await apkOf({ ...tool('arm64', { version: '1.0-r3', fields: {} }), architecture: 'aarch64' });
  const scene = await planned({ old: [old], offered: [now] });
  expect(scene.plan.refusals).toMatchObject([
    {
      kind: 'package',
      why: expect.stringContaining('1.0-r3'),
      lift: expect.stringContaining('--allow-upgrade'),
    },
  ]);
  expect(scene.plan.refusals[0]?.undetermined).toBeUndefined();
  const upgraded = await planned({ old: [old], offered: [now], settings: { allowUpgrade: true } });
  expect(upgraded.plan.refusals).toEqual([]);
  expect(upgraded.plan.materials).toMatchObject([{ version: '1.0-r3', notes: ['upgraded from 1.0-r0'] }]);
  const older = await apkOf({
    ...tool('arm64', { version: '0.9_rc1-r3', fields: {} }),
    architecture: 'aarch64',
  });
  const refused = await planned({ old: [old], offered: [older], settings: { allowUpgrade: true } });
  expect(refused.plan.refusals).toMatchObject([{ kind: 'package' }]);
});

test('what no trusted key signed is not taken, unless a person takes it unsigned', async () => {
  const [old, now] = await both((machine) => tool(machine, { fields: {} }));
  for (const by of ['stranger', 'nobody'] as const) {
    const scene = await planned({ old: [old], offered: [now], signing: { by } });
    expect(scene.plan.refusals).toMatchObject([{ kind: 'package', undetermined: true }]);
    expect(scene.plan.refusals[0]?.why).toMatch(
      by === 'stranger' ? /signature that is wrong/ : /no signature/,
    );
  }
  const unsigned = await planned({
    old: [old],
    offered: [now],
    signing: { by: 'nobody' },
    settings: { allowUnsigned: true },
  });
  expect(unsigned.plan.refusals).toEqual([]);
  expect(unsigned.plan.materials).toMatchObject([{ notes: ['taken unsigned'] }]);
  const modern = await planned({ old: [old], offered: [now], signing: { kind: 'RSA256' } });
  expect(modern.plan.refusals).toEqual([]);
});

test('a package that is not what the index says is refused', async () => {
  const [old, now] = await both((machine) => tool(machine, { fields: {} }));
  const other = await apkOf({
    ...tool('arm64', { fields: {}, files: [executable('usr/bin/tool', elf('arm64', 'evil'))] }),
    architecture: 'aarch64',
  });
  const path = 'main/aarch64/tool-1.0-r0.apk';
  const served = async (bytes: Uint8Array): Promise<string> => {
    const scene = await planned({ old: [old], offered: [now], answers: (all) => all.set(path, bytes) });
    expect(scene.plan.refusals).toMatchObject([{ kind: 'package', guess: 'apk: tool 1.0-r0' }]);
    expect(scene.plan.paths.get('usr/bin/tool')).toMatchObject({ action: 'keep' });
    return scene.plan.refusals[0]?.why ?? '';
  };
  expect(await served(other.bytes)).toMatch(/its index says/);
  const longer = Buffer.concat([now.bytes, Buffer.from('x')]);
  expect(await served(longer)).toMatch(/its index says/);
  const bent = Buffer.from(now.bytes);
  bent[bent.length - 12] = (bent[bent.length - 12] ?? 0) ^ 1;
  expect(await served(bent)).toMatch(/not those that its control part vouches for/);
  expect(await served(now.bytes.subarray(0, 40))).toMatch(/its index says/);
});

test('a package of another machine is refused by its file', async () => {
  const [old] = await both(tool);
  const wrong = await apkOf({
    ...tool('amd64', { fields: {}, files: [executable('usr/bin/tool', writeElf({ machine: 'riscv64' }))] }),
    architecture: 'aarch64',
  });
  const scene = await planned({ old: [old], offered: [wrong] });
  expect(scene.plan.refusals).toMatchObject([
    { path: 'usr/bin/tool', kind: 'counterpart', guess: 'apk: tool 1.0-r0' },
  ]);
});

test('a repository that does not answer leaves the question open', async () => {
  const [old, now] = await both(tool);
  const index = 'main/aarch64/APKINDEX.tar.gz';
  const failing: Record<string, Answer> = {
    'an error': (response) => void response.writeHead(500).end(),
    rubbish: Buffer.from('<html>not found</html>'),
    'a cut index':
      (await repositoryOf([now])).get(index) instanceof Uint8Array
        ? ((await repositoryOf([now])).get(index) as Buffer).subarray(0, 600)
        : Buffer.alloc(0),
    'a broken connection': (response) => void response.socket?.destroy(),
  };
  for (const [what, answer] of Object.entries(failing)) {
    const scene = await planned({ old: [old], offered: [now], answers: (all) => all.set(index, answer) });
    expect([what, scene.plan.refusals]).toMatchObject([what, [{ kind: 'package', undetermined: true }]]);
  }
});

test('redirects are followed, and packages are fetched once for all runs', async () => {
  const [old, now] = await both((machine) => tool(machine, { fields: {} }));
  const answers = await repositoryOf([now]);
  const elsewhere = await serve(answers);
  const moved = new Map<string, Answer>(
    [...answers.keys()].map((path) => [
      path,
      (response) => void response.writeHead(302, { location: `${elsewhere.url}/${path}` }).end(),
    ]),
  );
  const server = await serve(moved);
  const layers = [[...system(server.url), ...installed([old])]];
  const first = await sceneOf({ origin: apkOrigin(), layers });
  expect(first.plan.refusals).toEqual([]);
  const again = await sceneOf({ origin: apkOrigin(), layers, context: { cache: first.cache } });
  expect(again.plan.refusals).toEqual([]);
  expect(elsewhere.asked.filter((path) => path.endsWith('.apk'))).toHaveLength(1);
  expect(elsewhere.asked.filter((path) => path.endsWith('.tar.gz'))).toHaveLength(2);
});

test('a mirror takes the place of the repository, and keys are those of the image still', async () => {
  const [old, now] = await both((machine) => tool(machine, { fields: {} }));
  const server = await serve(await repositoryOf([now]));
  const layers = [[...system('https://packages.example/alpine'), ...installed([old])]];
  const settings = { mirrors: { 'https://packages.example/alpine/': server.url } };
  const scene = await sceneOf({ origin: apkOrigin(settings), layers });
  expect(scene.plan.refusals).toEqual([]);
  expect(scene.plan.materials[0]?.uri).toBe(`${server.url}/main/aarch64/tool-1.0-r0.apk`);
});

test('an image without packages of Alpine is left alone, and one whose record cannot be read is undetermined', async () => {
  const none = await sceneOf({ origin: apkOrigin(), layers: [[file('etc/motd', 'hello')]] });
  expect(none.plan).toMatchObject({ refusals: [], added: [], notes: [] });
  const broken = await sceneOf({
    origin: apkOrigin(),
    layers: [[file('lib/apk/db/installed', 'P:tool\nnonsense\n')]],
  });
  expect(broken.plan.refusals).toMatchObject([{ path: 'lib/apk/db/installed', undetermined: true }]);
});

test('names that lead out of the repository are never asked for', async () => {
  const server = await serve(new Map());
  const record = 'P:../../secret\nV:1.0\nA:x86_64\n\n';
  const scene = await sceneOf({
    origin: apkOrigin(),
    layers: [[...system(server.url), file('lib/apk/db/installed', record)]],
  });
  expect(scene.plan.refusals).toHaveLength(1);
  expect(server.asked).toEqual(['main/aarch64/APKINDEX.tar.gz']);
});

test('packages of the base come from its sibling, and only those above it are asked for', async () => {
  const [oldMusl, newMusl] = await both(musl);
  const [old, now] = await both(tool);
  const server = await serve(await repositoryOf([now]));
  const oldBase = [[...system(server.url), ...installed([oldMusl]), await scriptsOf([oldMusl])]];
  const newBase = [
    [
      ...system(server.url).filter(({ name }) => name !== 'etc/apk/arch'),
      file('etc/apk/arch', 'aarch64\n'),
      ...installed([newMusl]),
    ],
  ];
  const above = installed([oldMusl, old]).filter(({ name }) => !/musl/.test(String(name)));
  const scene = await sceneOf({ origin: apkOrigin(), oldBase, newBase, layers: [above] });
  expect(scene.plan.refusals).toEqual([]);
  expect(server.asked.filter((path) => path.endsWith('.apk'))).toEqual(['main/aarch64/tool-1.0-r0.apk']);
  const { packages } = await databaseIn(scene);
  expect(packages.map(({ name, architecture }) => `${name} ${architecture}`)).toEqual([
    'musl aarch64',
    'tool aarch64',
  ]);
});

test('files that another package took over stay its own in the record, and owners are those of the image', async () => {
  const shared = (machine: 'amd64' | 'arm64') => executable('usr/bin/shared', elf(machine, 'second'));
  const [first, newFirst] = await both((machine) => ({
    name: 'first',
    files: [
      executable('usr/bin/first', elf(machine, '1')),
      executable('usr/bin/shared', elf(machine, 'first')),
    ],
  }));
  const [second, newSecond] = await both((machine) => ({
    name: 'second',
    replaces: 'first',
    files: [
      shared(machine),
      { ...directory('var/www'), uid: 1000, gid: 1000, userName: 'web', groupName: 'web', mode: 0o750 },
    ],
  }));
  const taken = {
    ...first,
    spec: { ...first.spec, files: [executable('usr/bin/first', elf('amd64', '1'))] },
  };
  const scene = await planned({ old: [taken, second], offered: [newFirst, newSecond] });
  expect(scene.plan.refusals).toEqual([]);
  const text = textOf(await scene.ported(), 'lib/apk/db/installed');
  expect(text.match(/R:shared/g)).toHaveLength(1);
  expect(text).toContain('r:first\n');
  expect(text).toContain('F:var/www\nM:101:102:750\n');
});
