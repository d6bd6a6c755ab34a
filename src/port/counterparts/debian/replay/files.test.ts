import { afterEach, describe, expect, test } from 'vitest';
import { zipOf } from '../../../../audit/foreign/artifacts.test-support.ts';
import { directory, file, symlink } from '../../../../fixture/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import type { PathPlan } from '../../../plan-types.ts';
import { elf, installed, type PackageSpec, sha256 } from './packages.test-support.ts';
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

type Half = Omit<PackageSpec, 'name' | 'architecture'>;

/** One package, as the image has it and as the archive has it for the target; `change` alters the image's layer. */
async function onePackage(
  amd64: Half,
  arm64: Half,
  change: (members: readonly TarMember[]) => readonly TarMember[] = (members) => members,
  more: Partial<SceneSpec> = {},
): Promise<Scene> {
  const old: PackageSpec = { name: 'foo', architecture: 'amd64', ...amd64 };
  const layer = change(installed([old]));
  return scene({
    layers: [layer],
    offered: [{ name: 'foo', architecture: 'arm64', ...arm64 }],
    ...more,
  });
}

const without =
  (...paths: string[]) =>
  (members: readonly TarMember[]): readonly TarMember[] =>
    members.filter(({ name }) => !paths.includes(String(name)));
const having =
  (...more: TarMember[]) =>
  (members: readonly TarMember[]): readonly TarMember[] => [
    ...members.filter(({ name }) => !more.some((one) => one.name === name)),
    ...more,
  ];

const planAt = ({ plan }: Scene, path: string): PathPlan | undefined => plan.paths.get(path);
const addedTo = ({ plan }: Scene): readonly string[] => plan.added.map(({ path }) => path);
const x86 = elf('amd64');
const arm = elf('arm64');
const lib = 'usr/lib/x86_64-linux-gnu';
const armLib = 'usr/lib/aarch64-linux-gnu';

describe('a file that both packages have', () => {
  test('with the same content is kept, whatever it is', async () => {
    const same = { files: [file('usr/share/foo/table', 'same'), file('usr/share/foo/firmware', x86)] };
    const made = await onePackage(same, same);
    expect(planAt(made, 'usr/share/foo/table')).toMatchObject({ action: 'keep' });
    expect(planAt(made, 'usr/share/foo/firmware')).toMatchObject({
      action: 'keep',
      why: 'the same in foo 1.0-1 (arm64)',
    });
  });

  test('is replaced where the image has it unaltered, with the mode and attributes that the image gave it', async () => {
    const made = await onePackage(
      { files: [file('usr/bin/foo', x86, 0o755)] },
      { files: [{ ...file('usr/bin/foo', arm, 0o755), mtime: 77 }] },
      having({ ...file('usr/bin/foo', x86, 0o4755), uid: 7 }),
    );
    expect(planAt(made, 'usr/bin/foo')).toMatchObject({
      action: 'replace',
      mtime: 77,
      with: { kind: 'file', sha256: sha256(arm), origin: 'foo 1.0-1 (arm64)' },
    });
    const there = (await made.ported()).lookup('usr/bin/foo');
    expect(there?.entry).toMatchObject({ mode: 0o4755, uid: 7, mtime: 77, sha256: sha256(arm) });
  });

  test('is refused where machine code was altered', async () => {
    const made = await onePackage(
      { files: [file('usr/bin/foo', x86)] },
      { files: [file('usr/bin/foo', arm)] },
      having(file('usr/bin/foo', elf('amd64', 'patched'))),
    );
    expect(planAt(made, 'usr/bin/foo')).toBeUndefined();
    expect(made.plan.refusals).toMatchObject([
      { path: 'usr/bin/foo', kind: 'altered', guess: 'debian: foo 1.0-1', waivable: true },
    ]);
    expect(made.plan.refusals[0]).not.toHaveProperty('undetermined');
  });

  test('stays as it is where it was altered and is neutral, with a note', async () => {
    const made = await onePackage(
      { files: [file('usr/share/foo/text', 'for x86')] },
      { files: [file('usr/share/foo/text', 'for arm')] },
      having(file('usr/share/foo/text', 'mine')),
    );
    expect(planAt(made, 'usr/share/foo/text')).toMatchObject({ action: 'keep' });
    expect(made.plan.notes).toEqual(['altered, and kept so: /usr/share/foo/text']);
    expect(made.plan.refusals).toEqual([]);
  });

  test('stays out where the image lacks it', async () => {
    const files = (text: string) => [file('usr/share/doc/foo/copyright', text), file('usr/bin/foo', text)];
    const made = await onePackage(
      { files: files('old') },
      { files: files('new') },
      without('usr/share/doc/foo/copyright'),
    );
    expect(addedTo(made)).toEqual([]);
    expect((await made.ported()).lookup('usr/share/doc/foo/copyright')).toBeUndefined();
  });

  test('is left to others where they answer for it', async () => {
    const made = await onePackage(
      { files: [file(`${lib}/libfoo.so.1`, x86)] },
      { files: [file(`${armLib}/libfoo.so.1`, arm)] },
      undefined,
      { taken: [`${lib}/libfoo.so.1`] },
    );
    expect(planAt(made, `${lib}/libfoo.so.1`)).toBeUndefined();
    expect(addedTo(made)).toEqual([]);
  });
});

