import { describe, expect, test } from 'vitest';
import { executable, file, symlink } from '../../fixture/index.ts';
import type { TarMember } from '../../tar/index.ts';
import { subjectOf } from '../subject.test-support.ts';
import { createLoader } from './index.ts';
import { closureOf, glibc, library, musl, program, taken, told } from './loader.test-support.ts';

const plain = executable('run', program());

async function problemsOf(members: readonly TarMember[], app = plain) {
  return (await closureOf('/run', [app, ...members])).problems;
}

describe('the program loader', () => {
  test('is found through links inside the root', async () => {
    const [loader, libc] = glibc() as [TarMember, TarMember];
    const moved = { ...loader, name: 'usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1' };
    const members = [
      moved,
      libc,
      symlink('lib/ld-linux-aarch64.so.1', '/lib/../usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1'),
    ];
    const closure = await closureOf('/run', [plain, ...members]);
    expect(closure).toMatchObject({
      family: 'glibc',
      interpreter: { path: '/lib/ld-linux-aarch64.so.1', file: { path: moved.name } },
      problems: [],
    });
  });

  test('that is not there keeps the program from starting', async () => {
    expect(await problemsOf([])).toMatchObject([
      {
        kind: 'missing-loader',
        found: 'no /lib/ld-linux-aarch64.so.1',
        why: expect.stringContaining('not in the image'),
      },
    ]);
  });

  test.each([
    ['glibc', musl(), program(), 'made for glibc, and the image has musl'],
    ['musl', glibc(), program({ interpreter: '/lib/ld-musl-aarch64.so.1' }), 'the image has glibc'],
  ])('of %s is missing in an image of the other', async (_, members, app, why) => {
    expect(await problemsOf(members, executable('run', app))).toMatchObject([
      { kind: 'missing-loader', why: expect.stringContaining(why) },
    ]);
  });

  test('that lies elsewhere is told', async () => {
    const [loader] = glibc() as [TarMember];
    expect(await problemsOf([{ ...loader, name: 'opt/ld-linux-aarch64.so.1' }])).toMatchObject([
      { kind: 'missing-loader', why: expect.stringContaining('/opt/ld-linux-aarch64.so.1') },
    ]);
  });

  test('of another machine, or no program at all, is refused', async () => {
    const foreign = executable('lib/ld-linux-aarch64.so.1', library({ machine: 'amd64' }));
    expect(await problemsOf([foreign])).toMatchObject([
      { kind: 'foreign-loader', found: '/lib/ld-linux-aarch64.so.1, an amd64 ELF file' },
    ]);
    const text = executable('lib/ld-linux-aarch64.so.1', 'hello\n');
    expect(await problemsOf([text])).toMatchObject([{ kind: 'foreign-loader' }]);
  });

  test('that is not executable is refused', async () => {
    const [loader] = glibc() as [TarMember];
    expect(await problemsOf([{ ...loader, mode: 0o644 }])).toMatchObject([
      { kind: 'missing-loader', found: '/lib/ld-linux-aarch64.so.1, which is not executable' },
    ]);
  });

  test('of a kind whose rules are not known: nothing is said of libraries', async () => {
    const interpreter = '/system/bin/linker64';
    const members = [executable('system/bin/linker64', library({ soname: 'ld-android.so' }))];
    const closure = await closureOf('/run', [
      ...members,
      executable('run', program({ interpreter, needed: ['liblog.so'] })),
    ]);
    expect(closure).toMatchObject({ family: 'other', libraries: [], problems: [] });
  });

  test("at glibc's path that is not glibc's: nothing is said of libraries", async () => {
    const stub = executable('lib/ld-linux-aarch64.so.1', library());
    const closure = await closureOf('/run', [stub, executable('run', program({ needed: ['libx.so'] }))]);
    expect(closure).toMatchObject({ family: 'other', problems: [] });
  });
});

test('static programs have no problems', async () => {
  const closure = await closureOf('/run', [executable('run', program({ interpreter: undefined as never }))]);
  expect(closure).toEqual({ program: closure.program, family: 'static', libraries: [], problems: [] });
});

test('scripts, texts and objects have no closure', async () => {
  const subject = await subjectOf({ layers: [[executable('run', '#!/bin/sh\n'), file('text', 'x')]] });
  const loader = createLoader(subject);
  for (const entry of subject.view.list('')) expect(loader.closureOf(entry)).toBeUndefined();
});

test('a closure is worked out once', async () => {
  const subject = await subjectOf({ layers: [[...glibc(), plain]] });
  const loader = createLoader(subject);
  const [first, second] = [subject.view.lookup('run'), subject.view.lookup('run')].map(
    (entry) => entry && loader.closureOf(entry),
  );
  expect(first).toBe(second);
});

describe('of a library by itself', () => {
  const module = file('ext/mod.so', library({ needed: ['libc.so.6', 'libhost.so.1'], runpath: '$ORIGIN' }));

  test.each([
    ['of its name', file('opt/host/libhost.so.1', library())],
    ['of its name, a link to a volume', symlink('opt/host/libhost.so.1', '/mounted/libhost.so')],
    ['that goes by its name', file('opt/host/host.so', library({ soname: 'libhost.so.1' }))],
  ])('a miss proves nothing while the image has a file %s, wherever it is', async (_which, host) => {
    const closure = await closureOf('/ext/mod.so', [...glibc(), module, host]);
    expect(taken(closure)).toEqual({ 'libc.so.6': '/lib/libc.so.6 (built-in /lib)', 'libhost.so.1': '-' });
    expect(closure.problems).toMatchObject([
      { kind: 'unknown', why: expect.stringContaining('may bring it') },
    ]);
  });

  test('a library that the image has nowhere is missing', async () => {
    const { problems } = await closureOf('/ext/mod.so', [...glibc(), module]);
    expect(problems).toMatchObject([
      { kind: 'missing-library', found: 'no libhost.so.1', why: expect.stringContaining('gets an error') },
    ]);
  });

  test.each([
    ['the driver of the host', 'libcuda.so.1'],
    ['no name of a library', 'host-plugin.so'],
  ])('%s is not', async (_what, name) => {
    const other = file('ext/mod.so', library({ needed: ['libc.so.6', name] }));
    const { problems } = await closureOf('/ext/mod.so', [...glibc(), other]);
    expect(problems).toMatchObject([{ kind: 'unknown' }]);
  });
});

