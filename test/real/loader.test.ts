import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLoader } from '../../src/audit/loader/index.ts';
import { subjectOf } from '../../src/audit/subject.test-support.ts';
import type { Closure } from '../../src/audit/types.ts';
import { inspectBytes } from '../../src/binary/index.ts';
import { directory, file, symlink, writeElf } from '../../src/fixture/index.ts';
import type { TarMember } from '../../src/tar/index.ts';
import { exec, hasPrograms, temporaryFolder, unpackDebianPackage } from '../support/real-parts.ts';

// The loaders themselves say what they take: theirs is the word that counts.
const available =
  (await hasPrograms('aarch64-linux-gnu-gcc', 'qemu-aarch64-static', 'chroot', 'apt-get', 'dpkg-deb')) &&
  process.getuid?.() === 0;
const crossLibraries = '/usr/aarch64-linux-gnu/lib';
const emulator = '/usr/bin/qemu-aarch64-static';

// As `--list`, and it goes on where a library is missing (ldd(1)).
const tracing = 'LD_TRACE_LOADED_OBJECTS=1';

/** Library name to the path of the file, links followed; `-` where the loader finds none. */
type Taken = Readonly<Record<string, string>>;

/** Everything below a folder as an image's files. */
function membersOf(root: string, path = ''): TarMember[] {
  return readdirSync(join(root, path)).flatMap((name): TarMember[] => {
    const inner = path === '' ? name : `${path}/${name}`;
    const stat = lstatSync(join(root, inner));
    if (stat.isSymbolicLink()) return [symlink(inner, readlinkSync(join(root, inner)))];
    if (stat.isDirectory()) return [directory(`${inner}/`), ...membersOf(root, inner)];
    return stat.isFile() ? [file(inner, readFileSync(join(root, inner)), stat.mode & 0o7777)] : [];
  });
}

interface Output {
  readonly taken: Taken;
  /** `version` of `path`, for each that is missing. */
  readonly versions: readonly string[];
}

/** Runs a program in a root and gives all it wrote. */
function inRoot(
  root: string,
  command: readonly string[],
  variables: readonly string[] = [],
): Promise<string> {
  const words = [root, '/usr/bin/qemu', ...variables.flatMap((one) => ['-E', one]), ...command];
  const environment = { PATH: process.env['PATH'] ?? '' };
  return outputOfProgram('chroot', words, environment);
}

/** What it wrote, however it ended: loaders end with an error where something is missing. */
function outputOfProgram(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { env, cwd: '/', timeout: 60_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve(`${stdout}\n${stderr}`);
    });
  });
}