describe('whether a file was altered', () => {
  const [amd64, arm64] = [
    { files: [file('usr/bin/foo', x86)], withoutSums: true as const },
    { files: [file('usr/bin/foo', arm)] },
  ];

  test('is unknown without a sum, and so refused', async () => {
    const made = await onePackage(amd64, arm64);
    expect(made.plan.refusals).toMatchObject([
      { path: 'usr/bin/foo', kind: 'altered', undetermined: true, waivable: true },
    ]);
  });

  test("is told by the old architecture's package, where a source still has it", async () => {
    const original: PackageSpec = { name: 'foo', architecture: 'amd64', ...amd64 };
    const made = await onePackage(amd64, arm64, undefined, { originals: [original] });
    expect(planAt(made, 'usr/bin/foo')).toMatchObject({ action: 'replace' });
    const patched = having(file('usr/bin/foo', elf('amd64', 'patched')));
    const altered = await onePackage(amd64, arm64, patched, { originals: [original] });
    expect(altered.plan.refusals).toMatchObject([{ kind: 'altered' }]);
    expect(altered.plan.refusals[0]).not.toHaveProperty('undetermined');
  });
});

describe('a file that is named for the architecture', () => {
  test('moves to its name on the new one, with its directory', async () => {
    const made = await onePackage(
      { files: [file(`${lib}/libfoo.so.1.2`, x86), symlink(`${lib}/libfoo.so.1`, 'libfoo.so.1.2')] },
      { files: [file(`${armLib}/libfoo.so.1.2`, arm), symlink(`${armLib}/libfoo.so.1`, 'libfoo.so.1.2')] },
    );
    expect(planAt(made, `${lib}/libfoo.so.1.2`)).toMatchObject({
      action: 'replace',
      to: `${armLib}/libfoo.so.1.2`,
    });
    expect(planAt(made, `${lib}/libfoo.so.1`)).toMatchObject({
      action: 'rename',
      to: `${armLib}/libfoo.so.1`,
    });
    expect(planAt(made, lib)).toMatchObject({ action: 'rename', to: armLib });
    const view = await made.ported();
    expect(view.lookup(lib)).toBeUndefined();
    expect(view.resolve(`${armLib}/libfoo.so.1`)).toMatchObject({
      entry: { entry: { sha256: sha256(arm) } },
    });
  });

  test('is found in the middle of a name, and where the spelling has no pattern', async () => {
    const python = 'usr/lib/python3/dist-packages/foo';
    const made = await onePackage(
      {
        files: [
          file(`${python}/_foo.cpython-311-x86_64-linux-gnu.so`, x86),
          file(`${lib}/ld-linux-x86-64.so.2`, elf('amd64', '', 'ld-linux-x86-64.so.2')),
          symlink('lib64/ld-linux-x86-64.so.2', `/${lib}/ld-linux-x86-64.so.2`),
          file('etc/ld.so.conf.d/x86_64-linux-gnu.conf', '/usr/lib/x86_64-linux-gnu\n'),
        ],
        conffiles: ['etc/ld.so.conf.d/x86_64-linux-gnu.conf'],
      },
      {
        files: [
          file(`${python}/_foo.cpython-311-aarch64-linux-gnu.so`, arm),
          file(`${armLib}/ld-linux-aarch64.so.1`, elf('arm64', '', 'ld-linux-aarch64.so.1')),
          symlink('lib/ld-linux-aarch64.so.1', `/${armLib}/ld-linux-aarch64.so.1`),
          file('etc/ld.so.conf.d/aarch64-linux-gnu.conf', '/usr/lib/aarch64-linux-gnu\n'),
        ],
        conffiles: ['etc/ld.so.conf.d/aarch64-linux-gnu.conf'],
      },
    );
    const targets = [...made.plan.paths.values()].flatMap((plan) => ('to' in plan ? [plan.to] : []));
    expect(targets).toEqual(
      expect.arrayContaining([
        `${python}/_foo.cpython-311-aarch64-linux-gnu.so`,
        `${armLib}/ld-linux-aarch64.so.1`,
        'lib/ld-linux-aarch64.so.1',
        'etc/ld.so.conf.d/aarch64-linux-gnu.conf',
      ]),
    );
    expect(made.plan.refusals).toEqual([]);
    const view = await made.ported();
    expect(view.lookup('lib64')).toBeUndefined();
    expect(view.resolve('lib/ld-linux-aarch64.so.1').found).toBe(true);
  });

  test('goes through the links and diversions of the image', async () => {
    const diversions = `/${lib}/libfoo.so\n/${lib}/libfoo.so.diverted\nother\n`;
    const made = await onePackage(
      { files: [file('lib/x86_64-linux-gnu/libbar.so', x86), file(`${lib}/libfoo.so`, x86)] },
      { files: [file('lib/aarch64-linux-gnu/libbar.so', arm), file(`${armLib}/libfoo.so`, arm)] },
      (members) => [
        ...members.filter(({ name }) => !/^(?:lib(?:\/.*)?|usr\/lib\/x86.*libfoo.so)$/.test(String(name))),
        symlink('lib', 'usr/lib'),
        file(`${lib}/libbar.so`, x86),
        file(`${lib}/libfoo.so.diverted`, x86),
        file('var/lib/dpkg/diversions', diversions),
      ],
    );
    expect(planAt(made, `${lib}/libbar.so`)).toMatchObject({ action: 'replace', to: `${armLib}/libbar.so` });
    expect(planAt(made, `${lib}/libfoo.so.diverted`)).toMatchObject({
      action: 'replace',
      to: `${armLib}/libfoo.so.diverted`,
    });
    expect(textOf(await made.ported(), 'var/lib/dpkg/diversions')).toBe(
      `/${armLib}/libfoo.so\n/${armLib}/libfoo.so.diverted\nother\n`,
    );
  });

  test('stays under its name where the same path is in both packages', async () => {
    const made = await onePackage(
      { files: [file('usr/bin/qemu-x86_64', x86), file('usr/bin/qemu-aarch64', elf('amd64', '2'))] },
      { files: [file('usr/bin/qemu-x86_64', arm), file('usr/bin/qemu-aarch64', elf('arm64', '2'))] },
    );
    expect(planAt(made, 'usr/bin/qemu-x86_64')).toMatchObject({ with: { sha256: sha256(arm) } });
    expect(planAt(made, 'usr/bin/qemu-x86_64')).not.toHaveProperty('to');
  });
});

