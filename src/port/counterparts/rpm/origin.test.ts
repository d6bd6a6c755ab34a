import { beforeAll, expect, test } from 'vitest';
import { executable, file, symlink, writeElf } from '../../../fixture/index.ts';
import type { RpmSettings } from '../../options.ts';
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
import { readRpmDatabase } from './database.ts';
import { rpmOrigin } from './origin.ts';
import {
  type Keys,
  type MadeRpm,
  makeKeys,
  type RpmSpec,
  repositoryOf,
  rpmOf,
  system,
} from './rpm.test-support.ts';
import { type InstallOptions, installed, installedBlob, rowsIn } from './rpm-database.test-support.ts';

let keys: Keys;
let stranger: Keys;
beforeAll(async () => {
  [keys, stranger] = [await makeKeys('us'), await makeKeys('somebody else')];
});

type Named = Omit<RpmSpec, 'architecture'>;
type Machine = 'amd64' | 'arm64';

const word = (machine: Machine): 'x86_64' | 'aarch64' => (machine === 'amd64' ? 'x86_64' : 'aarch64');
const tool = (machine: Machine, more: Partial<Named> = {}): Named => ({
  name: 'tool',
  files: [
    executable('usr/bin/tool', elf(machine, 'tool')),
    executable('usr/lib64/libtool.so.1', elf(machine, 'lib', 'libtool.so.1')),
    symlink('usr/lib64/libtool.so', 'libtool.so.1'),
    file('etc/tool.conf', 'color = red\n'),
    file('usr/share/doc/tool/README', 'read me'),
    symlink(`usr/lib/.build-id/${machine === 'amd64' ? 'aa/11' : 'bb/22'}`, '../../../../usr/bin/tool'),
  ],
  config: ['etc/tool.conf'],
  docs: ['usr/share/doc/tool/README'],
  ghosts: ['var/log/tool.log'],
  provides: [`tool(${word(machine)})`],
  ...more,
});
const both = (
  make: (machine: Machine) => Named,
  by: Keys | undefined = keys,
): Promise<readonly [MadeRpm, MadeRpm]> =>
  Promise.all([
    rpmOf({ ...make('amd64'), architecture: 'x86_64' }, by),
    rpmOf({ ...make('arm64'), architecture: 'aarch64' }, by),
  ]);

interface Case {
  readonly old: readonly MadeRpm[];
  readonly offered: readonly MadeRpm[];
  readonly layers?: Layers;
  readonly settings?: RpmSettings;
  readonly install?: InstallOptions;
  readonly answers?: (honest: Map<string, Answer>) => Map<string, Answer>;
}

async function planned({
  old,
  offered,
  layers = [],
  settings,
  install,
  answers = (all) => all,
}: Case): Promise<Scene> {
  const server = await serve(answers(repositoryOf(offered)));
  return sceneOf({
    origin: rpmOrigin(settings),
    layers: [[...system(server.url, keys), ...installed(old, install)], ...layers],
  });
}

const databasePath = 'var/lib/rpm/rpmdb.sqlite';
const databaseBytes = async (scene: Scene): Promise<Uint8Array> => {
  const view = await scene.ported();
  const there = view.lookup(databasePath);
  return (there && view.content(there)) ?? new Uint8Array(0);
};

