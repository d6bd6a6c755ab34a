import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { executable, file, symlink, writeElf } from '../../fixture/index.ts';
import { subjectOf } from '../subject.test-support.ts';
import { peOf, staticLibraryOf, tarOf, wasmOf, zipOf } from './artifacts.test-support.ts';
import {
  amd64,
  amd64Library,
  arm64,
  arm64Library,
  at,
  byPath,
  loaderOf,
  noLoader,
  startOf,
  verdictsOf,
} from './foreign.test-support.ts';
import { codeByArchitecture, foreignFindings, judgeForeign } from './index.ts';

const hardlink = (name: string, linkName: string) => ({ name, type: 'hardlink' as const, linkName });
const jar = (...entries: readonly (readonly [string, Uint8Array])[]) =>
  zipOf(entries.map(([name, data]) => ({ name, data })));

describe('the case file', () => {
  const userland = (machine: 'amd64' | 'arm64') => {
    const [triplet, loader] =
      machine === 'amd64'
        ? ['x86_64-linux-gnu', 'ld-linux-x86-64.so.2']
        : ['aarch64-linux-gnu', 'ld-linux-aarch64.so.1'];
    const library = writeElf({ machine, kind: 'library' });
    return [
      symlink('bin', 'usr/bin'),
      symlink('lib', 'usr/lib'),
      executable('usr/bin/dash', writeElf({ machine, interpreter: true, needed: ['libc.so.6'] })),
      symlink('usr/bin/sh', 'dash'),
      file(`usr/lib/${triplet}/libc.so.6`, library),
      file(`usr/lib/${triplet}/libz.so.1`, library),
      executable(`usr/lib/${triplet}/${loader}`, library),
    ];
  };

  test('an honest image has nothing to judge', async () => {
    const subject = await subjectOf({ layers: [userland('arm64'), [executable('app/server', arm64)]] });
    const codes = judgeForeign(subject, {
      traces: [startOf(subject, 'app/server')],
      loader: noLoader,
    });
    expect(codes).toEqual([]);
    expect(codeByArchitecture(subject, codes)).toEqual({ arm64: 5 });
  });

  test('class A: the entrypoint of another machine is an error at its layer', async () => {
    const subject = await subjectOf({
      layers: [userland('arm64'), [executable('app/server', amd64)]],
      history: ['ADD rootfs', 'COPY server /app/server'],
    });
    const codes = judgeForeign(subject, { traces: [startOf(subject, 'app/server')], loader: noLoader });
    expect(foreignFindings(subject, codes)).toMatchObject([
      {
        kind: 'foreign-code',
        severity: 'error',
        verdict: 'reachable',
        role: 'entrypoint',
        path: '/app/server',
        layer: { index: 1, history: 'COPY server /app/server' },
        found: 'an amd64 ELF program',
        expected: 'arm64 machine code',
      },
    ]);
    expect(codeByArchitecture(subject, codes)).toEqual({ arm64: 4, amd64: 1 });
  });

  test('class A: the libraries that a foreign entry program takes are reachable too', async () => {
    const subject = await subjectOf({
      layers: [
        [...userland('arm64'), executable('app/server', amd64), file('app/lib/libx.so.1', amd64Library)],
      ],
    });
    const loader = loaderOf(subject, 'app/server', { 'libx.so.1': 'app/lib/libx.so.1' });
    const codes = judgeForeign(subject, { traces: [startOf(subject, 'app/server')], loader });
    expect(byPath(codes)).toEqual({
      'app/server': 'reachable entrypoint',
      'app/lib/libx.so.1': 'reachable library',
    });
  });

  test('class B: a whole userland of another machine is reachable under a right main program', async () => {
    const subject = await subjectOf({ layers: [userland('amd64'), [executable('app/server', arm64)]] });
    const codes = judgeForeign(subject, { traces: [startOf(subject, 'app/server')], loader: noLoader });
    expect(byPath(codes)).toEqual({
      'usr/bin/dash': 'reachable path-program',
      'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2': 'reachable loader',
      'usr/lib/x86_64-linux-gnu/libc.so.6': 'reachable library',
      'usr/lib/x86_64-linux-gnu/libz.so.1': 'reachable library',
    });
    expect(codes.every(({ entry }) => entry.contentLayer === 0)).toBe(true);
  });

  test('class B reversed: a second architecture beside a native userland is shadowed', async () => {
    const other = userland('amd64').filter(({ name }) => String(name).startsWith('usr/lib/'));
    const only = file('usr/lib/x86_64-linux-gnu/libonly.so.1', amd64Library);
    expect(await verdictsOf([...userland('arm64'), ...other, only])).toEqual({
      'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2': 'shadowed loader',
      'usr/lib/x86_64-linux-gnu/libc.so.6': 'shadowed library',
      'usr/lib/x86_64-linux-gnu/libz.so.1': 'shadowed library',
      'usr/lib/x86_64-linux-gnu/libonly.so.1': 'unknown multiarch-library',
    });
  });

  test('class C: one helper on the PATH is an error, one elsewhere a warning', async () => {
    const subject = await subjectOf({
      layers: [
        userland('arm64'),
        [executable('usr/local/bin/helper', amd64), executable('cni/bridge', amd64)],
      ],
    });
    const codes = judgeForeign(subject, { traces: [], loader: noLoader });
    expect(foreignFindings(subject, codes)).toMatchObject([
      { path: '/cni/bridge', severity: 'warning', verdict: 'unknown', role: 'program', layer: { index: 1 } },
      { path: '/usr/local/bin/helper', severity: 'error', role: 'path-program', layer: { index: 1 } },
    ]);
  });

  test('class F: arm64 code in an amd64 image is foreign the same way', async () => {
    const files = [
      ...userland('amd64'),
      executable('usr/bin/tool', arm64),
      executable('usr/bin/old', writeElf({ machine: '386' })),
    ];
    expect(await verdictsOf(files, { platform: 'linux/amd64' })).toEqual({
      'usr/bin/tool': 'reachable path-program',
    });
  });

  test('class G: an archive named for the platform that holds another machine’s program', async () => {
    const inside = gzipSync(await tarOf([{ name: 'tool', data: amd64 }]));
    // Renamed after it was compressed: gzip has noted the name of before.
    const renamed = gzipSync(amd64);
    renamed[3] = 8;
    const named = Buffer.concat([
      renamed.subarray(0, 10),
      Buffer.from('x-linux-amd64\0'),
      renamed.subarray(10),
    ]);
    const subject = await subjectOf({
      layers: [
        [
          file('opt/tool-linux-arm64.tar.gz', inside),
          file('opt/tool-linux-amd64.tar.gz', inside),
          file('opt/x-linux-arm64.gz', named),
        ],
      ],
    });
    const codes = judgeForeign(subject, { traces: [], loader: noLoader });
    expect(foreignFindings(subject, codes)).toMatchObject([
      {
        path: '/opt/tool-linux-amd64.tar.gz!/tool',
        severity: 'note',
        verdict: 'inert',
        role: 'package-file',
      },
      {
        kind: 'misnamed-archive',
        verdict: 'unknown',
        role: 'package-file',
        path: '/opt/tool-linux-arm64.tar.gz!/tool',
        severity: 'warning',
      },
      { kind: 'misnamed-archive', path: '/opt/x-linux-arm64.gz!/x-linux-amd64', severity: 'warning' },
    ]);
  });
});