describe('a file that only the old package has', () => {
  test('goes, and programs are noted', async () => {
    const made = await onePackage(
      { files: [file(`${lib}/libmvec.so.1`, x86), file('usr/share/foo/x32', 'x')] },
      {},
    );
    expect(planAt(made, `${lib}/libmvec.so.1`)).toEqual({
      action: 'drop',
      why: 'only the package for amd64 has it',
    });
    expect(planAt(made, 'usr/share/foo/x32')).toMatchObject({ action: 'drop' });
    expect(planAt(made, lib)).toMatchObject({ action: 'drop' });
    expect(made.plan.notes).toEqual([
      `foo has no such program or library on the new architecture: /${lib}/libmvec.so.1`,
    ]);
  });

  test('is refused or kept where it was altered', async () => {
    const made = await onePackage(
      { files: [file('usr/bin/only', x86), file('usr/share/only', 'text')] },
      {},
      having(file('usr/bin/only', elf('amd64', 'patched')), file('usr/share/only', 'mine')),
    );
    expect(made.plan.refusals).toMatchObject([{ path: 'usr/bin/only', kind: 'altered' }]);
    expect(planAt(made, 'usr/share/only')).toMatchObject({ action: 'keep' });
  });
});

describe('a file that only the new package has', () => {
  test("is added to the layer that has the package's list, with its own owner, mode and time", async () => {
    const own = { ...file('usr/bin/arm-only', arm, 0o2755), gid: 42, mtime: 99 };
    const foo = { name: 'foo', architecture: 'amd64' as const, files: [file('usr/bin/foo', x86)] };
    const made = await scene({
      layers: [[file('etc/first', '1')], installed([foo])],
      offered: [{ ...foo, architecture: 'arm64', files: [file('usr/bin/foo', arm), own] }],
    });
    expect(made.plan.added).toMatchObject([
      { path: 'usr/bin/arm-only', kind: 'file', layer: 1, mode: 0o2755, uid: 0, gid: 42, mtime: 99 },
    ]);
  });

  test('is left out where dpkg was told so', async () => {
    const made = await onePackage(
      { files: [file('usr/bin/foo', x86)] },
      {
        files: [
          file('usr/bin/foo', arm),
          file('usr/share/doc/foo/NEWS', 'news'),
          file('usr/share/doc/foo/copyright', 'free'),
        ],
      },
      having(
        file(
          'etc/dpkg/dpkg.cfg.d/docker',
          'path-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n',
        ),
      ),
    );
    expect(addedTo(made)).toEqual(['usr/share/doc/foo/copyright']);
  });

  test('is left out where the image has left out all that the package has in the folder', async () => {
    const made = await onePackage(
      { files: [file('usr/bin/foo', x86), file('usr/share/doc/foo/copyright', 'free')] },
      {
        files: [
          file('usr/bin/foo', arm),
          file('usr/share/doc/foo/copyright', 'free'),
          file('usr/share/doc/foo/changelog.arm64.gz', 'rebuilt'),
        ],
      },
      without('usr/share/doc/foo/copyright'),
    );
    expect(addedTo(made)).toEqual([]);
  });

  test("doesn't take the place of a file that nobody's package has", async () => {
    const made = await onePackage(
      { files: [file('usr/bin/foo', x86)] },
      { files: [file('usr/bin/foo', arm), file('usr/share/foo/table', 'arm')] },
      having(file('usr/share/foo/table', 'mine')),
    );
    expect(addedTo(made)).toEqual([]);
    expect(made.plan.notes).toEqual([
      "the image's own file stays where a package has one too: /usr/share/foo/table",
    ]);
  });

  test('brings its directory where that is not a plain one', async () => {
    const made = await onePackage(
      { files: [file('usr/bin/foo', x86)] },
      { files: [file('usr/bin/foo', arm), { ...directory('var/lib/foo'), mode: 0o700, uid: 5 }] },
    );
    expect(made.plan.added).toMatchObject([{ path: 'var/lib/foo', kind: 'directory', mode: 0o700, uid: 5 }]);
  });
});

