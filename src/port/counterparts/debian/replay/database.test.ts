import { afterEach, describe, expect, test } from 'vitest';
import { file, symlink } from '../../../../fixture/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import { elf, infoPath, installed, md5, type PackageSpec } from './packages.test-support.ts';
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
const libfoo: PackageSpec = {
  name: 'libfoo1',
  version: '1.0-1',
  architecture: 'amd64',
  fields: { ...same, Depends: 'libc6 (>= 2.34)', Description: 'foo\nfor x86\n.\nmore' },
  files: [file(`${lib}/libfoo.so.1`, elf('amd64'))],
  control: { postinst: '#!/bin/sh\n', triggers: 'activate-noawait ldconfig\n', symbols: 'amd64 symbols\n' },
};
const armFoo: PackageSpec = {
  ...libfoo,
  version: '1.0-1+b1',
  architecture: 'arm64',
  fields: {
    ...same,
    Depends: 'libc6 (>= 2.17)',
    Description: 'foo\nfor arm\n.\nmore',
    Source: 'foo (1.0-1)',
  },
  files: [file(`${armLib}/libfoo.so.1`, elf('arm64'))],
  control: { postinst: '#!/bin/sh\n', triggers: 'activate-noawait ldconfig\n', shlibs: 'libfoo 1 libfoo1\n' },
};
const text: PackageSpec = {
  name: 'text',
  architecture: 'all',
  files: [file('usr/share/text/a', 'a')],
};

const with_ = (spec: PackageSpec, more: Partial<PackageSpec>): PackageSpec => ({ ...spec, ...more });

/** The two packages with further files of the database, and the new image's text of one of them. */
async function rewritten(path: string, body: string, at = path): Promise<string> {
  const layer = [...installed([libfoo, text]), file(path, body)];
  const made = await scene({ layers: [layer], offered: [armFoo] });
  return textOf(await made.ported(), at);
}

describe('the status file', () => {
  test("has the new package's fields in dpkg's order, and the state as it was", async () => {
    const layer = installed([libfoo, text], { states: { libfoo1: 'hold ok installed' } });
    const made = await scene({ layers: [layer], offered: [armFoo] });
    expect(textOf(await made.ported(), 'var/lib/dpkg/status')).toBe(
      [
        'Package: libfoo1',
        'Status: hold ok installed',
        'Architecture: arm64',
        'Multi-Arch: same',
        'Source: foo (1.0-1)',
        'Version: 1.0-1+b1',
        'Depends: libc6 (>= 2.17)',
        'Description: foo',
        ' for arm',
        ' .',
        ' more',
        '',
        'Package: text',
        'Status: install ok installed',
        'Version: 1.0-1',
        'Architecture: all',
        '',
        '',
      ].join('\n'),
    );
  });

  test('keeps the order, what is pending, and paragraphs that it knows nothing of', async () => {
    const odd =
      'Package: zzz\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\nNote: \xe9\n\n';
    const gone = 'Package: aaa\nStatus: unknown ok not-installed\nArchitecture: amd64\n\n';
    const pending = with_(libfoo, { fields: { ...libfoo.fields, 'Triggers-Pending': 'ldconfig' } });
    const members = installed([pending], { states: { libfoo1: 'install ok triggers-pending' } });
    const status = members.find(({ name }) => name === 'var/lib/dpkg/status')?.body as Buffer;
    const body = Buffer.concat([Buffer.from(odd, 'latin1'), status, Buffer.from(gone)]);
    const layer = [
      ...members.filter(({ name }) => name !== 'var/lib/dpkg/status'),
      file('var/lib/dpkg/status', body),
    ];
    const made = await scene({ layers: [layer], offered: [armFoo] });
    const view = await made.ported();
    const there = view.lookup('var/lib/dpkg/status');
    const now = Buffer.from((there && view.content(there)) ?? []).toString('latin1');
    expect(now.startsWith(odd.replace('amd64', 'arm64'))).toBe(true);
    expect(now.endsWith(gone.replace('amd64', 'arm64'))).toBe(true);
    expect(now).toContain('Status: install ok triggers-pending\n');
    expect(now).toContain('\nTriggers-Pending: ldconfig\n');
  });

  test('has the sums of what the new package brings for configuration files, and keeps obsolete ones', async () => {
    const conffiles = ['etc/foo.conf', 'etc/x86.conf', 'etc/mine.conf'];
    const files = conffiles.map((path) => file(path, 'x86'));
    const layer = installed([with_(libfoo, { files, conffiles })]).map((member) =>
      member.name === 'etc/mine.conf' ? file('etc/mine.conf', 'mine') : member,
    );
    const now = { conffiles: ['etc/foo.conf'], files: [file('etc/foo.conf', 'arm')] };
    const made = await scene({ layers: [layer], offered: [with_(armFoo, now)] });
    const view = await made.ported();
    expect(textOf(view, 'var/lib/dpkg/status')).toContain(
      `Conffiles:\n /etc/foo.conf ${md5('arm')}\n /etc/mine.conf ${md5('x86')} obsolete\n`,
    );
    expect(textOf(view, 'var/lib/dpkg/info/libfoo1:arm64.list')).toBe(
      '/.\n/etc\n/etc/foo.conf\n/etc/mine.conf\n',
    );
  });
});