describe('what a container starts', () => {
  test('an interpreter and a program that only may be started are reachable', async () => {
    const subject = await subjectOf({
      layers: [[executable('opt/python', amd64), executable('opt/maybe', amd64)]],
    });
    const script = {
      ...startOf(subject, 'opt/python'),
      steps: [{ by: 'interpreter' as const, word: '/opt/python', file: at(subject, 'opt/python') }],
    };
    const traces = [script, startOf(subject, 'opt/maybe', false)];
    expect(byPath(judgeForeign(subject, { traces, loader: noLoader }))).toEqual({
      'opt/python': 'reachable interpreter',
      'opt/maybe': 'reachable command',
    });
  });

  test('the only file of a name that native code needs is reachable, through a link as well', async () => {
    const plugin = writeElf({ machine: 'arm64', kind: 'library', needed: ['libfoo.so.1', 'libbar.so.1'] });
    const files = [
      file('opt/plugins/p.so', plugin),
      file('opt/lib/libfoo.so.1.2', amd64Library),
      symlink('opt/lib/libfoo.so.1', 'libfoo.so.1.2'),
      file('opt/lib/libbar.so.1', amd64Library),
      file('opt/other/libbar.so.1', arm64Library),
    ];
    expect(await verdictsOf(files)).toEqual({
      'opt/lib/libfoo.so.1.2': 'reachable library',
      'opt/lib/libbar.so.1': 'unknown library',
    });
  });
});

