import { afterEach, describe, expect, test } from 'vitest';
import { file, symlink, whiteout } from '../../../../fixture/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import { elf, infoPath, installed, type PackageSpec, sha256 } from './packages.test-support.ts';
import { type Scene, type SceneSpec, sceneOf, textOf } from './replay.test-support.ts';

const scenes: Scene[] = [];
afterEach(() => {
  for (const scene of scenes.splice(0)) scene.remove();
});

async function scene(spec: SceneSpec): Promise<Scene> {
  const made = await sceneOf(spec);
  scenes.push(made);
  return made;
}

const lib = 'usr/lib/x86_64-linux-gnu';
const armLib = 'usr/lib/aarch64-linux-gnu';
const same = { 'Multi-Arch': 'same' };

function library(
  name: string,
  architecture: 'amd64' | 'arm64',
  more: Partial<PackageSpec> = {},
): PackageSpec {
  const folder = architecture === 'amd64' ? lib : armLib;
  const files = [file(`${folder}/${name}.so.1`, elf(architecture, name))];
  return { name, architecture, fields: same, files, ...more };
}

const libc = library('libc6', 'amd64');
const armLibc = library('libc6', 'arm64', { version: '1.0-2' });
const text: PackageSpec = { name: 'text', architecture: 'all', files: [file('usr/share/text', 'a')] };
const bases = { oldBase: [installed([libc, text])], newBase: [installed([armLibc, text])] };
const foo = library('libfoo1', 'amd64');
const armFoo = library('libfoo1', 'arm64');

/** What dpkg writes above a base: the new packages' files, and its whole record. */
function above(all: readonly PackageSpec[], own: readonly PackageSpec[]): readonly TarMember[] {
  const status = installed(all).filter(({ name }) => name === 'var/lib/dpkg/status');
  return [...installed(own).filter(({ name }) => name !== 'var/lib/dpkg/status'), ...status];
}

describe('with a base', () => {
  test("its unchanged packages need no counterpart, and are the sibling's in the record", async () => {
    const made = await scene({ ...bases, layers: [above([libc, text, foo], [foo])], offered: [armFoo] });
    expect(made.plan.refusals).toEqual([]);
    const database = await made.portedDatabase();
    expect(
      database.packages.map(({ name, version, architecture }) => `${name} ${version} ${architecture}`),
    ).toEqual(['libc6 1.0-2 arm64', 'text 1.0-1 all', 'libfoo1 1.0-1 arm64']);
    expect(database.problems).toEqual([]);
    const view = await made.ported();
    expect(view.lookup(`${armLib}/libfoo1.so.1`)?.entry.sha256).toBe(sha256(elf('arm64', 'libfoo1')));
    expect(view.lookup(`${armLib}/libc6.so.1`)?.layer).toBe(0);
    expect(view.lookup(lib)).toBeUndefined();
  });

  test('a hold on one of its packages stays', async () => {
    const layer = above([libc, text, foo], [foo]).map((member) =>
      member.name === 'var/lib/dpkg/status'
        ? file(
            'var/lib/dpkg/status',
            Buffer.from(member.body as Uint8Array)
              .toString()
              .replace('install ok', 'hold ok'),
          )
        : member,
    );
    const made = await scene({ ...bases, layers: [layer], offered: [armFoo] });
    expect((await made.portedDatabase()).packages[0]).toMatchObject({
      name: 'libc6',
      version: '1.0-2',
      want: 'hold',
    });
  });

  test('nothing is planned where no layer above it has packages', async () => {
    const made = await scene({ ...bases, layers: [[file('srv/x', 'x')]], offered: [] });
    expect(made.plan).toEqual({ paths: new Map(), added: [], vouched: [], refusals: [], notes: [] });
  });

  test('packages that only its sibling has are in the record', async () => {
    const extra = library('libatomic1', 'arm64');
    const made = await scene({
      ...bases,
      newBase: [installed([armLibc, text, extra])],
      layers: [above([libc, text, foo], [foo])],
      offered: [armFoo],
    });
    expect((await made.portedDatabase()).packages.map(({ name }) => name)).toContain('libatomic1');
  });

  test('packages that its sibling lacks are not in the record, with a note', async () => {
    const microcode = library('microcode', 'amd64');
    const made = await scene({
      oldBase: [installed([libc, microcode])],
      newBase: [installed([armLibc])],
      layers: [above([libc, microcode, foo], [foo])],
      offered: [armFoo],
    });
    expect((await made.portedDatabase()).packages.map(({ name }) => name)).toEqual(['libc6', 'libfoo1']);
    expect(made.plan.notes).toEqual(['microcode is not in the new image: the new base does not have it']);
  });

  test('links above it lead to where its files are in the sibling', async () => {
    const layer = [symlink('opt/libc', `/${lib}/libc6.so.1`), symlink('opt/gone', `/${lib}/old`)];
    const made = await scene({
      oldBase: [[...installed([libc]), file(`${lib}/old`, 'x')]],
      newBase: [installed([armLibc])],
      layers: [layer],
      offered: [],
    });
    expect(made.plan.paths.get('opt/libc')).toMatchObject({ with: { linkName: `/${armLib}/libc6.so.1` } });
    expect(made.plan.paths.get('opt/gone')).toMatchObject({ action: 'drop' });
  });
});