describe('symbol versions', () => {
  const app = (versions: readonly string[], weak: readonly string[] = []) =>
    executable(
      'run',
      program({ needed: ['libc.so.6'], versionsNeeded: [{ library: 'libc.so.6', versions, weak }] }),
    );

  test('that the library lacks end the start', async () => {
    const members = glibc({ versions: ['GLIBC_2.17', 'GLIBC_2.28'] });
    expect(await problemsOf(members, app(['GLIBC_2.17', 'GLIBC_2.34', 'GLIBC_2.38']))).toMatchObject([
      {
        kind: 'missing-version',
        found: '/lib/libc.so.6 without GLIBC_2.34, GLIBC_2.38',
        expected: 'libc.so.6 with GLIBC_2.34, GLIBC_2.38',
        why: expect.stringContaining('newer glibc'),
      },
    ]);
    expect(await problemsOf(members, app(['GLIBC_2.28']))).toEqual([]);
  });

  test('that are weak may lack', async () => {
    expect(await problemsOf(glibc(), app(['GLIBC_2.99'], ['GLIBC_2.99']))).toEqual([]);
  });

  test('are not asked of a library that has none', async () => {
    const needs = [{ library: 'libx.so', versions: ['X_2'] }];
    const members = [...glibc(), file('lib/libx.so', library())];
    const needer = executable('run', program({ needed: ['libx.so'], versionsNeeded: needs }));
    expect(await problemsOf(members, needer)).toEqual([]);
  });

  test('are asked of libraries of libraries, and a missing library is told once', async () => {
    const needs = [{ library: 'libx.so', versions: ['X_2'] }];
    const y = file('lib/liby.so', library({ needed: ['libx.so'], versionsNeeded: needs }));
    const needer = executable('run', program({ needed: ['liby.so'] }));
    const x = (versionsGiven: readonly string[]) =>
      file('lib/libx.so', library({ soname: 'libx.so', versionsGiven }));
    expect(told(await problemsOf([...glibc(), y, x(['X_1'])], needer))).toEqual([
      'missing-version /lib/liby.so: /lib/libx.so without X_2',
    ]);
    expect(await problemsOf([...glibc(), y, x(['X_1', 'X_2'])], needer)).toEqual([]);
    expect(told(await problemsOf([...glibc(), y], needer))).toEqual([
      'missing-library /lib/liby.so: no libx.so',
    ]);
  });
});

describe('what could not be read is unknown', () => {
  test('a program cut off before its libraries', async () => {
    const whole = program({ needed: ['libc.so.6'] });
    const problems = await problemsOf(glibc(), executable('run', whole.subarray(0, whole.length - 100)));
    expect(problems.length).toBeGreaterThan(0);
    expect(new Set(problems.map(({ kind }) => kind))).toEqual(new Set(['unknown']));
  });

  test('a library cut off before its versions', async () => {
    const x = library({ soname: 'libx.so', versionsGiven: ['X_1'], code: Buffer.alloc(64) });
    const needs = [{ library: 'libx.so', versions: ['X_1'] }];
    const app = executable('run', program({ needed: ['libx.so'], versionsNeeded: needs }));
    const problems = await problemsOf([...glibc(), file('lib/libx.so', x.subarray(0, x.length - 200))], app);
    expect(problems.length).toBeGreaterThan(0);
    expect(new Set(problems.map(({ kind }) => kind))).toEqual(new Set(['unknown']));
  });
});

test('of a search that is a circle of links nothing is taken', async () => {
  const app = executable('run', program({ needed: ['libx.so'], runpath: '/loop' }));
  const closure = await closureOf('/run', [
    ...glibc(),
    app,
    symlink('loop', 'loop2'),
    symlink('loop2', 'loop'),
  ]);
  expect(taken(closure)).toEqual({ 'libx.so': '-' });
});

test('a long chain of needs with long search paths is followed, and given up where it asks for too much', async () => {
  const rpath = Array.from({ length: 100 }, (_, index) => `/none${index}`).join(':');
  const links = Array.from({ length: 300 }, (_, index) =>
    file(`lib/c${index}.so`, library({ needed: index < 299 ? [`c${index + 1}.so`] : [], rpath })),
  );
  const app = executable('run', program({ needed: ['c0.so'] }));
  const subject = await subjectOf({ layers: [[...glibc(), app, ...links]] });
  const entry = subject.view.lookup('run');
  if (entry === undefined) throw new Error('no program');
  const whole = createLoader(subject).closureOf(entry);
  expect([whole?.libraries.length, whole?.problems]).toEqual([300, []]);
  const cut = createLoader(subject, { maxLooks: 10_000 }).closureOf(entry);
  expect(new Set(cut?.problems.map(({ kind }) => kind))).toEqual(new Set(['unknown']));
});