describe('the PATH', () => {
  test('follows links, and stops at an earlier native program of the name', async () => {
    const files = [
      symlink('usr/local/bin/tool', '/opt/tool/bin/tool'),
      executable('opt/tool/bin/tool', amd64),
      executable('usr/local/bin/curl', arm64),
      executable('usr/bin/curl', amd64),
      executable('usr/local/bin/wrapped', '#!/bin/sh\nexec /usr/bin/wrapped'),
      executable('usr/bin/wrapped', amd64),
      file('usr/bin/not-executable', amd64),
    ];
    expect(await verdictsOf(files)).toEqual({
      'opt/tool/bin/tool': 'reachable path-program',
      'usr/bin/curl': 'shadowed path-program',
      'usr/bin/wrapped': 'reachable path-program',
      'usr/bin/not-executable': 'unknown data',
    });
  });

  test('is the config’s, with the default one behind it', async () => {
    const files = [
      executable('opt/x/bin/y', amd64),
      executable('usr/bin/z', amd64),
      executable('srv/bin/w', amd64),
    ];
    const config = { Env: ['PATH=/opt/x/bin:bin'], WorkingDir: '/srv' };
    expect(await verdictsOf(files, { config })).toEqual({
      'opt/x/bin/y': 'reachable path-program',
      'srv/bin/w': 'reachable path-program',
      'usr/bin/z': 'reachable path-program',
    });
  });

  test('/bin/sh is called by its path, so no earlier sh stands for it', async () => {
    const files = [executable('usr/local/bin/sh', arm64), executable('bin/sh', amd64)];
    expect(await verdictsOf(files)).toEqual({ 'bin/sh': 'reachable path-program' });
  });

  test('a program named for its machine is shadowed by its native twin, or by the plain name', async () => {
    const files = [
      executable('usr/local/bin/kubectl-linux-amd64', amd64),
      executable('usr/local/bin/kubectl-linux-arm64', arm64),
      executable('usr/local/bin/gosu-amd64', amd64),
      executable('usr/local/bin/gosu', arm64),
      executable('usr/local/bin/alone-amd64', amd64),
      executable('usr/bin/x86_64-linux-gnu-gcc', amd64),
      executable('usr/bin/gcc', arm64),
    ];
    expect(await verdictsOf(files)).toEqual({
      'usr/local/bin/kubectl-linux-amd64': 'shadowed path-program',
      'usr/local/bin/gosu-amd64': 'shadowed path-program',
      'usr/local/bin/alone-amd64': 'reachable path-program',
      'usr/bin/x86_64-linux-gnu-gcc': 'reachable path-program',
    });
  });

  test('a link under a plain name to the wrong one of two twins is reachable', async () => {
    const files = [
      executable('usr/local/bin/tool-amd64', amd64),
      executable('usr/local/bin/tool-arm64', arm64),
      symlink('usr/local/bin/tool', 'tool-amd64'),
    ];
    expect(await verdictsOf(files)).toEqual({ 'usr/local/bin/tool-amd64': 'reachable path-program' });
  });

  test('a macOS program under a plain name is reachable, under its own name inert', async () => {
    const macho = Buffer.alloc(64);
    macho.writeUInt32LE(0xfeedfacf, 0);
    macho.writeUInt32LE(0x01000007, 4);
    macho.writeUInt32LE(2, 12);
    const files = [
      executable('usr/local/bin/app', macho),
      executable('usr/local/bin/app-darwin-amd64', macho),
      executable('usr/local/bin/setup.exe', peOf(0x8664)),
    ];
    expect(await verdictsOf(files)).toEqual({
      'usr/local/bin/app': 'reachable path-program',
      'usr/local/bin/app-darwin-amd64': 'inert other-system',
      'usr/local/bin/setup.exe': 'inert other-system',
    });
  });
});