describe('a package of the base that is upgraded above it', () => {
  const old = library('libz1', 'amd64');
  const sibling = library('libz1', 'arm64', {
    files: [
      file(`${armLib}/libz1.so.1`, elf('arm64', 'old')),
      file(`${armLib}/libz-arm.so`, elf('arm64', 'z')),
    ],
    control: { postinst: '#!/bin/sh\n' },
  });
  const upgraded = library('libz1', 'amd64', { version: '2.0-1' });
  const armUpgraded = library('libz1', 'arm64', { version: '2.0-1' });

  test('has its new files over those of the sibling, whose own are hidden', async () => {
    const made = await scene({
      oldBase: [installed([old])],
      newBase: [installed([sibling])],
      layers: [installed([upgraded])],
      offered: [armUpgraded],
    });
    const view = await made.ported();
    expect(view.lookup(`${armLib}/libz1.so.1`)?.entry.sha256).toBe(sha256(elf('arm64', 'libz1')));
    expect(view.lookup(`${armLib}/libz-arm.so`)).toBeUndefined();
    expect(view.lookup(infoPath(sibling, 'postinst'))).toBeUndefined();
    expect((await made.portedDatabase()).packages).toMatchObject([
      { version: '2.0-1', architecture: 'arm64' },
    ]);
    expect(view.lookup(lib)).toBeUndefined();
  });

  test('takes the configuration file of the base along that dpkg had no reason to write', async () => {
    const conffiles = ['etc/z.conf'];
    const conf = file('etc/z.conf', 'same');
    const having = (spec: PackageSpec): PackageSpec => ({
      ...spec,
      conffiles,
      files: [...(spec.files ?? []), conf],
    });
    const layer = installed([having(upgraded)]).filter(({ name }) => name !== 'etc/z.conf');
    const made = await scene({
      oldBase: [installed([having(old)])],
      newBase: [installed([having(sibling)])],
      layers: [layer],
      offered: [having(armUpgraded)],
    });
    const view = await made.ported();
    expect(view.lookup('etc/z.conf')).toMatchObject({ layer: 0 });
    expect(textOf(view, 'var/lib/dpkg/status')).toContain('/etc/z.conf');
  });
});