describe('the files about a package', () => {
  test("are the new package's, under its architecture's name", async () => {
    const made = await scene({ layers: [installed([libfoo, text])], offered: [armFoo] });
    const view = await made.ported();
    const names = view.list('var/lib/dpkg/info').map(({ path }) => path.slice('var/lib/dpkg/info/'.length));
    expect(names).toEqual([
      'libfoo1:arm64.list',
      'libfoo1:arm64.md5sums',
      'libfoo1:arm64.postinst',
      'libfoo1:arm64.shlibs',
      'libfoo1:arm64.triggers',
      'text.list',
      'text.md5sums',
    ]);
    expect(textOf(view, infoPath(armFoo, 'list'))).toBe(
      `/.\n/usr\n/usr/lib\n/${armLib}\n/${armLib}/libfoo.so.1\n`,
    );
    expect(textOf(view, infoPath(armFoo, 'md5sums'))).toBe(`${md5(elf('arm64'))}  ${armLib}/libfoo.so.1\n`);
  });

  test('list what the image left out all the same', async () => {
    const doc = file('usr/share/doc/libfoo1/copyright', 'free');
    const [old, now] = [libfoo, armFoo].map((one) => with_(one, { files: [...(one.files ?? []), doc] }));
    const layer = installed([old as PackageSpec]).filter(({ name }) => name !== doc.name);
    const made = await scene({ layers: [layer], offered: [now as PackageSpec] });
    const view = await made.ported();
    expect(textOf(view, infoPath(armFoo, 'list'))).toContain('/usr/share/doc/libfoo1/copyright\n');
    expect(view.lookup(String(doc.name))).toBeUndefined();
  });

  test('have sums made where a package brings none', async () => {
    const made = await scene({
      layers: [installed([libfoo])],
      offered: [with_(armFoo, { withoutSums: true })],
    });
    expect(textOf(await made.ported(), infoPath(armFoo, 'md5sums'))).toBe(
      `${md5(elf('arm64'))}  ${armLib}/libfoo.so.1\n`,
    );
  });

  test('of a removed package get the name of its new architecture', async () => {
    const members = installed([libfoo], { states: { libfoo1: 'deinstall ok config-files' } }).filter(
      ({ name }) => !/\.(?:md5sums|symbols|triggers|postinst)$|\.so/.test(String(name)),
    );
    const made = await scene({ layers: [members], offered: [] });
    expect((await made.portedDatabase()).packages).toMatchObject([
      {
        name: 'libfoo1',
        architecture: 'arm64',
        state: 'config-files',
        infoFiles: new Map([['list', infoPath(armFoo, 'list')]]),
      },
    ]);
  });
});

