// RPM packages that rpmbuild made and rpm installed are ported, and rpm finds nothing wrong with what comes out.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RpmHeader } from '../../src/port/counterparts/rpm/header.ts';
import { indexTables } from '../../src/port/counterparts/rpm/index-tables.ts';
import { rowsIn } from '../../src/port/counterparts/rpm/rpm-database.test-support.ts';
import { tags } from '../../src/port/counterparts/rpm/tags.ts';
import { compareVersions } from '../../src/port/counterparts/rpm/version.ts';
import { sharedPortWorld } from '../../src/port/shared-world.test-support.ts';
import { imageOfFolder, unpackArm64 } from '../support/package-roots.ts';
import { armload, exec, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const programs = ['rpm', 'rpmbuild', 'rpmsign', 'createrepo_c', 'gpg', 'gcc', 'aarch64-linux-gnu-gcc'];
const here =
  process.arch === 'x64' &&
  process.getuid?.() === 0 &&
  (await hasPrograms(...programs, 'qemu-aarch64-static'));

const folder = temporaryFolder();
const [top, gnupg] = [join(folder.path, 'top'), join(folder.path, 'gnupg')];
const repository = join(folder.path, 'repository');
const world = sharedPortWorld();
let server: Server;
const gpgProgram = here ? (await exec('sh', '-c', 'command -v gpg')).trim() : '';
const database = 'var/lib/rpm/rpmdb.sqlite';

type Machine = 'x86_64' | 'aarch64';
const compilers = { x86_64: 'gcc', aarch64: 'aarch64-linux-gnu-gcc' };

/** Three packages: programs, a library and data; payloads of three kinds, scripts, links, a file that is only claimed. */
const greet = (machine: Machine): string => `Name: greet
Version: 1.2
Release: 3
Epoch: 2
Summary: greets
License: MIT
Requires: greet-data, libgreet = 1.0
%global _build_id_links none
%description
greets
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc %{buildroot}/usr/share/doc/greet %{buildroot}/var/log %{buildroot}/srv/greet
${compilers[machine]} -O1 -static -o %{buildroot}/usr/bin/greet %{_sourcedir}/greet.c
ln %{buildroot}/usr/bin/greet %{buildroot}/usr/bin/greet-again
ln -s greet %{buildroot}/usr/bin/hello
echo 'color = red' > %{buildroot}/etc/greet.conf
echo 'read me' > %{buildroot}/usr/share/doc/greet/README
touch %{buildroot}/var/log/greet.log %{buildroot}/usr/bin/empty
%post
echo installed
%postun -p /sbin/ldconfig
%triggerin -- libgreet
echo triggered
%files
%attr(4755,root,root) /usr/bin/greet
/usr/bin/greet-again
/usr/bin/hello
/usr/bin/empty
%config(noreplace) /etc/greet.conf
%doc /usr/share/doc/greet/README
%ghost /var/log/greet.log
%dir %attr(0750,root,root) /srv/greet
`;
const library = (machine: Machine): string => `Name: libgreet
Version: 1.0
Release: 1
Summary: a library
License: MIT
%description
a library
%install
mkdir -p %{buildroot}/usr/lib64
${compilers[machine]} -shared -fPIC -Wl,-soname,libgreet.so.1 -o %{buildroot}/usr/lib64/libgreet.so.1 %{_sourcedir}/lib.c
ln -s libgreet.so.1 %{buildroot}/usr/lib64/libgreet.so
%files
/usr/lib64/libgreet.so.1
/usr/lib64/libgreet.so
%post -p /sbin/ldconfig
`;
/** The C library as Fedora lays it out: the loader has a place of its own on each machine. */
const loaders = {
  x86_64: '/lib64/ld-linux-x86-64.so.2',
  aarch64: '/lib/ld-linux-aarch64.so.1',
};
const libraries = { x86_64: '/lib/x86_64-linux-gnu', aarch64: '/usr/aarch64-linux-gnu/lib' };
const glibc = (machine: Machine): string => `Name: glibc
Version: 2.36
Release: 1
Summary: C library
License: LGPL
AutoReqProv: no
Provides: libc.so.6()(64bit)
%global _build_id_links none
%description
C library
%install
mkdir -p %{buildroot}/lib64 %{buildroot}/lib %{buildroot}/usr/bin
cp ${libraries[machine]}/${loaders[machine].replace(/^.*\//, '')} %{buildroot}${loaders[machine]}
cp ${libraries[machine]}/libc.so.6 %{buildroot}/lib64/libc.so.6
${compilers[machine]} -O1 -o %{buildroot}/usr/bin/dynamic %{_sourcedir}/dynamic.c %{_topdir}/libgreet-${machine}.so
%files
${loaders[machine]}
/lib64/libc.so.6
/usr/bin/dynamic
`;
const data = `Name: greet-data
Version: 7
Release: 1
Summary: data
License: MIT
BuildArch: noarch
%description
data
%install
mkdir -p %{buildroot}/usr/share/greet
echo 'good morning' > %{buildroot}/usr/share/greet/text
%files
%dir /usr/share/greet
/usr/share/greet/text
`;
const source = `#include <stdio.h>
#include <sys/utsname.h>
int main(void) {
  char text[64] = "";
  FILE *file = fopen("/usr/share/greet/text", "r");
  struct utsname name;
  if (file == NULL || fgets(text, sizeof text, file) == NULL || uname(&name) != 0) return 1;
  printf("greet: %s", text);
  return 0;
}
`;

async function build(name: string, spec: string, machine: Machine, payload: string): Promise<string> {
  const path = join(top, `${name}-${machine}.spec`);
  writeFileSync(path, spec);
  const defines = {
    _topdir: top,
    _sourcedir: top,
    _binary_payload: payload,
    debug_package: '%{nil}',
    __os_install_post: '%{nil}',
    _buildhost: 'build.example',
    _use_internal_dependency_generator: '1',
  };
  const options = Object.entries(defines).flatMap(([key, value]) => ['--define', `${key} ${value}`]);
  const output = await exec('rpmbuild', '-bb', '--target', machine, ...options, path);
  const file = /Wrote: (\S+\.rpm)/.exec(output)?.[1] ?? '';
  await exec(
    'rpmsign',
    '--addsign',
    '--define',
    '_gpg_name Builder',
    '--define',
    `_gpg_path ${gnupg}`,
    '--define',
    `__gpg ${gpgProgram}`,
    file,
  );
  return file;
}

async function buildAll(machine: Machine): Promise<readonly string[]> {
  const soname = '-Wl,-soname,libgreet.so.1';
  const made = join(top, `libgreet-${machine}.so`);
  await exec(compilers[machine], '-shared', '-fPIC', soname, '-o', made, join(top, 'lib.c'));
  return [
    await build('greet-data', data, machine, 'w6.gzdio'),
    await build('libgreet', library(machine), machine, 'w6.xzdio'),
    await build('greet', greet(machine), machine, 'w9.zstdio'),
    await build('glibc', glibc(machine), machine, 'w2.zstdio'),
  ];
}

const rpm = (root: string, ...args: readonly string[]): Promise<string> =>
  exec('rpm', '--root', root, '--dbpath', '/var/lib/rpm', ...args);

async function install(root: string, files: readonly string[], ...options: readonly string[]): Promise<void> {
  for (const path of ['usr/lib64', 'usr/lib', 'etc']) mkdirSync(join(root, path), { recursive: true });
  for (const name of ['lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  await rpm(root, '--initdb');
  const how = [
    '--force-debian',
    '--noscripts',
    '--notriggers',
    '--nodeps',
    '--nosignature',
    '--ignorearch',
    '--ignoreos',
  ];
  await rpm(root, '-i', ...how, ...options, ...files);
}

const root = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  if (!here) return;
  mkdirSync(top, { recursive: true });
  mkdirSync(gnupg, { mode: 0o700 });
  mkdirSync(repository, { recursive: true });
  writeFileSync(join(top, 'greet.c'), source);
  writeFileSync(
    join(top, 'dynamic.c'),
    '#include <stdio.h>\nint greet(void);\nint main(void) { printf("%d\\n", greet()); return 0; }\n',
  );
  writeFileSync(join(top, 'lib.c'), 'int greet(void) { return 42; }\n');
  const gpg = ['--homedir', gnupg, '--batch', '--quiet'];
  await exec(
    'gpg',
    ...gpg,
    '--passphrase',
    '',
    '--quick-gen-key',
    'Builder <b@example.org>',
    'rsa3072',
    'sign',
    'never',
  );
  const [old, now] = [await buildAll('x86_64'), await buildAll('aarch64')];
  for (const file of now) copyFileSync(file, join(repository, file.slice(file.lastIndexOf('/') + 1)));
  await exec('createrepo_c', '--quiet', repository);
  server = createServer((request, response) => {
    const path = join(repository, decodeURIComponent(request.url ?? ''));
    if (existsSync(path)) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  await install(root('old'), old);
  await install(root('honest'), now);
  for (const name of ['old', 'honest']) await addSystem(root(name));
});
afterAll(() => {
  server?.close();
  folder.remove();
});

async function addSystem(place: string): Promise<void> {
  const { port } = server.address() as AddressInfo;
  mkdirSync(join(place, 'etc/yum.repos.d'), { recursive: true });
  mkdirSync(join(place, 'etc/pki/rpm-gpg'), { recursive: true });
  writeFileSync(join(place, 'etc/yum.repos.d/a.repo'), `[a]\nbaseurl=http://127.0.0.1:${port}/\n`);
  const key = await exec('gpg', '--homedir', gnupg, '--armor', '--export', 'Builder');
  writeFileSync(join(place, 'etc/pki/rpm-gpg/RPM-GPG-KEY-a'), key);
  writeFileSync(join(place, 'etc/os-release'), 'ID=example\nVERSION_ID=1\n');
  writeFileSync(join(place, 'etc/ld.so.conf'), '/usr/lib64\n');
  await exec('ldconfig', '-r', place);
}

async function ported(place: string): Promise<string> {
  const layout = join(folder.path, `layout-${Date.now()}`);
  const image = await imageOfFolder(place, folder.path, { Cmd: ['/usr/bin/greet'] });
  const reference = await world.pushed(image);
  const { result } = await world.port(reference, { noBase: true, to: `oci:${layout}:1` });
  expect([result.why, result.refusals]).toEqual([expect.any(String), []]);
  expect(result.outcome).toBe('published');
  const target = join(folder.path, `ported-${Date.now()}`);
  await unpackArm64(layout, target);
  return target;
}

describe.skipIf(!here)('an image with RPM packages', () => {
  test('is ported so that rpm is content, and answers as on the old machine', async () => {
    const place = await ported(root('old'));
    const query = [
      '-qa',
      '--qf',
      '%{nevra} %{sigmd5} %{sha256header} %{installcolor} [%{filenames} %{filestates}]\\n',
    ];
    const lines = async (where: string): Promise<readonly string[]> =>
      (await rpm(where, ...query)).trim().split('\n').sort();
    expect(await lines(place)).toEqual(await lines(root('honest')));
    expect((await lines(place)).map((line) => line.split(' ')[0])).toEqual([
      'glibc-2.36-1.aarch64',
      'greet-2:1.2-3.aarch64',
      'greet-data-7-1.noarch',
      'libgreet-1.0-1.aarch64',
    ]);
    const verified = (where: string): Promise<string> =>
      rpm(where, '-Va', '--nodeps', '--noscripts').catch(({ stdout }) => stdout);
    // Two names of one file with two modes, which can't be.
    expect([await verified(place), await verified(root('honest'))]).toEqual([
      '.M.......    /usr/bin/greet\n',
      '.M.......    /usr/bin/greet\n',
    ]);
    expect(await rpm(place, '-qf', '/usr/bin/hello')).toBe('greet-1.2-3.aarch64\n');
    expect(await rpm(place, '-q', '--whatprovides', 'libgreet.so.1()(64bit)')).toBe(
      'libgreet-1.0-1.aarch64\n',
    );
    const greeting = async (where: string, ...means: readonly string[]): Promise<string> =>
      exec('chroot', where, ...means, '/usr/bin/greet');
    copyFileSync('/usr/bin/qemu-aarch64-static', join(place, 'qemu'));
    expect(await greeting(place, '/qemu')).toBe(await greeting(root('old')));
    expect(await exec('chroot', root('old'), '/usr/bin/dynamic')).toBe('42\n');
    expect(await exec('chroot', place, '/qemu', '/usr/bin/dynamic')).toBe('42\n');
  });

  test("has the rows in all of rpm's tables that rpm itself writes", async () => {
    const place = await ported(root('old'));
    const [ours, honest] = [place, root('honest')].map((where) => readFileSync(join(where, database)));
    const named = (bytes: Buffer | undefined): ReadonlyMap<unknown, unknown> =>
      new Map(
        rowsIn(bytes ?? Buffer.alloc(0), 'SELECT key, hnum FROM Name').map(({ key, hnum }) => [hnum, key]),
      );
    const [ourNames, honestNames] = [named(ours), named(honest)];
    for (const table of Object.keys(indexTables)) {
      if (table === 'Installtid') continue;
      const rows = (bytes: Buffer | undefined, names: ReadonlyMap<unknown, unknown>): readonly string[] =>
        rowsIn(bytes ?? Buffer.alloc(0), `SELECT key, hnum, idx FROM "${table}"`)
          .map(
            ({ key, hnum, idx }) =>
              `${String(names.get(hnum))} ${String(idx)} ${typeof key === 'string' ? key : Buffer.from(key as Uint8Array).toString('hex')}`,
          )
          .sort();
      expect([table, rows(ours, ourNames)]).toEqual([table, rows(honest, honestNames)]);
    }
    // The headers are rpm's own too, but for the time and number of the installation.
    const fields = (bytes: Buffer | undefined): readonly (readonly unknown[])[] =>
      rowsIn(bytes ?? Buffer.alloc(0), 'SELECT blob FROM Packages')
        .map(({ blob }) => RpmHeader.read(blob as Uint8Array, 'a package'))
        .map(({ entries }) =>
          [...entries.values()].map(({ tag, type, count, data: value }) =>
            tag === tags.installTime || tag === tags.installTid
              ? [tag]
              : [tag, type, count, Buffer.from(value).toString('hex')],
          ),
        )
        .sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
    expect(fields(ours)).toEqual(fields(honest));
    rmSync(join(place, 'qemu'), { force: true });
    // rpm reads it, writes it anew, and finds the same.
    const before = await rpm(place, '-qa', '--qf', '%{nevra}\\n');
    await rpm(place, '--rebuilddb');
    expect((await rpm(place, '-qa', '--qf', '%{nevra}\\n')).split('\n').sort()).toEqual(
      before.split('\n').sort(),
    );
  });

  test('is ported by the command as well', async () => {
    const reference = await world.pushed(
      await imageOfFolder(root('old'), folder.path, { Cmd: ['/usr/bin/greet'] }),
    );
    const cache = join(folder.path, 'cache');
    const options = ['--no-base', '--dry-run', '--cache-dir', cache, '--format', 'json'];
    const { code, stdout, stderr } = await armload(['port', reference, ...options]);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'planned', refusals: [] });
  });

  test('tells what people altered, and refuses it where it is machine code', async () => {
    const place = root('altered');
    await exec('cp', '-a', root('old'), place);
    writeFileSync(join(place, 'etc/greet.conf'), 'color = blue\n');
    const target = await ported(place);
    expect(readFileSync(join(target, 'etc/greet.conf'), 'utf8')).toBe('color = blue\n');
    expect(await rpm(target, '-V', '--nodeps', '--noscripts', 'greet').catch(({ stdout }) => stdout)).toBe(
      'S.5....T.  c /etc/greet.conf\n.M.......    /usr/bin/greet\n',
    );
    copyFileSync(join(place, 'usr/bin/greet-again'), join(place, 'usr/lib64/libgreet.so.1'));
    const reference = await world.pushed(
      await imageOfFolder(place, folder.path, { Cmd: ['/usr/bin/greet'] }),
    );
    const { result } = await world.port(reference, { noBase: true, dryRun: true });
    expect(result.refusals).toMatchObject([
      { path: '/usr/lib64/libgreet.so.1', kind: 'altered', guess: 'rpm: libgreet 1.0-1' },
    ]);
  });
});

describe.skipIf(!here)('versions', () => {
  test('compare as rpm compares them', async () => {
    const texts = [
      '1.0-1',
      '1.0~rc1-1',
      '1.0^git1-1',
      '1.0.1-1',
      '1:0.1-1',
      '1.0-1.el9',
      '1.0-10',
      '1.0a-1',
      '1.0.a-1',
      '1.00-1',
      '10-1',
      '2.-1',
      '2-1',
      '1.0~-1',
      '1.0^-1',
      '1_0-1',
    ];
    const pairs = texts.flatMap((left) => texts.map((right) => [left, right] as const));
    const script = pairs.map(([left, right]) => `print(rpm.vercmp("${left}", "${right}"))`).join('\n');
    const honest = (await exec('rpm', '--eval', `%{lua: ${script} }`)).trim();
    // Lua's comparison is of one part: whole versions are compared by epoch, version and release.
    expect(honest).not.toBe('');
    expect(pairs.map(([left, right]) => compareVersions(left, right)).join('')).toBe(
      honest.replaceAll('\n', ''),
    );
  });
});