describe('a package of the base that is removed above it', () => {
  const old = library('libz1', 'amd64', {
    files: [file(`${lib}/libz1.so.1`, elf('amd64')), file('usr/share/z', 'z')],
  });
  const sibling = library('libz1', 'arm64', {
    files: [
      file(`${armLib}/libz1.so.1`, elf('arm64')),
      file('usr/share/z', 'z'),
      file(`${armLib}/libz-arm.so`, elf('arm64', 'z')),
    ],
  });
  const removal = [
    ...['usr/share/z', `${lib}/libz1.so.1`, infoPath(old, 'list'), infoPath(old, 'md5sums')].map(whiteout),
    ...above([libc], []).filter(({ name }) => name === 'var/lib/dpkg/status'),
  ];

  test('is gone with all that the sibling has of it', async () => {
    const made = await scene({
      oldBase: [installed([libc, old])],
      newBase: [installed([armLibc, sibling])],
      layers: [removal],
      offered: [],
    });
    expect(made.plan.added.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      `whiteout ${armLib}/libz-arm.so`,
    ]);
    const view = await made.ported();
    for (const path of [
      'usr/share/z',
      `${armLib}/libz1.so.1`,
      `${armLib}/libz-arm.so`,
      infoPath(sibling, 'list'),
    ])
      expect(view.lookup(path), path).toBeUndefined();
    expect((await made.portedDatabase()).packages.map(({ name }) => name)).toEqual(['libc6']);
  });

  test('leaves alone what another package of the sibling has too', async () => {
    const sharing = library('libc6', 'arm64', { files: [file(`${armLib}/libz-arm.so`, elf('arm64', 'z'))] });
    const made = await scene({
      oldBase: [installed([libc, old])],
      newBase: [installed([sharing, sibling])],
      layers: [removal],
      offered: [],
    });
    expect(made.plan.added).toEqual([]);
  });

  test('may have had what the sibling has not, or under another name', async () => {
    const [loader, armLoader] = ['usr/lib64/ld-linux-x86-64.so.2', 'usr/lib/ld-linux-aarch64.so.1'];
    const own = (spec: PackageSpec, ...paths: readonly string[]): PackageSpec => ({
      ...spec,
      files: [...(spec.files ?? []), ...paths.map((path) => file(path, path))],
    });
    const lists = 'var/lib/apt/lists/x_binary-amd64_Packages';
    const hidden = [`${lib}/libmvec.so.1`, loader, lists, `${lib}/mine`].map(whiteout);
    const made = await scene({
      oldBase: [
        [
          ...installed([libc, own(old, `${lib}/libmvec.so.1`, loader)]),
          file(lists, 'x'),
          file(`${lib}/mine`, 'x'),
        ],
      ],
      newBase: [[...installed([armLibc, own(sibling, armLoader)]), file(`${armLib}/mine`, 'x')]],
      layers: [[...removal, ...hidden]],
      offered: [],
    });
    const plans = made.plan.paths;
    expect(plans.get(`${lib}/.wh.libmvec.so.1`)).toMatchObject({ action: 'drop' });
    expect(plans.get('var/lib/apt/lists/.wh.x_binary-amd64_Packages')).toMatchObject({ action: 'drop' });
    expect(plans.get(`${lib}/.wh.mine`)).toBeUndefined();
    const view = await made.ported();
    expect(view.lookup(armLoader)).toBeUndefined();
    expect(view.lookup(`${armLib}/mine`)).toBeUndefined();
  });
});

describe('packages in several layers', () => {
  const v1 = library('libfoo1', 'amd64', {
    version: '1',
    files: [file(`${lib}/libfoo1.so.1`, elf('amd64', 'v1')), file(`${lib}/libold.so`, elf('amd64', 'old'))],
  });
  const v2 = library('libfoo1', 'amd64', {
    version: '2',
    files: [file(`${lib}/libfoo1.so.1`, elf('amd64', 'v2')), file('usr/share/doc/libfoo1/copyright', 'free')],
  });
  const armV2 = library('libfoo1', 'arm64', {
    version: '2',
    files: [
      file(`${armLib}/libfoo1.so.1`, elf('arm64', 'v2')),
      file('usr/share/doc/libfoo1/copyright', 'free'),
      file('usr/share/doc/libfoo1/README', 'arm'),
      file('usr/bin/arm-only', elf('arm64', 'only')),
    ],
  });

  test('are those of the highest, and what a layer deletes stays deleted', async () => {
    const made = await scene({
      layers: [
        installed([v1]),
        [...installed([v2]), whiteout(`${lib}/libold.so`)],
        [whiteout('usr/share/doc/libfoo1'), file('srv/x', 'x')],
      ],
      offered: [armV2],
    });
    expect(made.plan.added.map(({ path, layer }) => `${layer} ${path}`)).toEqual(['1 usr/bin/arm-only']);
    const view = await made.ported();
    expect(view.lookup(`${armLib}/libfoo1.so.1`)).toMatchObject({
      layer: 1,
      entry: { sha256: sha256(elf('arm64', 'v2')) },
    });
    for (const path of ['usr/share/doc/libfoo1', `${lib}/libold.so`, `${armLib}/libold.so`])
      expect(view.lookup(path), path).toBeUndefined();
    const code = [...view.entries()].filter(({ entry }) => entry.facts?.kind === 'elf');
    expect(code.map(({ path }) => path)).toEqual(['usr/bin/arm-only', `${armLib}/libfoo1.so.1`]);
  });
});