describe('a configuration file', () => {
  const conffiles = ['etc/foo.conf'];
  const both = (old: string, now: string): [Half, Half] => [
    { files: [file('etc/foo.conf', old)], conffiles },
    { files: [file('etc/foo.conf', now)], conffiles },
  ];

  test("is the owner's where it was altered, without a note", async () => {
    const made = await onePackage(...both('x86', 'arm'), having(file('etc/foo.conf', 'mine')));
    expect(planAt(made, 'etc/foo.conf')).toMatchObject({ action: 'keep' });
    expect(made.plan.notes).toEqual([]);
  });

  test("is the new package's where it was not", async () => {
    const made = await onePackage(...both('x86', 'arm'));
    expect(planAt(made, 'etc/foo.conf')).toMatchObject({ action: 'replace' });
  });

  test('that was deleted stays away', async () => {
    const made = await onePackage(...both('x86', 'arm'), without('etc/foo.conf'));
    expect(addedTo(made)).toEqual([]);
  });

  test('with another name stays where it was altered, and the new one comes beside it', async () => {
    const [old, now] = ['etc/ld.so.conf.d/x86_64-linux-gnu.conf', 'etc/ld.so.conf.d/aarch64-linux-gnu.conf'];
    const made = await onePackage(
      { files: [file(old, 'x86')], conffiles: [old] },
      { files: [file(now, 'arm')], conffiles: [now] },
      having(file(old, 'mine')),
    );
    expect(planAt(made, old)).toMatchObject({ action: 'keep' });
    expect(addedTo(made)).toEqual([now]);
  });
});