describe('the tables', () => {
  test.each([
    ['arch', 'amd64\ni386\n', 'arm64\ni386\n'],
    ['arch-native', 'amd64\n', 'arm64\n'],
    ['statoverride', `root root 2755 /${lib}/libfoo.so.1\n`, `root root 2755 /${armLib}/libfoo.so.1\n`],
    ['triggers/ldconfig', 'libfoo1:amd64/noawait\nother\n', 'libfoo1:arm64/noawait\nother\n'],
    ['available', 'Package: x\nArchitecture: amd64\n', ''],
  ])('%s', async (name, before, now) => {
    expect(await rewritten(`var/lib/dpkg/${name}`, before)).toBe(now);
  });

  test('of automatically installed packages', async () => {
    const before = 'Package: libfoo1\nArchitecture: amd64\nAuto-Installed: 1\n\n';
    expect(await rewritten('var/lib/apt/extended_states', before)).toBe(before.replace('amd64', 'arm64'));
  });

  test('of triggers on files name the paths that the new packages wait for', async () => {
    const triggers = (path: string): Pick<PackageSpec, 'control'> => ({
      control: { triggers: `interest-noawait /${path}/modules\ninterest /usr/share/foo\n` },
    });
    const layer = [
      ...installed([with_(libfoo, triggers(lib)), text]),
      file(
        'var/lib/dpkg/triggers/File',
        `/${lib}/modules libfoo1:amd64/noawait\n/usr/share/foo libfoo1:amd64\n/x text\n`,
      ),
    ];
    const made = await scene({ layers: [layer], offered: [with_(armFoo, triggers(armLib))] });
    expect(textOf(await made.ported(), 'var/lib/dpkg/triggers/File')).toBe(
      `/${armLib}/modules libfoo1:arm64/noawait\n/usr/share/foo libfoo1:arm64\n/x text\n`,
    );
  });

  test('of alternatives, whose names may have the architecture, with their links', async () => {
    const name = 'libblas.so.3-x86_64-linux-gnu';
    const record = (folder: string): string =>
      `auto\n/${folder}/libblas.so.3\n\n/${folder}/libfoo.so.1\n10\n\n`;
    const layer: TarMember[] = [
      ...installed([libfoo]),
      symlink(`${lib}/libblas.so.3`, `/etc/alternatives/${name}`),
      symlink(`etc/alternatives/${name}`, `/${lib}/libfoo.so.1`),
      file(`var/lib/dpkg/alternatives/${name}`, record(lib)),
    ];
    const made = await scene({ layers: [layer], offered: [armFoo] });
    const view = await made.ported();
    expect(textOf(view, 'var/lib/dpkg/alternatives/libblas.so.3-aarch64-linux-gnu')).toBe(record(armLib));
    expect(view.resolve(`${armLib}/libblas.so.3`)).toMatchObject({
      entry: { path: `${armLib}/libfoo.so.1` },
    });
    expect(view.lookup(`etc/alternatives/${name}`)).toBeUndefined();
  });

  test('that dpkg keeps as copies go', async () => {
    const layer = [...installed([libfoo]), file('var/lib/dpkg/status-old', 'old')];
    const made = await scene({ layers: [layer], offered: [armFoo] });
    expect((await made.ported()).lookup('var/lib/dpkg/status-old')).toBeUndefined();
  });
});

describe('a distroless image', () => {
  test("has the new packages' control files and sums", async () => {
    const record = (spec: PackageSpec): string =>
      `Package: ${spec.name}\nVersion: ${spec.version}\nArchitecture: ${spec.architecture}\n`;
    const sums = `${md5(elf('amd64'))}  ./${lib}/libfoo.so.1\n`;
    const layer = [
      ...(libfoo.files ?? []),
      symlink(`${lib}/libfoo.so`, 'libfoo.so.1'),
      file('var/lib/dpkg/status.d/libfoo1', record(libfoo)),
      file('var/lib/dpkg/status.d/libfoo1.md5sums', sums),
    ];
    const now = with_(armFoo, {
      files: [...(armFoo.files ?? []), symlink(`${armLib}/libfoo.so`, 'libfoo.so.1')],
    });
    const made = await scene({ layers: [layer], offered: [now] });
    const view = await made.ported();
    expect(textOf(view, 'var/lib/dpkg/status.d/libfoo1')).toContain('Architecture: arm64\n');
    expect(textOf(view, 'var/lib/dpkg/status.d/libfoo1.md5sums')).toContain(md5(elf('arm64')));
    expect(view.lookup(lib)).toBeUndefined();
    expect(view.resolve(`${armLib}/libfoo.so`).found).toBe(true);
  });
});
