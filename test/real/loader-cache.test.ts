import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directory, file, type Machine, symlink, writeElf } from '../../src/fixture/index.ts';
import { viewOf } from '../../src/port/config/view.test-support.ts';
import { loaderCache } from '../../src/port/loader-cache/index.ts';
import type { TarMember } from '../../src/tar/index.ts';
import { canMakeDebianRoot, debianRoot, rootTimeout } from '../support/debian-root.ts';
import { exec, temporaryFolder } from '../support/real-parts.ts';

// What the real ldconfig of an arm64 Debian writes, armload must write too.
const available = await canMakeDebianRoot();
const arm64 = { os: 'linux', architecture: 'arm64' };

/** What an ldconfig looks at: libraries, links and directories of a root, and its configuration. */
function membersOf(root: string, path = ''): TarMember[] {
  return readdirSync(join(root, path)).flatMap((name): TarMember[] => {
    const inner = path === '' ? name : `${path}/${name}`;
    const stat = lstatSync(join(root, inner));
    if (stat.isSymbolicLink()) return [symlink(inner, readlinkSync(join(root, inner)))];
    if (stat.isDirectory())
      return /^(?:proc|sys|dev|run|var|tmp|usr\/share)$/.test(inner)
        ? []
        : [directory(`${inner}/`), ...membersOf(root, inner)];
    const isWanted = /^(?:lib|ld-).*\.so|\.(?:conf|more)$/.test(name);
    return stat.isFile() && isWanted ? [file(inner, readFileSync(join(root, inner)))] : [];
  });
}

/** Lets the root's own ldconfig write a cache; links are not made. */
async function realCache(root: string): Promise<Buffer> {
  const name = 'etc/ld.so.cache.compared';
  await exec('chroot', root, '/sbin/ldconfig', '-X', '-C', `/${name}`);
  return readFileSync(join(root, name));
}

/** `ldconfig -p`: names, flags, paths and levels as it reads them. */
async function listed(root: string, cache: Uint8Array): Promise<readonly string[]> {
  writeFileSync(join(root, 'etc/ld.so.cache.listed'), cache);
  const text = await exec('chroot', root, '/sbin/ldconfig', '-p', '-C', '/etc/ld.so.cache.listed');
  return text.split('\n').filter((line) => line.startsWith('\t'));
}

/** Who wrote it stands at its end. */
function generatorOf(cache: Buffer): string {
  return cache.toString('latin1', cache.lastIndexOf('ldconfig '));
}

async function ownCache(root: string, generator: string): Promise<Uint8Array> {
  const cache = loaderCache(await viewOf(...membersOf(root)), arm64, { generator });
  if (cache.kind === 'none') throw new Error(cache.why);
  expect(cache.notes).toEqual([]);
  return cache.bytes;
}

async function expectSameCache(root: string): Promise<readonly string[]> {
  const real = await realCache(root);
  const own = await ownCache(root, generatorOf(real));
  const lines = await listed(root, own);
  expect(lines).toEqual(await listed(root, real));
  expect(Buffer.compare(own, real), 'the same bytes').toBe(0);
  return lines;
}

describe.skipIf(!available)('the cache of a real arm64 Debian', () => {
  let root = '';
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  beforeAll(async () => {
    root = await debianRoot();
  }, rootTimeout);

  test('is byte for byte what its ldconfig writes', { timeout: rootTimeout }, async () => {
    const lines = await expectSameCache(root);
    expect(lines.length).toBeGreaterThan(80);
  });

  test('so is that of a root with every odd case', { timeout: rootTimeout }, async () => {
    const odd = join(folder.path, 'odd');
    makeOddRoot(odd, root);
    const lines = await expectSameCache(odd);
    expect(lines.join('\n')).toContain('hwcap: "one"');
    expect(lines.join('\n')).toContain('/opt//second/../second/libfirst.so.1');
  });
});

/** Versions, links, levels, ties and includes, with libraries made here. */
function makeOddRoot(root: string, from: string): void {
  const place = (path: string): string => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  const library = (path: string, soname?: string, machine: Machine = 'arm64'): void =>
    writeFileSync(
      place(path),
      writeElf({ machine, kind: 'library', ...(soname !== undefined && { soname }), needed: ['libc.so.6'] }),
    );
  const link = (path: string, target: string): void => symlinkSync(target, place(path));
  mkdirSync(place('usr/lib/aarch64-linux-gnu/x'), { recursive: true });
  mkdirSync(place('usr/sbin/x'), { recursive: true });
  for (const name of ['lib', 'sbin']) link(name, `usr/${name}`);
  copyFileSync(join(from, 'sbin/ldconfig'), place('usr/sbin/ldconfig'));
  for (const loader of ['usr/lib/ld-linux-aarch64.so.1', 'usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1']) {
    if (existsSync(join(from, loader)) && lstatSync(join(from, loader)).isSymbolicLink())
      link(loader, readlinkSync(join(from, loader)));
    else copyFileSync(join(from, loader), place(loader));
  }
  const conf =
    '  /opt/first/ = libc6 # why\ninclude ld.so.conf.d/*.conf   /etc/ld.so.conf.d/[a-b]?.more\nhwcap 1 nosegneg\n/nowhere\n/opt//second/../second\n';
  writeFileSync(place('etc/ld.so.conf'), conf);
  writeFileSync(place('etc/ld.so.conf.d/z.conf'), '/opt/z\n/usr/lib\n');
  writeFileSync(place('etc/ld.so.conf.d/a.conf'), '/opt/a\n');
  writeFileSync(place('etc/ld.so.conf.d/a1.more'), '/opt/linked\n');
  writeFileSync(place('etc/ld.so.conf.d/c1.more'), '/opt/unseen\n');
  link('opt/linked', '/opt/a');
  library('opt/first/libfirst.so.1', 'libfirst.so.1');
  library('opt/second/libfirst.so.1', 'libfirst.so.1');
  library('opt/unseen/libunseen.so.1', 'libunseen.so.1');
  library('opt/z/lib0.so');
  library('opt/z/libZ.so.007', 'libZ.so.7');
  link('opt/z/libZ.so.7', 'libZ.so.007');
  link('opt/z/libZ.so', 'libZ.so.7');
  link('opt/z/libother.so.2', 'libZ.so.007');
  library('opt/a/libv.so.1.9', 'libv.so.1');
  library('opt/a/libv.so.1.10', 'libv.so.1');
  link('opt/a/libv.so.1', 'libv.so.1.9');
  library('opt/a/libv-20240101123456789.so', 'libv-20240101123456789.so');
  library('opt/a/libv-3.so', 'libv-3.so');
  link('opt/a/libbroken.so.1', '/gone');
  link('opt/a/libdir.so.1', '/opt/z');
  writeFileSync(place('opt/a/libscript.so'), '/* GNU ld script */ GROUP ( libv.so.1 )\n');
  writeFileSync(place('opt/a/plugin.so'), 'no library by its name');
  for (const level of ['two', 'one', '.hidden', 'with:colon'])
    library(`usr/lib/aarch64-linux-gnu/glibc-hwcaps/${level}/libx.so.1.${level.length}`, 'libx.so.1');
  mkdirSync(place('usr/lib/aarch64-linux-gnu/glibc-hwcaps/unused/x'), { recursive: true });
  library('usr/lib/aarch64-linux-gnu/libx.so.1', 'libx.so.1');
  library('usr/lib/libé.so.1', 'libé.so.1');
}