test('packages of the same version take the place of those that are there, and the database says so', async () => {
  const [old, now] = await both(tool);
  const scene = await planned({ old: [old], offered: [now] });
  expect(scene.plan.refusals).toEqual([]);
  expect(fates(scene)).toMatchObject({
    'usr/bin/tool': 'replace',
    'usr/lib64/libtool.so.1': 'replace',
    'usr/lib64/libtool.so': 'keep',
    'etc/tool.conf': 'replace',
    'usr/lib/.build-id/aa/11': 'drop',
    'usr/lib/.build-id/bb/22': 'add',
    [databasePath]: 'replace',
  });
  const bytes = await databaseBytes(scene);
  const [row] = rowsIn(bytes, 'SELECT hnum, blob FROM Packages');
  expect(row?.['hnum']).toBe(1);
  expect(Buffer.from(row?.['blob'] as Uint8Array).equals(installedBlob(now))).toBe(true);
  expect([...bytes.subarray(18, 20)]).toEqual([2, 2]);
  const [honest] = installed([now]).filter(({ name }) => name === databasePath);
  for (const table of ['Name', 'Basenames', 'Providename', 'Requirename'])
    expect(rowsIn(bytes, `SELECT * FROM ${table} ORDER BY hnum, idx`)).toEqual(
      rowsIn(honest?.body as Uint8Array, `SELECT * FROM ${table} ORDER BY hnum, idx`),
    );
  expect(scene.plan.materials).toMatchObject([
    {
      origin: 'rpm',
      name: 'tool',
      version: '1.0-1.el9',
      purl: 'pkg:rpm/fedora/tool@1.0-1.el9?arch=aarch64',
      signers: [expect.stringMatching(/^[0-9A-F]{40}$/)],
    },
  ]);
});

test('packages for all architectures stay as they are', async () => {
  const data = await rpmOf(
    { name: 'data', architecture: 'noarch', files: [file('usr/share/data/a', 'a')] },
    keys,
  );
  const [old, now] = await both(tool);
  const scene = await planned({ old: [data, old], offered: [now] });
  expect(scene.plan.refusals).toEqual([]);
  expect(fates(scene)).not.toHaveProperty('usr/share/data/a');
  const rows = rowsIn(await databaseBytes(scene), 'SELECT blob FROM Packages ORDER BY hnum');
  expect(Buffer.from(rows[0]?.['blob'] as Uint8Array).equals(installedBlob(data))).toBe(true);
});

test('a file that was altered is kept where it is neutral, and refused where it is machine code', async () => {
  const [old, now] = await both(tool);
  const scene = await planned({
    old: [old],
    offered: [now],
    layers: [[file('etc/tool.conf', 'color = blue\n'), executable('usr/bin/tool', elf('amd64', 'patched'))]],
  });
  expect(scene.plan.refusals).toMatchObject([
    { path: 'usr/bin/tool', kind: 'altered', guess: 'rpm: tool 1.0-1.el9', waivable: true },
  ]);
  expect(fates(scene)).toMatchObject({ 'etc/tool.conf': 'keep' });
});

test('documentation that was left out stays out, in the files and in the database', async () => {
  const [old, now] = await both(tool);
  const states = { 'usr/share/doc/tool/README': 2 };
  const scene = await planned({ old: [old], offered: [now], install: { states } });
  expect(scene.plan.refusals).toEqual([]);
  expect(fates(scene)).not.toHaveProperty('usr/share/doc/tool/README');
  const [row] = rowsIn(await databaseBytes(scene), 'SELECT blob FROM Packages');
  expect(Buffer.from(row?.['blob'] as Uint8Array).equals(installedBlob(now, states))).toBe(true);
});

test('links and records that name paths of the architecture lead to where things are now', async () => {
  const java = (machine: Machine): Named => ({
    name: 'java',
    files: [executable(`usr/lib/jvm/java-17.${word(machine)}/bin/java`, elf(machine, 'java'))],
  });
  const [old, now] = await both(java);
  const [before, after] = ['x86_64', 'aarch64'].map((name) => `/usr/lib/jvm/java-17.${name}/bin/java`);
  const scene = await planned({
    old: [old],
    offered: [now],
    layers: [
      [
        symlink('etc/alternatives/java', before ?? ''),
        file('var/lib/alternatives/java', `auto\n/usr/bin/java\n\n${before}\n1700\n`),
        file('etc/rpm/platform', 'x86_64-redhat-linux\n'),
      ],
    ],
  });
  expect(scene.plan.refusals).toEqual([]);
  const view = await scene.ported();
  expect(view.lookup('etc/alternatives/java')?.entry.linkName).toBe(after);
  expect(textOf(view, 'var/lib/alternatives/java')).toBe(`auto\n/usr/bin/java\n\n${after}\n1700\n`);
  expect(textOf(view, 'etc/rpm/platform')).toBe('aarch64-redhat-linux\n');
  expect(view.lookup('usr/lib/jvm/java-17.x86_64')).toBeUndefined();
});

