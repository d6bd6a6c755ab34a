import { describe, expect, test } from 'vitest';
import { type ElfSpec, executable, file, symlink, writeElf } from '../../fixture/index.ts';
import type { TarMember } from '../../tar/index.ts';
import { type SubjectSpec, subjectOf } from '../subject.test-support.ts';
import type { EntryTrace, Subject } from '../types.ts';
import { closureFindings, createLoader } from './index.ts';
import { glibc, library, musl, program } from './loader.test-support.ts';

function traceOf({ view }: Subject, path: string, more: Partial<EntryTrace> = {}): EntryTrace {
  const file = view.lookup(path);
  return {
    role: 'entrypoint',
    words: [`/${path}`],
    certain: true,
    steps: [{ by: 'start', word: `/${path}`, ...(file === undefined ? {} : { file }) }],
    end: { kind: 'machine-code' },
    ...more,
  };
}

async function findingsOf(
  members: readonly TarMember[],
  started: readonly (readonly [path: string, more?: Partial<EntryTrace>])[] = [],
  spec: Omit<SubjectSpec, 'layers'> = {},
) {
  const subject = await subjectOf({ layers: [members], ...spec });
  const traces = started.map(([path, more]) => traceOf(subject, path, more));
  return closureFindings(subject, { traces, loader: createLoader(subject) });
}

function broken(name: string, spec: Partial<ElfSpec> = {}) {
  return executable(name, program({ needed: ['libx.so'], ...spec }));
}

describe('how bad a problem is depends on what the program is to the image', () => {
  const members = [...glibc(), broken('app'), broken('usr/bin/tool'), broken('opt/other')];

  test('started, on the PATH, elsewhere', async () => {
    const findings = await findingsOf(members, [['app']]);
    expect(findings).toMatchObject([
      { kind: 'missing-library', severity: 'error', path: '/app', found: 'no libx.so', layer: { index: 0 } },
      { kind: 'missing-library', severity: 'warning', path: '/usr/bin/tool' },
      { kind: 'missing-library', severity: 'note', path: '/opt/other' },
    ]);
  });

  test("the PATH is the image's, through links too", async () => {
    const more = [...members, symlink('srv/bin/link', '/opt/other')];
    const findings = await findingsOf(more, [], { config: { Env: ['PATH=/srv/bin'] } });
    expect(findings.map(({ path, severity }) => `${path} ${severity}`)).toEqual([
      '/opt/other warning',
      '/app note',
      '/usr/bin/tool note',
    ]);
  });

  test('behind a script, which may set a search path, a missing library is a warning', async () => {
    const certain = { certain: false };
    expect(await findingsOf([...glibc(), broken('app')], [['app', certain]])).toMatchObject([
      { severity: 'warning' },
    ]);
    expect(await findingsOf([broken('app')], [['app', certain]])).toMatchObject([
      { kind: 'missing-loader', severity: 'error' },
    ]);
    const words = ['env', 'LD_LIBRARY_PATH=/opt', '/app'];
    expect(await findingsOf([...glibc(), broken('app')], [['app', { words }]])).toMatchObject([
      { severity: 'warning' },
    ]);
  });

  test('what is not known is a note', async () => {
    const findings = await findingsOf([...glibc({ directories: [] }), broken('app')], [['app']]);
    expect(findings).toMatchObject([{ kind: 'closure-unknown', severity: 'note' }]);
  });
});

test("a library's problem is told once, with the worst of its programs", async () => {
  const a = file('lib/liba.so', library({ needed: ['libx.so'] }));
  const names = ['usr/bin/one', 'usr/bin/two', 'srv/app'];
  const programs = names.map((name) => executable(name, program({ needed: ['liba.so'] })));
  expect(await findingsOf([...glibc(), a, ...programs], [['srv/app']])).toMatchObject([
    {
      path: '/lib/liba.so',
      severity: 'error',
      why: expect.stringContaining('The container starts /srv/app'),
    },
  ]);
});

test('hard links are one file', async () => {
  const link = { name: 'usr/bin/second', type: 'hardlink', linkName: 'usr/bin/first' } as const;
  expect(await findingsOf([...glibc(), broken('usr/bin/first'), link])).toHaveLength(1);
});