describe('a link of a package', () => {
  test('leads where the new package leads it', async () => {
    const made = await onePackage(
      { files: [symlink('usr/lib/foo/current', `/${lib}/foo`), file(`${lib}/foo/x`, 'x')] },
      { files: [symlink('usr/lib/foo/current', `/${armLib}/foo`), file(`${armLib}/foo/x`, 'x')] },
    );
    expect(planAt(made, 'usr/lib/foo/current')).toMatchObject({
      action: 'replace',
      with: { kind: 'symlink', linkName: `/${armLib}/foo` },
    });
    expect((await made.ported()).resolve('usr/lib/foo/current/x').found).toBe(true);
  });

  test('stays where a person led it elsewhere', async () => {
    const made = await onePackage(
      { files: [symlink('usr/lib/foo/current', 'a')] },
      { files: [symlink('usr/lib/foo/current', 'b')] },
      having(symlink('usr/lib/foo/current', '/opt/mine')),
    );
    expect(planAt(made, 'usr/lib/foo/current')).toMatchObject({ action: 'keep' });
    expect(made.plan.notes).toEqual(['a link that was altered, and kept so: /usr/lib/foo/current']);
  });

  test('and a file may take each other’s place', async () => {
    const made = await onePackage(
      { files: [file('usr/bin/a', x86), symlink('usr/bin/b', 'a')] },
      { files: [symlink('usr/bin/a', 'b'), file('usr/bin/b', arm, 0o755)] },
    );
    expect(planAt(made, 'usr/bin/a')).toMatchObject({ with: { kind: 'symlink', linkName: 'b' } });
    expect(planAt(made, 'usr/bin/b')).toMatchObject({ with: { kind: 'file', mode: 0o755 } });
  });

  test('that is hard, is a name of the same new file', async () => {
    const link = (name: string): TarMember => ({ name, type: 'hardlink', linkName: 'usr/bin/perl' });
    const made = await onePackage(
      { files: [file('usr/bin/perl', x86), link('usr/bin/perl5')] },
      { files: [file('usr/bin/perl', arm), link('usr/bin/perl5')] },
    );
    const view = await made.ported();
    expect(view.links('usr/bin/perl')).toEqual(['usr/bin/perl', 'usr/bin/perl5']);
    expect(view.lookup('usr/bin/perl5')?.entry.sha256).toBe(sha256(arm));
  });
});

describe('a counterpart', () => {
  test('without machine code is refused', async () => {
    const made = await onePackage(
      { files: [file('usr/bin/foo', x86)] },
      { files: [file('usr/bin/foo', 'text')] },
    );
    expect(made.plan.refusals).toMatchObject([{ path: 'usr/bin/foo', kind: 'counterpart' }]);
  });

  test('with code of the old machine, as data may be, is left to the audit of the result', async () => {
    const made = await onePackage(
      { files: [file('usr/lib/foo/boot', x86)] },
      { files: [file('usr/lib/foo/boot', elf('amd64', 'rebuilt'))] },
    );
    expect(made.plan.refusals).toEqual([]);
    expect(planAt(made, 'usr/lib/foo/boot')).toMatchObject({ action: 'replace' });
  });

  test('that is an archive may hold code that only the old architecture has any of', async () => {
    const archive = (data: Uint8Array) => zipOf([{ name: 'lib/libvector.so', data: Buffer.from(data) }]);
    const made = await onePackage(
      { files: [file('usr/lib/jvm/vector.jmod', archive(x86))] },
      { files: [file('usr/lib/jvm/vector.jmod', archive(Buffer.from('none here')))] },
    );
    expect(made.plan.refusals).toEqual([]);
    expect(planAt(made, 'usr/lib/jvm/vector.jmod')).toMatchObject({ action: 'replace' });
  });

  test('that is a library of another name is refused', async () => {
    const made = await onePackage(
      { files: [file(`${lib}/libfoo.so`, elf('amd64', '', 'libfoo.so.1'))] },
      { files: [file(`${armLib}/libfoo.so`, elf('arm64', '', 'libfoo.so.2'))] },
    );
    expect(made.plan.refusals).toMatchObject([{ path: `${lib}/libfoo.so`, kind: 'counterpart' }]);
  });
});

describe('foreign code that Debian has on the new architecture too', () => {
  const boot = file('usr/lib/boot/image', Buffer.concat([Buffer.from('data'), x86]));

  test('is vouched for in a package that is for all architectures', async () => {
    const made = await scene({
      layers: [installed([{ name: 'boot', architecture: 'all', files: [boot] }])],
      offered: [],
    });
    expect(made.plan.vouched).toEqual(['usr/lib/boot/image']);
  });

  test('is not where it was altered', async () => {
    const layer = installed([{ name: 'boot', architecture: 'all', files: [boot] }]);
    const altered = file('usr/lib/boot/image', Buffer.concat([Buffer.from('other'), x86]));
    const made = await scene({
      layers: [layer.map((member) => (member.name === 'usr/lib/boot/image' ? altered : member))],
      offered: [],
    });
    expect(made.plan.vouched).toEqual([]);
  });

  test("is vouched for in the new architecture's own package", async () => {
    const made = await onePackage({ files: [boot] }, { files: [boot] });
    expect(made.plan.vouched).toEqual(['usr/lib/boot/image']);
  });
});