describe('one file with several paths', () => {
  test('is judged once, by the path that makes it worst', async () => {
    const files = [
      file('opt/data/busybox', amd64, 0o755),
      hardlink('usr/bin/ls', 'opt/data/busybox'),
      hardlink('usr/share/doc/x/busybox', 'opt/data/busybox'),
    ];
    expect(await verdictsOf(files)).toEqual({ 'usr/bin/ls': 'reachable path-program' });
  });
});

describe('files named for another machine', () => {
  const twins: readonly (readonly [foreign: string, native: string])[] = [
    ['n/node_modules/@esbuild/linux-x64/bin/esbuild', 'n/node_modules/@esbuild/linux-arm64/bin/esbuild'],
    [
      'n/node_modules/@img/sharp-linuxmusl-x64/lib/sharp.node',
      'n/node_modules/@img/sharp-linuxmusl-arm64/lib/sharp.node',
    ],
    [
      'n/node_modules/@swc/core-linux-x64-gnu/swc.linux-x64-gnu.node',
      'n/node_modules/@swc/core-linux-arm64-gnu/swc.linux-arm64-gnu.node',
    ],
    ['n/node_modules/p/lib/node-v115-linux-x64/p.node', 'n/node_modules/p/lib/node-v115-linux-arm64/p.node'],
    [
      'n/node_modules/p/prebuilds/linux-x64/node.napi.glibc.node',
      'n/node_modules/p/prebuilds/linux-arm64/node.napi.armv8.node',
    ],
    ['n/node_modules/p/prebuilds/linux-x64/p.node', 'n/node_modules/p/build/Release/p.node'],
    [
      'n/c/libquery_engine-debian-openssl-3.0.x.so.node',
      'n/c/libquery_engine-linux-arm64-openssl-3.0.x.so.node',
    ],
    ['app/runtimes/linux-x64/native/libSkia.so', 'app/runtimes/linux-arm64/native/libSkia.so'],
    [
      'v/site-packages/a/_x.cpython-312-x86_64-linux-gnu.so',
      'v/site-packages/a/_x.cpython-312-aarch64-linux-gnu.so',
    ],
    [
      'b/gems/nokogiri-1.15.4-x86_64-linux/lib/nokogiri.so',
      'b/gems/nokogiri-1.15.4-aarch64-linux/lib/nokogiri.so',
    ],
    [
      'usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so',
      'usr/lib/jvm/java-17-openjdk-arm64/lib/server/libjvm.so',
    ],
    ['opt/plugins/bin/linux/amd64/tool', 'opt/plugins/bin/linux/arm64/tool'],
    ['opt/lib/Linux/x86_64/libsnappy.so', 'opt/lib/Linux/aarch64/libsnappy.so'],
    ['opt/lib/librocksdbjni-linux64.so', 'opt/lib/librocksdbjni-linux-aarch64.so'],
    ['opt/lib/linux/x86_64/musl/libcrt.so', 'opt/lib/linux/armv8/musl/libcrt.so'],
  ];
  test.each(twins)('%s stands back behind %s', async (foreign, native) => {
    const alone = await verdictsOf([executable(foreign, amd64Library)]);
    expect(alone[foreign]).toMatch(/^(?:unknown|reachable) /);
    const both = await verdictsOf([executable(foreign, amd64Library), executable(native, arm64Library)]);
    expect(both[foreign]).toMatch(/^shadowed /);
    // A twin that holds the wrong code is none, and what an arm64 host would load.
    const lying = await verdictsOf([executable(foreign, amd64Library), executable(native, amd64Library)]);
    expect(lying[foreign]).not.toMatch(/^shadowed /);
    expect(lying[native]).toMatch(/^reachable /);
  });

  test('a musl twin stands for no glibc file where the image’s own programs are glibc’s', async () => {
    const files = [
      file('usr/lib/ld-linux-aarch64.so.1', arm64Library),
      file('opt/x-linux-x64/libx.so', amd64Library),
      file('opt/x-linux-musl-arm64/libx.so', arm64Library),
    ];
    expect(await verdictsOf(files)).toMatchObject({ 'opt/x-linux-x64/libx.so': 'unknown library' });
  });

  test('a musl file needs no musl twin in a glibc image that has the glibc one', async () => {
    const files = [
      file('usr/lib/ld-linux-aarch64.so.1', arm64Library),
      file('opt/x-linux-musl-x64/libx.so', amd64Library),
      file('opt/x-linux-arm64/libx.so', arm64Library),
    ];
    expect(await verdictsOf(files)).toEqual({ 'opt/x-linux-musl-x64/libx.so': 'shadowed library' });
  });

  test('a twin for another system, or one for debuggers only, stands for nothing', async () => {
    const files = [
      file('opt/x-linux-x64/libx.so', amd64Library),
      file('opt/x-freebsd-arm64/libx.so', arm64Library),
    ];
    expect(await verdictsOf(files)).toEqual({ 'opt/x-linux-x64/libx.so': 'unknown library' });
  });

  test('add-ons without one for the platform are unknown, those that are not picked by platform reachable', async () => {
    expect(
      await verdictsOf([
        file('app/node_modules/a/prebuilds/linux-x64/a.node', amd64Library),
        file('app/node_modules/b/build/Release/b.node', amd64Library),
      ]),
    ).toEqual({
      'app/node_modules/a/prebuilds/linux-x64/a.node': 'unknown node-module',
      'app/node_modules/b/build/Release/b.node': 'reachable node-module',
    });
  });
});

