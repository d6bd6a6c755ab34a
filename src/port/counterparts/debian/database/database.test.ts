import { describe, expect, test } from 'vitest';
import { directory, file, symlink } from '../../../../fixture/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import { viewOf } from '../parts.test-support.ts';
import { type PackageDatabase, readDatabase } from './index.ts';

const status = `Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u10
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
 /etc/old file.conf 0123456789abcdef0123456789abcdef obsolete

Package: dash
Essential: yes
Status: install ok installed
Architecture: amd64
Version: 0.5.12-2

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: ancient
Status: purge ok config-files

Package: never
Status: unknown ok not-installed

Package: adduser
Status: hold ok installed
Architecture: all
Multi-Arch: foreign
Version: 3.134
`;

const md5 = '0123456789abcdef0123456789abcdef';
const info = 'var/lib/dpkg/info';

const base: readonly TarMember[] = [
  symlink('lib', 'usr/lib'),
  symlink('bin', 'usr/bin'),
  directory('usr/lib/x86_64-linux-gnu'),
  file('usr/lib/x86_64-linux-gnu/libc.so.6', 'c'),
  file('usr/bin/dash', 'd'),
  symlink('usr/bin/sh', 'dash'),
  file('var/lib/dpkg/status', status),
  file('var/lib/dpkg/arch', 'amd64\ni386\n'),
  file(`${info}/libc6:amd64.list`, '/.\n/lib\n/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu/libc.so.6\n'),
  file(`${info}/libc6:amd64.md5sums`, `${md5}  lib/x86_64-linux-gnu/libc.so.6\n`),
  file(`${info}/libc6:amd64.triggers`, '# comment\nactivate-noawait ldconfig\n\ninterest /usr/lib\n'),
  file(`${info}/libc6:amd64.postinst`, '#!/bin/sh\n'),
  file(`${info}/dash.list`, '/.\n/bin\n/bin/dash\n/bin/sh\n/usr/share/doc/dash/missing\n'),
  file(`${info}/adduser.list`, '/.\n/usr\n/usr/sbin/adduser\n'),
];

async function databaseOf(...layers: readonly (readonly TarMember[])[]): Promise<PackageDatabase> {
  const reading = readDatabase(await viewOf(...layers));
  if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
  return reading.database;
}