/** `name => path (address)`, the same in glibc's and musl's loaders. */
function parseList(output: string, real: (path: string) => string): Output {
  const taken: Record<string, string> = {};
  const versions = new Set<string>();
  for (const line of output.split('\n')) {
    const found = /^\t(\S+) => (\S+) \(0x/.exec(line);
    const missing = /^\t(\S+) => not found/.exec(line)?.[1];
    const failed = /^Error loading shared library (\S+): .*\(needed by/.exec(line)?.[1];
    const version = /: (\S+): version `(\S+)' not found/.exec(line);
    if (found?.[1] !== undefined && found[2] !== undefined) taken[found[1]] = real(found[2]);
    const name = missing ?? failed;
    if (name !== undefined) taken[name] = '-';
    if (version !== null) versions.add(`${version[2]} of ${real(version[1] ?? '')}`);
  }
  return { taken, versions: [...versions].sort((a, b) => (a < b ? -1 : 1)) };
}

/** The same of a closure. */
function outputOf({ libraries, problems }: Closure): Output {
  const entries = libraries.map(
    ({ name, file: found }) => [name, found === undefined ? '-' : `/${found.path}`] as const,
  );
  const versions = problems
    .filter(({ kind }) => kind === 'missing-version')
    .flatMap(({ found }) => {
      const [path = '', names = ''] = found.split(' without ');
      return names.split(', ').map((name) => `${name} of ${path}`);
    });
  return { taken: Object.fromEntries(entries), versions: versions.sort((a, b) => (a < b ? -1 : 1)) };
}

function withoutLoader({ taken, versions }: Output): Output {
  const entries = Object.entries(taken).filter(([name]) => !/(?:^|\/)ld-|^linux-vdso|^libc\.so$/.test(name));
  return { taken: Object.fromEntries(entries), versions };
}

function realIn(root: string): (path: string) => string {
  return (path) => {
    let at = path;
    // Links of the root are followed inside it.
    for (let step = 0; step < 40; step++) {
      const parts = at.split('/').filter((part) => part !== '');
      let changed = false;
      const names: string[] = [];
      for (const [index, part] of parts.entries()) {
        if (part === '..') {
          names.pop();
          continue;
        }
        if (part === '.') continue;
        names.push(part);
        const here = join(root, ...names);
        if (!existsSync(here) || !lstatSync(here).isSymbolicLink()) continue;
        const target = readlinkSync(here);
        const rest = parts.slice(index + 1);
        const base = target.startsWith('/') ? [] : names.slice(0, -1);
        at = `/${[...base, target, ...rest].join('/')}`;
        changed = true;
        break;
      }
      if (!changed) return `/${names.join('/')}`;
    }
    throw new Error(`${path} has no end`);
  };
}

async function closureIn(
  members: readonly TarMember[],
  path: string,
  options: { env?: readonly string[]; platform?: string } = {},
): Promise<Closure> {
  const { env = [], platform = 'linux/arm64' } = options;
  const subject = await subjectOf({ platform, layers: [members], config: { Env: env } });
  return closureFrom(createLoader(subject), subject, path);
}

function closureFrom(
  loader: ReturnType<typeof createLoader>,
  { view }: Awaited<ReturnType<typeof subjectOf>>,
  path: string,
): Closure {
  const resolution = view.resolve(path);
  const closure = resolution.found ? loader.closureOf(resolution.entry) : undefined;
  if (closure === undefined) throw new Error(`no closure of ${path}`);
  return closure;
}

describe.skipIf(!available)('closures agree with the real loader', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  let sources = 0;

  async function compile(root: string, target: string, flags: readonly string[], source: string) {
    const code = join(folder.path, `source-${sources++}.c`);
    writeFileSync(code, source);
    mkdirSync(dirname(join(root, target)), { recursive: true });
    await exec('aarch64-linux-gnu-gcc', code, '-o', join(root, target), ...flags);
  }

  function library(root: string, target: string, flags: readonly string[] = [], source = 'int x;') {
    const soname = target.slice(target.lastIndexOf('/') + 1);
    const shared = [
      '-nostdlib',
      '-shared',
      '-fPIC',
      `-Wl,-soname,${soname}`,
      '-Wl,--no-as-needed',
      '-Wl,--allow-shlib-undefined',
    ];
    return compile(root, target, [...shared, ...flags], source);
  }

  function program(
    root: string,
    target: string,
    flags: readonly string[],
    source = 'void _start(void){for(;;);}',
  ) {
    const plain = [
      '-nostdlib',
      '-Wl,--no-as-needed',
      '-Wl,--allow-shlib-undefined',
      '-Wl,--unresolved-symbols=ignore-all',
    ];
    return compile(root, target, [...plain, ...flags], source);
  }

  function emptyRoot(name: string): string {
    const root = join(folder.path, name);
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    mkdirSync(join(root, 'etc'));
    mkdirSync(join(root, 'lib'));
    copyFileSync(emulator, join(root, 'usr/bin/qemu'));
    chmodSync(join(root, 'usr/bin/qemu'), 0o755);
    return root;
  }

  /** The emulator is in the root for the real loader, and is no part of the image. */
  function imageOf(root: string): TarMember[] {
    return membersOf(root).filter(({ name }) => name !== 'usr/bin/qemu');
  }

  describe('glibc for arm64', () => {
    let root = '';
    beforeAll(async () => {
      root = emptyRoot('glibc');
      for (const name of [
        'ld-linux-aarch64.so.1',
        'libc.so.6',
        'libm.so.6',
        'libgcc_s.so.1',
        'libstdc++.so.6',
      ])
        copyFileSync(realpathSync(join(crossLibraries, name)), join(root, 'lib', name));
      const at = (...paths: readonly string[]) => paths.map((path) => join(root, path));
      await library(root, 'opt/deep/libc3.so');
      await library(root, 'opt/b/libb.so', at('opt/deep/libc3.so'));
      await library(root, 'opt/a/liba.so', [
        ...at('opt/b/libb.so'),
        '-Wl,--enable-new-dtags,-rpath,$ORIGIN/../b',
      ]);
      await library(root, 'opt/a/libold.so', [
        ...at('opt/b/libb.so'),
        '-Wl,--disable-new-dtags,-rpath,/opt/b',
      ]);
      await library(root, 'usr/local/lib/liblocal.so');
      await library(root, 'usr/lib/libbuiltin.so');
      await library(root, 'usr/lib/aarch64-linux-gnu/libmulti.so');
      await library(root, 'env/libb.so');
      await library(root, 'env/libbuiltin.so');
      const script = join(folder.path, 'versions.map');
      writeFileSync(script, 'V_1 { global: f; };\nV_2 { global: g; } V_1;\n');
      const versioned = 'int f(void){return 1;} int g(void){return 2;}';
      await library(root, 'link/libver.so', [`-Wl,--version-script,${script}`], versioned);
      writeFileSync(script, 'V_1 { global: f; };\n');
      await library(root, 'opt/v/libver.so', [`-Wl,--version-script,${script}`], 'int f(void){return 1;}');
      await program(
        root,
        'bin/versions',
        [...at('link/libver.so'), '-Wl,-rpath,/opt/v'],
        'int f(void),g(void);void _start(void){for(;;)f(),g();}',
      );
      const old = '-Wl,--disable-new-dtags';
      const current = '-Wl,--enable-new-dtags';
      const cases: Readonly<Record<string, readonly string[]>> = {
        plain: at('lib/libm.so.6'),
        runpath: [...at('opt/a/liba.so'), current, '-Wl,-rpath,/opt/a'],
        'runpath-chain': [
          ...at('opt/a/liba.so', 'opt/deep/libc3.so'),
          current,
          '-Wl,-rpath,/opt/a:/opt/deep',
        ],
        'rpath-chain': [...at('opt/a/libold.so'), old, '-Wl,-rpath,/opt/a:/opt/deep'],
        'rpath-and-runpath-library': [...at('opt/a/liba.so'), old, '-Wl,-rpath,/opt/a:/opt/deep'],
        origin: [...at('opt/b/libb.so'), current, `-Wl,-rpath,$ORIGIN/../opt/b:$\{ORIGIN}/../opt/deep`],
        lib: [...at('usr/lib/aarch64-linux-gnu/libmulti.so'), '-Wl,-rpath,/usr/$LIB'],
        'built-in': at('usr/lib/libbuiltin.so', 'usr/lib/aarch64-linux-gnu/libmulti.so'),
        local: at('usr/local/lib/liblocal.so'),
        missing: [...at('opt/b/libb.so', 'usr/lib/libbuiltin.so', 'lib/libm.so.6')],
        relative: [...at('opt/b/libb.so', 'opt/deep/libc3.so'), '-Wl,-rpath,opt/b:opt/deep'],
        'c++': at('lib/libstdc++.so.6'),
        pie: [...at('opt/a/liba.so'), '-pie', '-Wl,-rpath,$ORIGIN/../opt/a'],
        'not-pie': [...at('opt/a/liba.so'), '-no-pie', '-Wl,-rpath,$ORIGIN/../opt/a'],
      };
      for (const [name, flags] of Object.entries(cases)) await program(root, `bin/${name}`, flags);
      // A library of another machine comes first, and the right one behind it.
      mkdirSync(join(root, 'opt/foreign'));
      writeFileSync(join(root, 'opt/foreign/libb.so'), writeElf({ machine: 'amd64', kind: 'library' }));
      await program(root, 'bin/foreign-first', [
        ...at('opt/b/libb.so', 'opt/deep/libc3.so'),
        '-Wl,-rpath,/opt/foreign:/opt/b:/opt/deep',
      ]);
      await program(root, 'bin/foreign-only', [...at('opt/b/libb.so'), '-Wl,-rpath,/opt/foreign']);
      // Fixtures' version tables are read by the real loader too.
      const needs = [{ library: 'libgiven.so', versions: ['G_1', 'G_2', 'G_3'], weak: ['G_3'] }];
      const given = {
        machine: 'arm64',
        kind: 'library',
        soname: 'libgiven.so',
        versionsGiven: ['G_1'],
      } as const;
      writeFileSync(join(root, 'lib/libgiven.so'), writeElf(given));
      writeFileSync(
        join(root, 'bin/fixture'),
        writeElf({ machine: 'arm64', interpreter: true, needed: ['libgiven.so'], versionsNeeded: needs }),
      );
    });

    async function compare(env: readonly string[] = []) {
      const subject = await subjectOf({ layers: [imageOf(root)], config: { Env: env } });
      const loader = createLoader(subject);
      const names = readdirSync(join(root, 'bin'));
      const ours: Record<string, Output> = {};
      const theirs: Record<string, Output> = {};
      for (const name of names) {
        ours[name] = withoutLoader(outputOf(closureFrom(loader, subject, `/bin/${name}`)));
        const output = await inRoot(root, ['/lib/ld-linux-aarch64.so.1', `/bin/${name}`], [...env, tracing]);
        theirs[name] = withoutLoader(parseList(output, realIn(root)));
      }
      expect(names.length).toBeGreaterThan(15);
      expect(ours).toEqual(theirs);
      return theirs;
    }

    test('without an environment and without a cache', async () => {
      const said = await compare();
      expect(said['versions']?.versions).toEqual(['V_2 of /opt/v/libver.so']);
      expect(said['fixture']?.versions).toEqual(['G_2 of /lib/libgiven.so']);
      expect(said['local']?.taken['liblocal.so']).toBe('-');
      expect(said['foreign-first']?.taken['libb.so']).toBe('/opt/b/libb.so');
    });

    test.each(['LD_LIBRARY_PATH=/env', 'LD_LIBRARY_PATH=/none;/opt/deep:', 'LD_LIBRARY_PATH=$ORIGIN/../env'])(
      'with %s',
      async (variable) => {
        await compare([variable]);
      },
    );

    test('with a cache that the target ldconfig wrote', async () => {
      const tools = await unpackDebianPackage(folder.path, 'libc-bin', 'arm64');
      copyFileSync(join(tools, 'sbin/ldconfig'), join(root, 'usr/bin/ldconfig'));
      chmodSync(join(root, 'usr/bin/ldconfig'), 0o755);
      writeFileSync(join(root, 'etc/ld.so.conf'), 'include /etc/ld.so.conf.d/*.conf\n');
      mkdirSync(join(root, 'etc/ld.so.conf.d'), { recursive: true });
      writeFileSync(join(root, 'etc/ld.so.conf.d/local.conf'), '/usr/local/lib\n/opt/b\n');
      for (const format of ['new', 'compat', 'old']) {
        await inRoot(root, ['/usr/bin/ldconfig', '-c', format]);
        const said = await compare();
        expect(said['local']?.taken['liblocal.so'], format).toBe('/usr/local/lib/liblocal.so');
      }
    });

    test('a program whose loader is not there does not start, as said', async () => {
      await program(root, 'bin2/musl', ['-Wl,-dynamic-linker,/lib/ld-musl-aarch64.so.1']);
      expect(await inRoot(root, ['/bin2/musl'])).toMatch(/No such file|Could not open/);
      const { problems } = await closureIn(imageOf(root), '/bin2/musl');
      expect(problems).toMatchObject([{ kind: 'missing-loader', why: expect.stringContaining('musl') }]);
    });
  });

  describe('musl for arm64', () => {
    let root = '';
    beforeAll(async () => {
      root = emptyRoot('musl');
      const unpacked = await unpackDebianPackage(folder.path, 'musl', 'arm64');
      await exec('sh', '-c', 'cp -a "$0/lib/." "$1/lib/"', unpacked, root);
      const at = (...paths: readonly string[]) => paths.map((path) => join(root, path));
      await library(root, 'opt/deep/libd.so');
      await library(root, 'opt/b/libb.so', at('opt/deep/libd.so'));
      await library(root, 'opt/a/liba.so', [...at('opt/b/libb.so'), '-Wl,-rpath,$ORIGIN/../b']);
      await library(root, 'usr/local/lib/liblocal.so');
      await library(root, 'env/liblocal.so');
      await library(root, 'link/libpthread.so.0');
      const start = 'void _start(void){for(;;);}';
      const cases: Readonly<Record<string, readonly string[]>> = {
        local: at('usr/local/lib/liblocal.so'),
        // musl looks along the needers for DT_RUNPATH too.
        chain: [...at('opt/a/liba.so'), '-Wl,--enable-new-dtags,-rpath,/opt/a:/opt/deep'],
        'old-chain': [...at('opt/a/liba.so'), '-Wl,--disable-new-dtags,-rpath,$ORIGIN/../opt/a:/opt/deep'],
        token: [...at('usr/local/lib/liblocal.so'), '-Wl,-rpath,/env:/$LIB'],
        reserved: at('link/libpthread.so.0'),
        missing: at('opt/deep/libd.so'),
      };
      for (const [name, flags] of Object.entries(cases))
        await program(
          root,
          `bin/${name}`,
          [...flags, '-Wl,-dynamic-linker,/lib/ld-musl-aarch64.so.1'],
          start,
        );
    });

    async function compare(env: readonly string[] = []) {
      const names = readdirSync(join(root, 'bin'));
      const ours: Record<string, Taken> = {};
      const theirs: Record<string, Taken> = {};
      for (const name of names) {
        const closure = await closureIn(imageOf(root), `/bin/${name}`, { env });
        expect(closure.family).toBe('musl');
        ours[name] = withoutLoader(outputOf(closure)).taken;
        const output = await inRoot(root, ['/lib/ld-musl-aarch64.so.1', '--list', `/bin/${name}`], env);
        theirs[name] = withoutLoader(parseList(output, realIn(root))).taken;
      }
      expect(ours).toEqual(theirs);
      return theirs;
    }

    test('without an environment', async () => {
      const said = await compare();
      expect(said['local']).toEqual({ 'liblocal.so': '/usr/local/lib/liblocal.so' });
      expect(said['chain']).toEqual({
        'liba.so': '/opt/a/liba.so',
        'libb.so': '/opt/b/libb.so',
        'libd.so': '/opt/deep/libd.so',
      });
    });

    test('with LD_LIBRARY_PATH', async () => {
      expect((await compare(['LD_LIBRARY_PATH=/none::/env']))['local']).toEqual({
        'liblocal.so': '/env/liblocal.so',
      });
    });

    test('with a path file, which replaces the built-in directories', async () => {
      writeFileSync(join(root, 'etc/ld-musl-aarch64.path'), '/opt/deep\n/env\n');
      const said = await compare();
      expect(said['missing']).toEqual({ 'libd.so': '/opt/deep/libd.so' });
      expect(said['local']).toEqual({ 'liblocal.so': '/env/liblocal.so' });
    });
  });
});

describe.skipIf(process.arch !== 'x64' || !existsSync('/lib64/ld-linux-x86-64.so.2'))(
  'programs of this machine',
  () => {
    const loaderPath = '/lib64/ld-linux-x86-64.so.2';

    test('take what the loader lists', async () => {
      const programs = [
        '/usr/bin',
        '/usr/sbin',
        '/usr/lib/git-core',
        '/usr/lib/gcc/x86_64-linux-gnu/12',
        '/usr/lib/llvm-14/bin',
      ]
        .flatMap((folder) =>
          existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : [],
        )
        .filter((path) => isDynamic(path))
        .filter((_, index) => index % 4 === 0)
        .slice(0, 120);
      const wanted = new Set<string>([loaderPath, '/etc/ld.so.cache', ...programs]);
      const theirs: Record<string, Taken> = {};
      for (const program of programs) {
        const output = await outputOfProgram(loaderPath, ['--list', program], {});
        for (const [, path = ''] of output.matchAll(/=> (\/\S+) \(0x/g)) wanted.add(path);
        theirs[program] = withoutLoader(parseList(output, (path) => realpathSync(path))).taken;
      }
      const subject = await subjectOf({ platform: 'linux/amd64', layers: [membersAt(wanted)] });
      const loader = createLoader(subject);
      const ours = Object.fromEntries(
        programs.map((program) => [
          program,
          withoutLoader(outputOf(closureFrom(loader, subject, program))).taken,
        ]),
      );
      const problems = programs.flatMap((program) => closureFrom(loader, subject, program).problems);
      expect(programs.length).toBeGreaterThan(50);
      expect(ours).toEqual(theirs);
      expect(problems).toEqual([]);
    });
  },
);

function isDynamic(path: string): boolean {
  const stat = lstatSync(path);
  if (!stat.isFile() || (stat.mode & 0o6000) !== 0 || stat.size > 5_000_000) return false;
  const facts = inspectBytes(path, readFileSync(path));
  return facts?.kind === 'elf' && facts.elf.interpreter === '/lib64/ld-linux-x86-64.so.2';
}

/** Files at their paths, with every link that leads to them. */
function membersAt(paths: Iterable<string>): TarMember[] {
  const members = new Map<string, TarMember>();
  for (const path of paths) {
    let at = path;
    for (;;) {
      const parts = at.split('/').filter((part) => part !== '');
      const link = parts.findIndex((_, index) =>
        lstatSync(`/${parts.slice(0, index + 1).join('/')}`).isSymbolicLink(),
      );
      if (link < 0) break;
      const here = parts.slice(0, link + 1).join('/');
      const target = readlinkSync(`/${here}`);
      members.set(here, symlink(here, target));
      at = join(
        target.startsWith('/') ? '/' : `/${parts.slice(0, link).join('/')}`,
        target,
        ...parts.slice(link + 1),
      );
    }
    const name = at.slice(1);
    members.set(name, file(name, readFileSync(at), lstatSync(at).mode & 0o7777));
  }
  return [...members.values()];
}