test("payloads in rpm's form for large files are read too", async () => {
  const [old] = await both(tool);
  const [, now] = await both((machine) => tool(machine, { payload: 'large' }));
  const scene = await planned({ old: [old], offered: [now] });
  expect(scene.plan.refusals).toEqual([]);
  expect(fates(scene)).toMatchObject({ 'usr/bin/tool': 'replace' });
});

test('a package that the target needs besides is added, and refused where its scripts would have to run', async () => {
  const [old] = await both(tool);
  const [, now] = await both((machine) =>
    tool(machine, { requires: ['libatomic.so.1()(64bit)', 'rpmlib(PayloadFilesHavePrefix)'] }),
  );
  const atomic = (post?: string): Promise<MadeRpm> =>
    rpmOf(
      {
        ...{ name: 'libatomic', architecture: 'aarch64', provides: ['libatomic.so.1()(64bit)'] },
        files: [executable('usr/lib64/libatomic.so.1', elf('arm64', 'atomic', 'libatomic.so.1'))],
        ...(post === undefined ? {} : { post }),
      },
      keys,
    );
  const scene = await planned({ old: [old], offered: [now, await atomic()] });
  expect(scene.plan.refusals).toEqual([]);
  expect(fates(scene)).toMatchObject({ 'usr/lib64/libatomic.so.1': 'add' });
  expect(rowsIn(await databaseBytes(scene), 'SELECT key, hnum FROM Name ORDER BY hnum')).toEqual([
    { key: 'tool', hnum: 1 },
    { key: 'libatomic', hnum: 2 },
  ]);
  const refused = await planned({ old: [old], offered: [now, await atomic('touch /ready')] });
  expect(refused.plan.refusals).toMatchObject([
    { kind: 'package', why: expect.stringContaining('post script') },
  ]);
  const missing = await planned({ old: [old], offered: [now] });
  expect(missing.plan.refusals).toMatchObject([{ why: expect.stringContaining('libatomic.so.1()(64bit)') }]);
});

test('a version that is gone is refused, and upgraded where that is allowed', async () => {
  const [old] = await both((machine) => tool(machine, { epoch: 1 }));
  const [, now] = await both((machine) => tool(machine, { epoch: 1, release: '10.el9' }));
  const scene = await planned({ old: [old], offered: [now] });
  expect(scene.plan.refusals).toMatchObject([
    { kind: 'package', guess: 'rpm: tool 1:1.0-1.el9', why: expect.stringContaining('1:1.0-10.el9') },
  ]);
  expect(scene.plan.refusals[0]?.undetermined).toBeUndefined();
  const upgraded = await planned({ old: [old], offered: [now], settings: { allowUpgrade: true } });
  expect(upgraded.plan.refusals).toEqual([]);
  expect(upgraded.plan.materials).toMatchObject([
    {
      version: '1:1.0-10.el9',
      notes: ['upgraded from 1:1.0-1.el9'],
      purl: 'pkg:rpm/fedora/tool@1.0-10.el9?arch=aarch64&epoch=1',
    },
  ]);
});

test('what no trusted key signed is not taken, unless a person takes it unsigned', async () => {
  const [old] = await both(tool);
  for (const by of [stranger, undefined]) {
    const now = await rpmOf({ ...tool('arm64'), architecture: 'aarch64' }, by);
    const scene = await planned({ old: [old], offered: [now] });
    expect(scene.plan.refusals).toMatchObject([
      { kind: 'package', why: expect.stringContaining('no trusted key signed') },
    ]);
    const unsigned = await planned({ old: [old], offered: [now], settings: { allowUnsigned: true } });
    expect(unsigned.plan.refusals).toEqual([]);
    expect(unsigned.plan.materials).toMatchObject([{ notes: ['taken unsigned'] }]);
  }
});

