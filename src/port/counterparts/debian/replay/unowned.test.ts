import { afterEach, describe, expect, test } from 'vitest';
import { directory, file, symlink } from '../../../../fixture/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import type { PathPlan } from '../../../plan-types.ts';
import { specialFiles } from '../../shared/replay/unowned/special-files.ts';
import { elf, installed, type PackageSpec, sha256 } from './packages.test-support.ts';
import { type Scene, sceneOf, textOf } from './replay.test-support.ts';

const scenes: Scene[] = [];
afterEach(() => {
  for (const scene of scenes.splice(0)) scene.remove();
});

const x86 = elf('amd64');
const arm = elf('arm64');
const lib = 'usr/lib/x86_64-linux-gnu';
const armLib = 'usr/lib/aarch64-linux-gnu';
const java = 'usr/lib/jvm/java-17-openjdk-amd64';
const armJava = 'usr/lib/jvm/java-17-openjdk-arm64';

const amd64: PackageSpec = {
  name: 'foo',
  architecture: 'amd64',
  files: [
    file(`${lib}/libfoo.so.1`, x86),
    file(`${lib}/gconv/gconv-modules`, 'alias'),
    file(`${java}/bin/java`, elf('amd64', 'java')),
    file('usr/bin/foo', elf('amd64', 'foo')),
    file('usr/lib/foo/changed.py', 'x86'),
    file('usr/lib/foo/same.py', 'same'),
    file(`${lib}/foo/own.py`, 'own'),
  ],
};
const arm64: PackageSpec = {
  name: 'foo',
  architecture: 'arm64',
  files: [
    file(`${armLib}/libfoo.so.1`, arm),
    file(`${armLib}/gconv/gconv-modules`, 'alias'),
    file(`${armJava}/bin/java`, elf('arm64', 'java')),
    file('usr/bin/foo', elf('arm64', 'foo')),
    file('usr/lib/foo/changed.py', 'arm'),
    file('usr/lib/foo/same.py', 'same'),
    file(`${armLib}/foo/own.py`, 'own'),
  ],
};

/** The package, and files that nobody's package has. */
async function withUnowned(...unowned: readonly TarMember[]): Promise<Scene> {
  const made = await sceneOf({ layers: [[...installed([amd64]), ...unowned]], offered: [arm64] });
  scenes.push(made);
  expect(made.plan.refusals).toEqual([]);
  return made;
}

const planAt = ({ plan }: Scene, path: string): PathPlan | undefined => plan.paths.get(path);

describe('a file that no package has', () => {
  test('is left alone where it is neutral, and where it is machine code', async () => {
    const made = await withUnowned(file('srv/data', 'data'), file('opt/app', elf('amd64', 'app')));
    expect(planAt(made, 'srv/data')).toBeUndefined();
    expect(planAt(made, 'opt/app')).toBeUndefined();
  });

  test('moves with a directory of packages that is named for the architecture', async () => {
    const made = await withUnowned(file(`${lib}/foo.cfg`, 'x86_64-linux-gnu'), directory(`${lib}/empty`));
    expect(planAt(made, `${lib}/foo.cfg`)).toMatchObject({ action: 'rename', to: `${armLib}/foo.cfg` });
    const view = await made.ported();
    expect(view.lookup(lib)).toBeUndefined();
    expect(view.lookup(`${armLib}/foo.cfg`)?.entry.sha256).toBe(sha256('x86_64-linux-gnu'));
    expect(view.lookup(`${armLib}/empty`)?.entry.kind).toBe('directory');
  });

  test('stays with machine code that nothing answers for', async () => {
    const made = await withUnowned(
      file(`${lib}/mine/data`, 'data'),
      file(`${lib}/mine/libmine.so`, elf('amd64', 'mine')),
      file(`${lib}/alone.cfg`, 'x'),
    );
    expect(planAt(made, `${lib}/mine/data`)).toBeUndefined();
    expect(planAt(made, `${lib}/alone.cfg`)).toMatchObject({ action: 'rename' });
    expect(planAt(made, lib)).toBeUndefined();
    expect((await made.ported()).lookup(`${lib}/mine/libmine.so`)).toBeDefined();
  });

  test("is replaced where it is a copy of a package's program", async () => {
    const made = await withUnowned(file('opt/my-foo', elf('amd64', 'foo'), 0o700));
    expect(planAt(made, 'opt/my-foo')).toMatchObject({
      action: 'replace',
      why: 'a copy of the packaged /usr/bin/foo',
      with: { sha256: sha256(elf('arm64', 'foo')) },
    });
    expect((await made.ported()).lookup('opt/my-foo')?.entry.mode).toBe(0o700);
  });
});

describe('bytecode of Python', () => {
  const pyc = (folder: string, name: string): string => `${folder}/__pycache__/${name}.cpython-311.pyc`;

  test('goes where its source changed or moved, and stays where it did not', async () => {
    const [changed, same, moved] = [
      pyc('usr/lib/foo', 'changed'),
      pyc('usr/lib/foo', 'same'),
      pyc(`${lib}/foo`, 'own'),
    ];
    const made = await withUnowned(file(changed, 'a'), file(same, 'b'), file(moved, 'c'));
    expect(planAt(made, changed)).toMatchObject({ action: 'drop' });
    expect(planAt(made, same)).toBeUndefined();
    expect(planAt(made, moved)).toMatchObject({ action: 'drop' });
  });
});

