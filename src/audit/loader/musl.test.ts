import { describe, expect, test } from 'vitest';
import { executable, file } from '../../fixture/index.ts';
import type { TarMember } from '../../tar/index.ts';
import { closureOf, glibc, library, musl, program, taken, told } from './loader.test-support.ts';

const interpreter = '/lib/ld-musl-aarch64.so.1';
const x = library({ soname: 'libx.so.1' });

async function takes(spec: object, files: readonly TarMember[], run: object = {}, loader = musl()) {
  const app = executable('app/bin/run', program({ interpreter, needed: ['libx.so.1'], ...spec }));
  return closureOf('/app/bin/run', [...loader, app, ...files], run);
}

describe('the order of places', () => {
  const everywhere = [
    file('env/libx.so.1', x),
    file('runpath/libx.so.1', x),
    file('rpath/libx.so.1', x),
    file('usr/local/lib/libx.so.1', x),
  ];
  const environment = { config: { Env: ['LD_LIBRARY_PATH=/env'] } };

  test('LD_LIBRARY_PATH comes before paths in files', async () => {
    const closure = await takes({ rpath: '/rpath' }, everywhere, environment);
    expect(taken(closure)).toEqual({ 'libx.so.1': '/env/libx.so.1 (LD_LIBRARY_PATH /env)' });
    expect(closure).toMatchObject({ family: 'musl', problems: [] });
  });

  test.each([
    [{ rpath: '/rpath' }, '/rpath/libx.so.1 (rpath /rpath)'],
    [{ rpath: '/rpath', runpath: '/runpath' }, '/runpath/libx.so.1 (runpath /runpath)'],
    [{ rpath: '/rpath', runpath: '/none' }, '/usr/local/lib/libx.so.1 (built-in /usr/local/lib)'],
  ])('of %o the second counts alone', async (spec, expected) => {
    expect(taken(await takes(spec, everywhere))).toEqual({ 'libx.so.1': expected });
  });
});

test('both kinds of path count for libraries of libraries', async () => {
  const files = [file('opt/liba.so', library({ needed: ['libb.so'] })), file('opt/libb.so', library())];
  const expected = { 'liba.so': '/opt/liba.so (runpath /opt)', 'libb.so': '/opt/libb.so (runpath /opt)' };
  expect(taken(await takes({ needed: ['liba.so'], runpath: '$ORIGIN/../../opt' }, files))).toEqual({
    'liba.so': '/opt/liba.so (runpath /app/bin/../../opt)',
    'libb.so': '/opt/libb.so (runpath /app/bin/../../opt)',
  });
  expect(taken(await takes({ needed: ['liba.so'], runpath: '/opt' }, files))).toEqual(expected);
});

test('a path with another token than $ORIGIN counts for nothing as a whole', async () => {
  const closure = await takes({ runpath: '/opt:/usr/$LIB' }, [file('opt/libx.so.1', x)]);
  expect(taken(closure)).toEqual({ 'libx.so.1': '-' });
});

describe('directories searched last', () => {
  test('are those of the path file, at lines or colons, where there is one', async () => {
    const files = [
      file('etc/ld-musl-aarch64.path', '/none:/a\n/b\n'),
      file('b/libx.so.1', x),
      file('usr/lib/libx.so.1', x),
    ];
    expect(taken(await takes({}, files))).toEqual({ 'libx.so.1': '/b/libx.so.1 (ld-musl-aarch64.path /b)' });
  });

  test('are none where the path file is empty', async () => {
    const files = [file('etc/ld-musl-aarch64.path', ''), file('usr/lib/libx.so.1', x)];
    expect((await takes({}, files)).problems).toMatchObject([{ kind: 'missing-library' }]);
  });

  test('are those in the loader', async () => {
    const files = [file('srv/lib/libx.so.1', x), file('usr/lib/libx.so.1', x)];
    expect(taken(await takes({}, files, {}, musl('/srv/lib:/usr/lib')))['libx.so.1']).toMatch('/srv/lib');
  });
});

test('names of libc and its parts are the loader itself, whatever lies there', async () => {
  const names = ['libc.musl-aarch64.so.1', 'libc.so', 'libpthread.so.0', 'libm.so.6', 'libdl.so.2'];
  const closure = await takes({ needed: names }, [file('usr/lib/libm.so.6', library())]);
  const loader = '/lib/ld-musl-aarch64.so.1 (the loader itself)';
  expect(taken(closure)).toEqual(Object.fromEntries(names.map((name) => [name, loader])));
});

test('the first file of a name is taken, of another machine or not', async () => {
  const closure = await takes({ runpath: '/bad:/good' }, [
    file('bad/libx.so.1', library({ machine: 'amd64' })),
    file('good/libx.so.1', x),
  ]);
  expect(taken(closure)).toEqual({ 'libx.so.1': '/bad/libx.so.1 (runpath /bad)' });
  expect(told(closure.problems)).toEqual([
    'foreign-library /app/bin/run: libx.so.1 as an amd64 library only, /bad/libx.so.1',
  ]);
});

test('symbol versions are no concern of musl, but what was built for glibc is told', async () => {
  const closure = await takes({ needed: ['libg.so'] }, [
    file(
      'usr/lib/libg.so',
      library({
        needed: ['libc.so.6'],
        versionsNeeded: [{ library: 'libc.so.6', versions: ['GLIBC_2.99'] }],
      }),
    ),
  ]);
  expect(told(closure.problems)).toEqual([
    'unknown /usr/lib/libg.so: a file built for glibc, in a process with musl',
  ]);
});

describe('two C libraries in one process', () => {
  test('musl in a glibc process', async () => {
    const app = executable('run', program({ needed: ['libc.so.6', 'liba.so'] }));
    const a = file('usr/lib/liba.so', library({ needed: ['libc.musl-aarch64.so.1'] }));
    const closure = await closureOf('/run', [...glibc(), ...musl(), app, a]);
    expect(told(closure.problems)).toEqual([
      'mixed-libc /usr/lib/liba.so: /lib/ld-musl-aarch64.so.1, of musl',
    ]);
  });

  test("glibc's loader in a musl process", async () => {
    const closure = await takes({ needed: ['ld-linux-aarch64.so.1'] }, glibc());
    expect(told(closure.problems)).toEqual(['mixed-libc /app/bin/run: /lib/ld-linux-aarch64.so.1, of glibc']);
  });
});