function named(database: PackageDatabase, name: string) {
  const found = database.packages.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no package ${name}`);
  return found;
}

describe("dpkg's database", () => {
  test('has its packages, those that are not installed left out', async () => {
    const database = await databaseOf(base);
    expect(database.form).toBe('dpkg');
    expect(database.packages.map(({ name, state }) => [name, state])).toEqual([
      ['libc6', 'installed'],
      ['dash', 'installed'],
      ['gone', 'config-files'],
      ['ancient', 'config-files'],
      ['adduser', 'installed'],
    ]);
    expect(named(database, 'libc6')).toMatchObject({
      architecture: 'amd64',
      version: '2.36-9+deb12u10',
      source: { name: 'glibc', version: '2.36-9+deb12u10' },
      multiArch: 'same',
      essential: false,
      triggers: [
        { directive: 'activate-noawait', name: 'ldconfig' },
        { directive: 'interest', name: '/usr/lib' },
      ],
      conffiles: [
        {
          path: 'etc/ld.so.conf.d/x86_64-linux-gnu.conf',
          md5: 'd4e7a7b88a71b5ffd9e2644e71a0cfab',
          obsolete: false,
        },
        { path: 'etc/old file.conf', md5, obsolete: true },
      ],
    });
    expect(named(database, 'dash').essential).toBe(true);
    expect(named(database, 'adduser').want).toBe('hold');
  });

  test('knows which package owns a path, through the links of a merged /usr', async () => {
    const database = await databaseOf(base);
    const owners = (path: string) => database.ownersOf(path).map(({ name }) => name);
    expect(owners('usr/lib/x86_64-linux-gnu/libc.so.6')).toEqual(['libc6']);
    expect(owners('usr/bin/sh')).toEqual(['dash']);
    expect(owners('usr/bin/other')).toEqual([]);
    expect(owners('usr/share/doc/dash/missing')).toEqual(['dash']);
    expect(named(database, 'libc6').files?.at(-1)).toEqual({
      listed: 'lib/x86_64-linux-gnu/libc.so.6',
      path: 'usr/lib/x86_64-linux-gnu/libc.so.6',
    });
    // A link is owned itself, not what it points to.
    expect(owners('lib')).toEqual(['libc6']);
  });

  test('has the sums as listed, and the files about a package by their kinds', async () => {
    const libc = named(await databaseOf(base), 'libc6');
    expect(libc.md5sums?.get('lib/x86_64-linux-gnu/libc.so.6')).toBe(md5);
    expect([...libc.infoFiles.keys()].sort()).toEqual(['list', 'md5sums', 'postinst', 'triggers']);
    expect(libc.infoFiles.get('list')).toBe(`${info}/libc6:amd64.list`);
  });

  test('takes the native architecture from dpkg, and lists the others', async () => {
    expect(await databaseOf(base)).toMatchObject({
      nativeArchitecture: 'amd64',
      foreignArchitectures: ['i386'],
    });
    const told = [...base, file('var/lib/dpkg/arch-native', 'i386\n')];
    expect(await databaseOf(told)).toMatchObject({
      nativeArchitecture: 'i386',
      foreignArchitectures: ['amd64'],
    });
  });

  test('the upper layer wins', async () => {
    const upper = [
      file(
        'var/lib/dpkg/status',
        'Package: x\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n',
      ),
    ];
    expect((await databaseOf(base, upper)).packages.map(({ name }) => name)).toEqual(['x']);
  });

  test('diverted files are where they were diverted to, but for the package that did it', async () => {
    const diversions = '/bin/sh\n/bin/sh.distrib\ndash\n/usr/sbin/adduser\n/usr/sbin/adduser.real\n:\n';
    const database = await databaseOf([...base, file('var/lib/dpkg/diversions', diversions)]);
    expect(database.diversions).toEqual([
      { from: 'bin/sh', to: 'bin/sh.distrib', by: 'dash' },
      { from: 'usr/sbin/adduser', to: 'usr/sbin/adduser.real' },
    ]);
    expect(named(database, 'dash').files).toContainEqual({ listed: 'bin/sh', path: 'usr/bin/sh' });
    expect(named(database, 'adduser').files).toContainEqual({
      listed: 'usr/sbin/adduser',
      path: 'usr/sbin/adduser.real',
      divertedBy: '',
    });
  });

  test('stat overrides and alternatives are read', async () => {
    const alternative =
      'auto\n/usr/bin/editor\neditor.1\n/usr/share/man/man1/editor.1.gz\n\n/bin/ed\n-100\n/usr/share/man/man1/ed.1.gz\n/usr/bin/vim\n30\n\n\n';
    const database = await databaseOf([
      ...base,
      file(
        'var/lib/dpkg/statoverride',
        'root ssl-cert 710 /etc/ssl/private\nroot #7 4755 /usr/bin/with blank\n',
      ),
      file('var/lib/dpkg/alternatives/editor', alternative),
      symlink('etc/alternatives/editor', '/usr/bin/vim'),
    ]);
    expect(database.statOverrides).toEqual([
      { user: 'root', group: 'ssl-cert', mode: 0o710, path: 'etc/ssl/private' },
      { user: 'root', group: '#7', mode: 0o4755, path: 'usr/bin/with blank' },
    ]);
    const [editor] = database.alternatives;
    expect(editor).toMatchObject({
      name: 'editor',
      mode: 'auto',
      link: 'usr/bin/editor',
      current: '/usr/bin/vim',
    });
    expect(editor?.choices).toEqual([
      { path: 'bin/ed', priority: -100, followers: new Map([['editor.1', 'usr/share/man/man1/ed.1.gz']]) },
      { path: 'usr/bin/vim', priority: 30, followers: new Map() },
    ]);
    expect(database.problems).toEqual([]);
  });

  test('a name that is not UTF-8 is spelled as in the view', async () => {
    const name = Buffer.from([0x61, 0xff]);
    const path = Buffer.concat([Buffer.from('usr/bin/'), name]);
    const list = Buffer.concat([Buffer.from('/bin/'), name, Buffer.from('\n')]);
    const members = base.filter((member) => member.name !== `${info}/dash.list`);
    const view = await viewOf([
      ...members,
      { name: path, body: Buffer.from('x') },
      file(`${info}/dash.list`, list),
    ]);
    const reading = readDatabase(view);
    const odd = view.list('usr/bin').find((entry) => entry.path.startsWith('usr/bin/a'));
    expect(reading.kind === 'read' && reading.database.ownersOf(odd?.path ?? '')).toMatchObject([
      { name: 'dash' },
    ]);
  });
});

describe('what is missing', () => {
  test('an image without packages has no database', async () => {
    expect(readDatabase(await viewOf([file('etc/passwd', '')]))).toEqual({ kind: 'none' });
  });

  test('a damaged list of packages is unreadable, with its line', async () => {
    const view = await viewOf([
      file(
        'var/lib/dpkg/status',
        'Package: x\nStatus: install ok installed\nVersion: 1 2\nArchitecture: amd64\n',
      ),
    ]);
    expect(readDatabase(view)).toMatchObject({
      kind: 'unreadable',
      text: expect.stringContaining('line 1: the package x has the version "1 2"'),
    });
  });

  test('a database that was not kept is unreadable, not empty', async () => {
    const view = await viewOf([symlink('var/lib/dpkg/status', '/data/status'), file('data/status', status)]);
    expect(readDatabase(view)).toMatchObject({ kind: 'unreadable', path: 'var/lib/dpkg/status' });
  });

  test('a missing list leaves what the package owns unknown', async () => {
    const database = await databaseOf(base.filter(({ name }) => name !== `${info}/dash.list`));
    expect(named(database, 'dash').files).toBeUndefined();
    expect(database.problems).toEqual([
      { path: 'var/lib/dpkg/status', text: 'the list of the files of dash is missing' },
    ]);
  });

  test('malformed tables are problems', async () => {
    const database = await databaseOf([
      ...base,
      file('var/lib/dpkg/diversions', '/a\n/b\n'),
      file('var/lib/dpkg/statoverride', 'nonsense\n'),
      file('var/lib/dpkg/alternatives/broken', 'sometimes\n'),
    ]);
    expect(database.problems.map(({ path }) => path)).toEqual([
      'var/lib/dpkg/diversions',
      'var/lib/dpkg/statoverride',
      'var/lib/dpkg/alternatives/broken',
    ]);
  });
});

describe('distroless images', () => {
  test('have a file a package, and own what has a sum', async () => {
    const database = await databaseOf([
      file(
        'var/lib/dpkg/status.d/libssl3',
        'Package: libssl3\nVersion: 3.0.15-1\nArchitecture: amd64\nSource: openssl\n',
      ),
      file('var/lib/dpkg/status.d/libssl3.md5sums', `${md5}  ./usr/lib/x86_64-linux-gnu/libssl.so.3\n`),
      file('var/lib/dpkg/status.d/base', 'Package: base-files\nVersion: 12\nArchitecture: amd64\n'),
    ]);
    expect(database).toMatchObject({ form: 'distroless', nativeArchitecture: 'amd64', problems: [] });
    expect(database.packages.map(({ name, state }) => [name, state])).toEqual([
      ['base-files', 'installed'],
      ['libssl3', 'installed'],
    ]);
    expect(database.ownersOf('usr/lib/x86_64-linux-gnu/libssl.so.3')).toMatchObject([{ name: 'libssl3' }]);
    expect(named(database, 'base-files').files).toBeUndefined();
  });
});

test('a database of many packages with many shared folders is read in linear time', async () => {
  const names = Array.from({ length: 2000 }, (_, at) => `p${at}`);
  const members = names.map((name) =>
    file(
      `${info}/${name}.list`,
      `/.\n/usr\n/usr/share\n${Array.from({ length: 20 }, (_, at) => `/usr/share/${name}-${at}`).join('\n')}\n`,
    ),
  );
  const packages = names.map(
    (name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n`,
  );
  const view = await viewOf([file('var/lib/dpkg/status', packages.join('\n')), ...members]);
  const started = performance.now();
  const reading = readDatabase(view);
  expect(performance.now() - started).toBeLessThan(2000);
  expect(reading.kind === 'read' && reading.database.ownersOf('usr/share').length).toBe(2000);
});