describe('a link that no package has', () => {
  const javaLink = 'etc/alternatives/java';

  test.each([
    ['absolute', javaLink, `/${java}/bin/java`, `/${armJava}/bin/java`],
    ['relative', 'usr/lib/jvm/java-17', 'java-17-openjdk-amd64', 'java-17-openjdk-arm64'],
    ['from elsewhere', 'opt/libfoo.so', `../${lib}/libfoo.so.1`, `../${armLib}/libfoo.so.1`],
    [
      'through a link',
      'opt/libfoo.so',
      '/links/x86_64-linux-gnu/libfoo.so.1',
      '/links/aarch64-linux-gnu/libfoo.so.1',
    ],
  ])('leads to where its target is now: %s', async (_how, path, linkName, now) => {
    const made = await withUnowned(symlink(path, linkName), symlink('links', 'usr/lib'));
    expect(planAt(made, path)).toMatchObject({ action: 'replace', with: { kind: 'symlink', linkName: now } });
    expect((await made.ported()).resolve(path).found).toBe(true);
  });

  test('moves with its directory, and still leads there', async () => {
    const made = await withUnowned(
      symlink(`${lib}/libfoo.so`, 'libfoo.so.1'),
      symlink(`${lib}/up`, '../../bin/foo'),
      symlink(`${lib}/absolute`, `/${lib}/libfoo.so.1`),
    );
    expect(planAt(made, `${lib}/libfoo.so`)).toMatchObject({ action: 'rename', to: `${armLib}/libfoo.so` });
    expect(planAt(made, `${lib}/absolute`)).toMatchObject({
      to: `${armLib}/absolute`,
      with: { linkName: `/${armLib}/libfoo.so.1` },
    });
    const view = await made.ported();
    for (const name of ['libfoo.so', 'up', 'absolute'])
      expect(view.resolve(`${armLib}/${name}`).found).toBe(true);
  });

  test('goes with its target, also over another link, and is noted', async () => {
    const made = await sceneOf({
      layers: [
        [
          ...installed([{ ...amd64, files: [file('usr/bin/x32', x86)] }]),
          symlink('opt/b', '/opt/a'),
          symlink('opt/a', '/usr/bin/x32'),
        ],
      ],
      offered: [{ ...arm64, files: [] }],
    });
    scenes.push(made);
    expect(planAt(made, 'opt/a')).toMatchObject({ action: 'drop' });
    expect(planAt(made, 'opt/b')).toMatchObject({ action: 'drop' });
    expect(made.plan.notes).toContain('links dropped, for what they lead to is gone: /opt/a, /opt/b');
  });

  test('that led nowhere leads there still', async () => {
    const made = await withUnowned(symlink('opt/nowhere', `/${lib}/nothing`));
    expect(planAt(made, 'opt/nowhere')).toBeUndefined();
  });
});

describe('files that tools made for the old architecture', () => {
  test('each have a reason', () => {
    for (const { why } of specialFiles) expect(why).not.toBe('');
  });

  test.each([
    'var/cache/ldconfig/aux-cache',
    'var/cache/apt/pkgcache.bin',
    'var/cache/apt/archives/foo_1.0-1_amd64.deb',
    'var/lib/apt/lists/deb.example.org_debian_dists_stable_main_binary-amd64_Packages.lz4',
    `${lib}/gconv/gconv-modules.cache`,
    `${java}/lib/server/classes.jsa`,
  ])('%s goes', async (path) => {
    expect(planAt(await withUnowned(file(path, 'made')), path)).toMatchObject({ action: 'drop' });
  });

  test("Mono's compiled assemblies go, machine code as they are", async () => {
    const path = 'usr/lib/mono/aot-cache/amd64/mcs.exe.so';
    expect(planAt(await withUnowned(file(path, elf('amd64', 'ahead'))), path)).toMatchObject({
      action: 'drop',
    });
  });

  test.each([
    'var/cache/apt/archives/foo_1.0-1_all.deb',
    'var/lib/apt/lists/x_binary-all_Packages',
    'etc/ld.so.cache',
  ])('%s stays, or is for others', async (path) => {
    expect(planAt(await withUnowned(file(path, 'made')), path)).toBeUndefined();
  });

  test('are respelled where they name paths', async () => {
    const cache = `${lib}/gdk-pixbuf-2.0/2.10.0/loaders.cache`;
    const made = await withUnowned(file(cache, `"/${lib}/gdk-pixbuf-2.0/2.10.0/loaders/x.so"\n"xpm" 4\n`));
    const view = await made.ported();
    expect(textOf(view, cache.replace('x86_64', 'aarch64'))).toBe(
      `"/${armLib}/gdk-pixbuf-2.0/2.10.0/loaders/x.so"\n"xpm" 4\n`,
    );
  });

  test('move where they name no path', async () => {
    const cache = `${lib}/gio/modules/giomodule.cache`;
    const made = await withUnowned(file(cache, 'libgiognutls.so: gio-tls-backend\n'));
    expect(planAt(made, cache)).toMatchObject({
      action: 'rename',
      to: `${armLib}/gio/modules/giomodule.cache`,
    });
  });
});