describe('files named for the platform', () => {
  test('that hold another machine’s code are what its hosts load', async () => {
    const subject = await subjectOf({
      layers: [
        [
          file('app/node_modules/a/prebuilds/linux-arm64/a.node', amd64Library),
          file('usr/lib/aarch64-linux-gnu/libfoo.so', amd64Library),
          executable('opt/bin/tool-linux-arm64', amd64),
          file('opt/get/tool-linux-arm64', amd64),
        ],
      ],
    });
    const codes = judgeForeign(subject, { traces: [], loader: noLoader });
    expect(foreignFindings(subject, codes).map(({ path, severity }) => [path, severity])).toEqual([
      ['/app/node_modules/a/prebuilds/linux-arm64/a.node', 'error'],
      ['/opt/bin/tool-linux-arm64', 'error'],
      ['/opt/get/tool-linux-arm64', 'warning'],
      ['/usr/lib/aarch64-linux-gnu/libfoo.so', 'error'],
    ]);
  });

  test('are data where their header names no machine, as Guile’s bytecode does, and a program all the same where they start', async () => {
    const bytecode = Buffer.from(arm64Library);
    bytecode.writeUInt16LE(0, 18);
    const module = 'usr/lib/aarch64-linux-gnu/guile/3.0/ccache/ice-9/boot-9.go';
    const subject = await subjectOf({
      layers: [[file(module, bytecode), executable('app/start', bytecode)]],
    });
    const traces = [startOf(subject, 'app/start')];
    const judged = judgeForeign(subject, { traces, loader: noLoader });
    expect(judged.map(({ entry: { path }, verdict }) => [path, verdict])).toEqual([
      ['app/start', 'reachable'],
      [module, 'inert'],
    ]);
  });

  test('among test data can’t be told', async () => {
    expect(
      await verdictsOf([
        file('src/testdata/linux-arm64/x.so', amd64Library),
        file('usr/lib/aarch64-linux-gnu/y/tests/x.so', amd64Library),
      ]),
    ).toEqual({
      'src/testdata/linux-arm64/x.so': 'unknown test-data',
      'usr/lib/aarch64-linux-gnu/y/tests/x.so': 'inert test-data',
    });
  });

  test('a compiler on another machine for this one is no more than a program that fails', async () => {
    const gcc = 'opt/gcc-x86_64-aarch64-none-linux-gnu/bin/aarch64-none-linux-gnu-gcc';
    expect(await verdictsOf([executable(gcc, amd64)])).toEqual({ [gcc]: 'unknown program' });
  });
});