test('a package that is not what was signed or listed is refused, also where unsigned ones are taken', async () => {
  const [old, now] = await both(tool);
  const bent = (at: number): Buffer => {
    const bytes = Buffer.from(now.bytes);
    bytes[bytes.length + at] = (bytes[bytes.length + at] ?? 0) ^ 1;
    return bytes;
  };
  const served = async (bytes: Buffer, listed: boolean): Promise<string> => {
    const offered = listed ? [{ ...now, bytes }] : [now];
    const path = [...repositoryOf([now]).keys()].find((name) => name.endsWith('.rpm')) ?? '';
    const scene = await planned({
      ...{ old: [old], offered, settings: { allowUnsigned: true } },
      answers: (all) => all.set(path, bytes),
    });
    expect(scene.plan.refusals).toMatchObject([{ kind: 'package', guess: 'rpm: tool 1.0-1.el9' }]);
    expect(scene.plan.refusals[0]?.undetermined).toBeUndefined();
    return scene.plan.refusals[0]?.why ?? '';
  };
  expect(await served(bent(-9), false)).toMatch(/its repository says/);
  expect(await served(bent(-9), true)).toMatch(/not those that its header vouches for/);
  const inHeader = now.bytes.indexOf('color') < 0 ? now.bytes.indexOf('libtool.so.1') : -1;
  expect(await served(bent(inHeader - now.bytes.length), true)).toMatch(
    /signature that is wrong|is no path|says nothing/,
  );
  expect(await served(now.bytes.subarray(0, 300), true)).toMatch(/ends early/);
});

test('a package of another name than the list says is refused', async () => {
  const [old, now] = await both(tool);
  const other = await rpmOf({ ...tool('arm64', { name: 'other' }), architecture: 'aarch64' }, keys);
  const scene = await planned({ old: [old], offered: [{ ...other, spec: now.spec }] });
  expect(scene.plan.refusals).toMatchObject([
    { kind: 'package', why: expect.stringContaining('says of itself that it is other') },
  ]);
});

test('a program of another machine is refused by its file', async () => {
  const [old] = await both(tool);
  const files = [executable('usr/bin/tool', writeElf({ machine: 'riscv64' }))];
  const wrong = await rpmOf({ ...tool('arm64', { files }), architecture: 'aarch64' }, keys);
  const scene = await planned({ old: [old], offered: [wrong] });
  expect(scene.plan.refusals).toMatchObject([{ path: 'usr/bin/tool', kind: 'counterpart' }]);
});

test('a repository that does not answer leaves the question open, and one without the target does not', async () => {
  const [old, now] = await both(tool);
  const list = [...repositoryOf([now]).keys()].find((path) => path.endsWith('.gz')) ?? '';
  const index = 'repo/repodata/repomd.xml';
  const failing: readonly (readonly [string, string, Answer])[] = [
    ['an error', index, (response) => void response.writeHead(503).end()],
    ['rubbish', index, Buffer.from('<html><body>welcome</html>')],
    ['a document type', index, Buffer.from('<!DOCTYPE x [<!ENTITY a "b">]><repomd>&a;</repomd>')],
    ['another list', list, Buffer.from('other')],
  ];
  for (const [what, path, answer] of failing) {
    const scene = await planned({ old: [old], offered: [now], answers: (all) => all.set(path, answer) });
    expect([what, scene.plan.refusals]).toMatchObject([what, [{ kind: 'package', undetermined: true }]]);
  }
  const absent = await planned({ old: [old], offered: [now], answers: () => new Map() });
  expect(absent.plan.refusals).toMatchObject([{ kind: 'package' }]);
  expect(absent.plan.refusals[0]?.undetermined).toBeUndefined();
});