test('each missing name is told', async () => {
  const findings = await findingsOf(
    [...glibc(), broken('app', { needed: ['libx.so', 'liby.so'] })],
    [['app']],
  );
  expect(findings.map(({ found }) => found)).toEqual(['no libx.so', 'no liby.so']);
});

test('programs of other machines and files that nobody can start are left alone', async () => {
  const foreign = executable('usr/bin/foreign', program({ machine: 'amd64' }));
  const data = file('usr/bin/data', program({ needed: ['libx.so'] }), 0o644);
  expect(await findingsOf([...glibc(), foreign, data], [['usr/bin/foreign']])).toEqual([]);
});

test('an image in order has no findings', async () => {
  const members = [
    ...glibc(),
    executable('app', program({ needed: ['libc.so.6'] })),
    executable('static', writeElf({ machine: 'arm64' })),
  ];
  expect(await findingsOf(members, [['app'], ['static']])).toEqual([]);
});

describe('modules that Node and Python load', () => {
  const addon = 'srv/node_modules/image/lib/image.node';
  const extension = 'opt/venv/lib/python3.11/site-packages/image/_image.cpython-311-aarch64-linux-gnu.so';
  const module = (name: string, spec: Partial<ElfSpec> = {}) =>
    file(name, library({ needed: ['libc.so.6', 'libresolv.so.2'], ...spec }));
  const kinds = async (...members: readonly TarMember[]) =>
    (await findingsOf([...glibc(), ...members])).map(({ kind, severity, path }) => ({
      kind,
      severity,
      path,
    }));

  test.each([addon, extension, 'usr/lib/python3/dist-packages/image.abi3.so'])(
    'that need what the image has nowhere are warned of: %s',
    async (path) => {
      expect(await findingsOf([...glibc(), module(path)])).toMatchObject([
        {
          ...{ kind: 'missing-library', severity: 'warning', path: `/${path}`, found: 'no libresolv.so.2' },
          why: expect.stringContaining('gets an error'),
        },
      ]);
    },
  );

  test('so are libraries that they bring, once, by the module that needs them', async () => {
    const bundled = module('srv/node_modules/image/lib/libimage.so.1');
    const [one, two] = [addon, 'srv/node_modules/other.node'].map((path) =>
      module(path, { needed: ['libc.so.6', 'libimage.so.1'], rpath: '/srv/node_modules/image/lib' }),
    );
    const findings = await findingsOf([...glibc(), bundled, ...[one, two].flatMap((each) => each ?? [])]);
    expect(findings).toMatchObject([
      {
        ...{ severity: 'warning', path: '/srv/node_modules/image/lib/libimage.so.1' },
        why: expect.stringMatching(/\.node needs it\.$/),
      },
    ]);
  });

  test.each([
    ['beside it, by its search path', 'srv/node_modules/image/lib/libresolv.so.2', '$ORIGIN'],
    ['where the loader looks', 'usr/lib/libresolv.so.2', undefined],
    ['where only somebody else looks', 'opt/else/libresolv.so.2', undefined],
    ['bundled under another file name', 'srv/node_modules/image/libs/libresolv-1a2b.so', undefined],
  ])('are in order with the library %s', async (_where, path, runpath) => {
    const there = file(path, library({ soname: 'libresolv.so.2' }));
    expect(await kinds(there, module(addon, runpath === undefined ? {} : { runpath }))).toEqual([]);
  });

  test('for other machines, C libraries and systems are not loaded, and nothing is said', async () => {
    const others = [
      module('srv/node_modules/image/x64.node', { machine: 'amd64' }),
      module('srv/node_modules/image/musl.node', { needed: ['libc.musl-aarch64.so.1', 'libresolv.so.2'] }),
      module('srv/node_modules/image/android.node', { needed: ['liblog.so', 'libdl.so'] }),
      module('srv/node_modules/image/freebsd.node', { needed: ['libc.so.7', 'libthr.so.3'] }),
    ];
    expect(await kinds(...others)).toEqual([]);
    const onMusl = await findingsOf([...musl(), ...others, module(addon)]);
    expect(onMusl.map(({ path }) => path)).toEqual(['/srv/node_modules/image/musl.node']);
  });

  test('are no other files: what is not named so is left alone', async () => {
    const plugins = ['usr/lib/plugins/one.so', 'opt/venv/lib/python3.11/site-packages/Qt/plugins/libone.so'];
    expect(await kinds(...plugins.map((path) => module(path)))).toEqual([]);
  });
});