describe('what no program in use loads', () => {
  test('link inputs, sysroots, firmware, test data and documentation are inert', async () => {
    const object = Buffer.from(amd64);
    object.writeUInt16LE(1, 16);
    expect(
      await verdictsOf([
        file('usr/lib/x/crt1.o', object),
        file('opt/lib/libx.a', staticLibraryOf({ name: 'x.o', data: object })),
        file('usr/lib/debug/.build-id/aa/bb.debug', amd64Library),
        file('usr/x86_64-linux-gnu/lib/libc.so.6', amd64Library),
        file('usr/lib/gcc-cross/x86_64-linux-gnu/12/libgcc_s.so.1', amd64Library),
        file('usr/local/lib/rustlib/x86_64-unknown-linux-gnu/lib/libstd.so', amd64Library),
        file('usr/share/qemu/bios.elf', amd64),
        file('usr/local/go/src/debug/elf/testdata/gcc-amd64-linux-exec', amd64, 0o755),
        file('usr/share/doc/x/demo', amd64),
      ]),
    ).toEqual({
      'usr/lib/x/crt1.o': 'inert link-input',
      'opt/lib/libx.a': 'inert link-input',
      'usr/lib/debug/.build-id/aa/bb.debug': 'inert link-input',
      'usr/x86_64-linux-gnu/lib/libc.so.6': 'inert cross-toolchain',
      'usr/lib/gcc-cross/x86_64-linux-gnu/12/libgcc_s.so.1': 'inert cross-toolchain',
      'usr/local/lib/rustlib/x86_64-unknown-linux-gnu/lib/libstd.so': 'inert cross-toolchain',
      'usr/share/qemu/bios.elf': 'inert firmware',
      'usr/local/go/src/debug/elf/testdata/gcc-amd64-linux-exec': 'inert test-data',
      'usr/share/doc/x/demo': 'inert test-data',
    });
  });

  test('programs put into such places are not inert for it', async () => {
    const program = writeElf({ machine: 'amd64', interpreter: true, needed: ['libc.so.6'] });
    expect(
      await verdictsOf(
        [
          executable('usr/lib/debug/app', program),
          executable('usr/x86_64-linux-gnu/bin/ld', program),
          executable('boot/app', program),
          executable('tests/run', program),
          executable('usr/lib/gcc-cross/x86_64-linux-gnu/12/cc1', program),
          executable('opt/tests/bin/on-path', program),
        ],
        { config: { Env: ['PATH=/opt/tests/bin'] } },
      ),
    ).toEqual({
      'usr/lib/debug/app': 'unknown program',
      'usr/x86_64-linux-gnu/bin/ld': 'unknown program',
      'boot/app': 'unknown program',
      'tests/run': 'unknown program',
      'usr/lib/gcc-cross/x86_64-linux-gnu/12/cc1': 'unknown program',
      'opt/tests/bin/on-path': 'reachable path-program',
    });
  });

  test('kernel modules can’t be told', async () => {
    const object = Buffer.from(amd64);
    object.writeUInt16LE(1, 16);
    expect(await verdictsOf([file('lib/modules/6.1/kernel/x.ko', object)])).toEqual({
      'lib/modules/6.1/kernel/x.ko': 'unknown kernel-module',
    });
  });

  test('code for other systems and for devices is inert', async () => {
    const cubin = Buffer.from(amd64);
    cubin.writeUInt16LE(190, 18);
    const freebsd = Buffer.from(amd64Library);
    freebsd[7] = 9;
    expect(
      await verdictsOf([
        file('app/lib/x.dll', peOf(0x8664)),
        file('opt/cuda/kernel.cubin', cubin),
        file('app/lib/libx.so', freebsd),
        file('app/sunos-x86-64/libx.so', amd64Library),
      ]),
    ).toEqual({
      'app/lib/x.dll': 'inert other-system',
      'opt/cuda/kernel.cubin': 'inert device-code',
      'app/lib/libx.so': 'inert other-system',
      'app/sunos-x86-64/libx.so': 'inert other-system',
    });
  });

  test('the narrow form of an architecture is for its compilers', async () => {
    const x32 = Buffer.from(writeElf({ machine: '386', kind: 'library' }));
    x32.writeUInt16LE(62, 18);
    const files = [file('usr/libx32/libm.so.6', x32), executable('opt/x32', x32), executable('opt/x', x32)];
    expect(await verdictsOf(files, { platform: 'linux/amd64' })).toEqual({
      'usr/libx32/libm.so.6': 'inert cross-toolchain',
      'opt/x32': 'inert cross-toolchain',
      'opt/x': 'unknown library',
    });
  });
});