test('lists of mirrors are not followed, and a person may name the repository instead', async () => {
  const [old, now] = await both(tool);
  const server = await serve(repositoryOf([now]));
  const [, ...rest] = system(server.url, keys).filter(({ name }) => !String(name).endsWith('.repo'));
  const layers = [
    [
      ...rest,
      file(
        'etc/yum.repos.d/fedora.repo',
        '[fedora]\nmetalink=https://mirrors.example/metalink?repo=fedora-$releasever\n',
      ),
      ...installed([old]),
    ],
  ];
  const scene = await sceneOf({ origin: rpmOrigin(), layers });
  expect(scene.plan.refusals).toMatchObject([
    {
      undetermined: true,
      why: expect.stringContaining('metalink'),
      lift: expect.stringContaining('--rpm-repo'),
    },
  ]);
  const named = await sceneOf({ origin: rpmOrigin({ repositories: [`${server.url}/repo/`] }), layers });
  expect(named.plan.refusals).toEqual([]);
});

test('packages of the base come from its sibling, and only those above it are asked for', async () => {
  const [oldLibrary, newLibrary] = await both((machine) => ({
    name: 'library',
    files: [executable('usr/lib64/library.so.1', elf(machine, 'x', 'library.so.1'))],
    provides: [`library.so.1(${word(machine)})`],
  }));
  const [old, now] = await both((machine) => tool(machine, { requires: [`library.so.1(${word(machine)})`] }));
  const server = await serve(repositoryOf([now]));
  const above = installed([oldLibrary, old]).filter(({ name }) => !/library/.test(String(name)));
  const scene = await sceneOf({
    origin: rpmOrigin(),
    oldBase: [[...system(server.url, keys), ...installed([oldLibrary])]],
    newBase: [[...system(server.url, keys), ...installed([newLibrary])]],
    layers: [above],
  });
  expect(scene.plan.refusals).toEqual([]);
  expect(server.asked.filter((path) => path.endsWith('.rpm'))).toHaveLength(1);
  const reading = await readRpmDatabase(await scene.ported(), scene.cache);
  if (reading.kind !== 'read') throw new TypeError('no database');
  expect(reading.database.packages.map(({ name, architecture }) => `${name} ${architecture}`)).toEqual([
    'library aarch64',
    'tool aarch64',
  ]);
});

test('databases in forms that are not rewritten are refused, and damaged ones are undetermined', async () => {
  const none = await sceneOf({ origin: rpmOrigin(), layers: [[file('etc/motd', 'hello')]] });
  expect(none.plan).toMatchObject({ refusals: [], added: [] });
  for (const [path, form] of [
    ['usr/lib/sysimage/rpm/Packages.db', 'ndb'],
    ['var/lib/rpm/Packages', 'Berkeley DB'],
  ] as const) {
    const scene = await sceneOf({ origin: rpmOrigin(), layers: [[file(path, 'bytes')]] });
    expect(scene.plan.refusals).toMatchObject([
      { path, kind: 'package', waivable: true, why: expect.stringContaining(form) },
    ]);
  }
  const [old] = await both(tool);
  const [database] = installed([old]).filter(({ name }) => name === databasePath);
  const honest = database?.body as Uint8Array;
  const damaged: readonly Uint8Array[] = [
    Buffer.from('SQLite format 3\0 and nothing more'),
    Buffer.from('text'),
    honest.subarray(0, 5000),
    Buffer.from(honest).fill(0xff, 4096),
  ];
  for (const bytes of damaged) {
    const scene = await sceneOf({ origin: rpmOrigin(), layers: [[file(databasePath, bytes)]] });
    expect(scene.plan.refusals).toMatchObject([{ path: databasePath, undetermined: true }]);
  }
  const log = [file(databasePath, honest), file(`${databasePath}-wal`, 'changes')];
  const unwritten = await sceneOf({ origin: rpmOrigin(), layers: [log] });
  expect(unwritten.plan.refusals).toMatchObject([{ path: `${databasePath}-wal`, undetermined: true }]);
});