describe('language modules and servers', () => {
  const modules: readonly (readonly [path: string, verdict: string])[] = [
    ['usr/lib/python3/dist-packages/_x.cpython-311-x86_64-linux-gnu.so', 'reachable python-module'],
    ['opt/venv/lib/python3.12/site-packages/numpy.libs/libopenblas.so', 'reachable python-module'],
    ['opt/venv/lib/python3.12/site-packages/x/linux-x64/libx.so', 'unknown python-module'],
    ['usr/local/bundle/gems/bcrypt-3.1/lib/bcrypt_ext.so', 'reachable ruby-module'],
    ['usr/local/bundle/extensions/x86_64-linux/3.2.0/bcrypt-3.1/b.so', 'reachable ruby-module'],
    ['usr/local/lib/perl5/5.36/auto/List/Util/Util.so', 'reachable perl-module'],
    ['usr/local/lib/php/extensions/no-debug-non-zts-20220829/gd.so', 'reachable php-extension'],
    ['usr/lib/nginx/modules/ngx_http_geoip_module.so', 'reachable server-module'],
    ['usr/lib/postgresql/15/lib/plpgsql.so', 'reachable postgres-library'],
    ['opt/java/openjdk/lib/server/libjvm.so', 'reachable java-runtime'],
    ['usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.0/libcoreclr.so', 'reachable dotnet-runtime'],
    ['srv/lib/plugin.so', 'unknown library'],
  ];
  test.each(modules)('%s is %s', async (path, verdict) => {
    expect(await verdictsOf([file(path, amd64Library)])).toEqual({ [path]: verdict });
    expect(await verdictsOf([file(path, arm64Library)])).toEqual({});
  });
});

describe('archives', () => {
  test('a jar with libraries for both machines is fine, one with another machine’s only is not', async () => {
    const both = jar(['n/linux/amd64/libz.so', amd64Library], ['n/linux/aarch64/libz.so', arm64Library]);
    const only = jar(['n/linux/amd64/libz.so', amd64Library], ['n/win/amd64/z.dll', peOf(0x8664)]);
    expect(await verdictsOf([file('app/both.jar', both), file('srv/only.jar', only)])).toEqual({
      'app/both.jar!/n/linux/amd64/libz.so': 'shadowed java-library',
      'srv/only.jar!/n/linux/amd64/libz.so': 'unknown java-library',
      'srv/only.jar!/n/win/amd64/z.dll': 'inert other-system',
    });
  });

  test('a sibling jar has the twin, by its own name or by the name inside', async () => {
    const tcnative = (machine: string, data: Uint8Array) =>
      jar([`META-INF/native/libnetty_tcnative_linux_${machine}.so`, data]);
    const inner = (machine: string, data: Uint8Array) => ({
      name: `BOOT-INF/lib/netty-2.0-linux-${machine}.jar`,
      data: tcnative(machine, data),
    });
    const boot = zipOf([inner('x86_64', amd64Library), inner('aarch_64', arm64Library)]);
    expect(
      await verdictsOf([
        file('app/lib/netty-all.jar', tcnative('x86_64', amd64Library)),
        file('app/lib/netty-2.0-linux-aarch_64.jar', tcnative('aarch_64', arm64Library)),
        file('srv/boot.jar', boot),
      ]),
    ).toEqual({
      'app/lib/netty-all.jar!/META-INF/native/libnetty_tcnative_linux_x86_64.so': 'shadowed java-library',
      'srv/boot.jar!/BOOT-INF/lib/netty-2.0-linux-x86_64.jar!/META-INF/native/libnetty_tcnative_linux_x86_64.so':
        'shadowed java-library',
    });
  });

  test('a library named for the platform inside a jar that holds another machine’s code is reachable', async () => {
    const lying = jar(['n/linux-x64/libz.so', amd64Library], ['n/linux-aarch64/libz.so', amd64Library]);
    expect(await verdictsOf([file('app/z.jar', lying)])).toEqual({
      'app/z.jar!/n/linux-x64/libz.so': 'unknown java-library',
      'app/z.jar!/n/linux-aarch64/libz.so': 'reachable java-library',
    });
  });

  test('packages and downloads are inert; an archive of which nothing is known is not', async () => {
    const inside = zipOf([{ name: 'a/x.so', data: amd64Library }]);
    expect(
      await verdictsOf([
        file('root/.cache/pip/w.whl', inside),
        file('var/cache/x.zip', inside),
        file('src/tests/x.zip', inside),
        file('opt/x.zip', inside),
        file('opt/x-py.egg', inside),
      ]),
    ).toEqual({
      'root/.cache/pip/w.whl!/a/x.so': 'inert package-file',
      'var/cache/x.zip!/a/x.so': 'inert package-file',
      'src/tests/x.zip!/a/x.so': 'inert test-data',
      'opt/x.zip!/a/x.so': 'unknown package-file',
      'opt/x-py.egg!/a/x.so': 'unknown python-module',
    });
  });
});

describe('code beside portable code', () => {
  test('.NET assemblies compiled ahead are unknown, precompiled WebAssembly is inert', async () => {
    expect(
      await verdictsOf([
        file('app/x.dll', peOf(0xfd1d, 'ready-to-run')),
        file('app/il.dll', peOf(0x14c, 'il')),
        file('app/f.wasm', wasmOf('precompiled_v8_v1_linux_x86_64')),
      ]),
    ).toEqual({ 'app/x.dll': 'unknown dotnet-assembly', 'app/f.wasm': 'inert wasm-module' });
  });

  test('a header inside a file is a warning only where the file is called', async () => {
    const script = Buffer.concat([Buffer.from('#!/bin/sh\n# payload\n'), amd64]);
    const subject = await subjectOf({
      layers: [
        [
          executable('usr/bin/install.run', script),
          file('opt/install.run', script),
          executable('usr/bin/packed', Buffer.concat([arm64, amd64])),
        ],
      ],
    });
    const codes = judgeForeign(subject, { traces: [], loader: noLoader });
    expect(byPath(codes)).toEqual({
      'usr/bin/install.run': 'unknown self-extracting',
      'opt/install.run': 'unknown embedded-code',
      'usr/bin/packed': 'unknown self-extracting',
    });
    expect(foreignFindings(subject, codes).map(({ severity }) => severity)).toEqual([
      'note',
      'warning',
      'warning',
    ]);
    expect(codeByArchitecture(subject, codes)).toEqual({ arm64: 1 });
  });

  test('object headers that data looks like are inert', async () => {
    const object = Buffer.from(amd64);
    object.writeUInt16LE(1, 16);
    const data = Buffer.concat([Buffer.alloc(64), object]);
    expect(await verdictsOf([file('usr/share/icudt.dat', data)])).toEqual({
      'usr/share/icudt.dat': 'inert embedded-code',
    });
  });
});
