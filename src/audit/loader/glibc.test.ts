import { describe, expect, test } from 'vitest';
import { executable, file, symlink } from '../../fixture/index.ts';
import { closureOf, glibc, ldCache, library, program, taken, takes, told } from './loader.test-support.ts';

const x = library({ soname: 'libx.so.1' });

function environment(value: string, more: object = {}) {
  return { config: { Env: [`LD_LIBRARY_PATH=${value}`], ...more } };
}

describe('the order of places', () => {
  const everywhere = [
    file('rpath/libx.so.1', x),
    file('runpath/libx.so.1', x),
    file('env/libx.so.1', x),
    file('cached/libx.so.1', x),
    file('usr/lib/libx.so.1', x),
    file('etc/ld.so.cache', ldCache([{ name: 'libx.so.1', path: '/cached/libx.so.1' }])),
  ];
  const without = (...folders: readonly string[]) =>
    everywhere.filter(({ name }) => !folders.some((folder) => String(name).startsWith(folder)));

  test.each([
    ['DT_RPATH before LD_LIBRARY_PATH', { rpath: '/rpath' }, [], '/rpath/libx.so.1 (rpath /rpath)'],
    [
      'LD_LIBRARY_PATH before DT_RUNPATH',
      { runpath: '/runpath' },
      [],
      '/env/libx.so.1 (LD_LIBRARY_PATH /env)',
    ],
    [
      'no DT_RPATH beside a DT_RUNPATH',
      { rpath: '/rpath', runpath: '/no' },
      ['env'],
      '/cached/libx.so.1 (ld.so.cache)',
    ],
    [
      'DT_RUNPATH before the cache',
      { runpath: '/runpath' },
      ['env'],
      '/runpath/libx.so.1 (runpath /runpath)',
    ],
    ['the cache before built-in directories', {}, ['env'], '/cached/libx.so.1 (ld.so.cache)'],
    ['built-in directories last', {}, ['env', 'etc'], '/usr/lib/libx.so.1 (built-in /usr/lib)'],
    [
      'built-in directories where the cache names what is gone',
      {},
      ['env', 'cached'],
      '/usr/lib/libx.so.1 (built-in /usr/lib)',
    ],
  ])('%s', async (_, spec, missing, expected) => {
    const closure = await takes(spec, without(...missing), environment('/env'));
    expect(taken(closure)).toEqual({ 'libx.so.1': expected });
    expect(closure).toMatchObject({ family: 'glibc', problems: [] });
  });
});

describe('search paths', () => {
  test('DT_RPATH counts for libraries of libraries, DT_RUNPATH for its own file only', async () => {
    const files = [
      file('opt/liba.so', library({ soname: 'liba.so', needed: ['libb.so'] })),
      file('opt/libb.so', library({ soname: 'libb.so' })),
    ];
    const old = await takes({ needed: ['liba.so'], rpath: '/opt' }, files);
    expect(taken(old)).toEqual({
      'liba.so': '/opt/liba.so (rpath /opt)',
      'libb.so': '/opt/libb.so (rpath /opt)',
    });
    const current = await takes({ needed: ['liba.so'], runpath: '/opt' }, files);
    expect(taken(current)).toEqual({ 'liba.so': '/opt/liba.so (runpath /opt)', 'libb.so': '-' });
    expect(told(current.problems)).toEqual(['missing-library /opt/liba.so: no libb.so']);
  });

  test('DT_RPATH of the program does not count for a library with DT_RUNPATH', async () => {
    const closure = await takes({ needed: ['liba.so'], rpath: '/opt' }, [
      file('opt/liba.so', library({ needed: ['libb.so'], runpath: '/none' })),
      file('opt/libb.so', library()),
    ]);
    expect(taken(closure)).toMatchObject({ 'libb.so': '-' });
  });

  test.each(['$ORIGIN/../lib', `$\{ORIGIN}/../lib`, '/none:$ORIGIN/../lib//'])(
    '%s starts at the file',
    async (runpath) => {
      const closure = await takes({ runpath }, [file('app/lib/libx.so.1', x)]);
      expect(taken(closure)['libx.so.1']).toMatch(/^\/app\/lib\/libx\.so\.1 /);
    },
  );

  test('$ORIGIN of a file in the root is the root', async () => {
    const members = [
      ...glibc(),
      executable('run', program({ needed: ['libx.so.1'], runpath: '$ORIGIN' })),
      file('libx.so.1', x),
    ];
    const run = { config: { WorkingDir: '/lib' } };
    expect(taken(await closureOf('/run', members, run))).toEqual({ 'libx.so.1': '/libx.so.1 (runpath /)' });
  });

  test('a program started through a link has the origin of the file itself', async () => {
    const members = [
      ...glibc(),
      executable('app/bin/run', program({ needed: ['libx.so.1'], runpath: '$ORIGIN/../lib' })),
      symlink('usr/bin/run', '/app/bin/run'),
      file('app/lib/libx.so.1', x),
    ];
    expect(taken(await closureOf('/usr/bin/run', members))['libx.so.1']).toMatch(/^\/app\/lib/);
  });

  test('a library found through a link has the origin of the path it was found by', async () => {
    const a = library({ needed: ['libb.so'], runpath: '$ORIGIN' });
    const closure = await takes({ needed: ['liba.so'], runpath: '/links' }, [
      file('real/liba.so', a),
      symlink('links/liba.so', '/real/liba.so'),
      file('links/libb.so', library()),
    ]);
    expect(taken(closure)).toMatchObject({
      'liba.so': '/real/liba.so (runpath /links)',
      'libb.so': '/links/libb.so (runpath /links)',
    });
  });

  test.each([
    ['/opt/$LIB', 'opt/lib/aarch64-linux-gnu'],
    ['/opt/$PLATFORM', 'opt/aarch64'],
    ['/opt/$LIBRARY', 'opt/$LIBRARY'],
  ])('%s is /%s', async (runpath, folder) => {
    const closure = await takes({ runpath }, [file(`${folder}/libx.so.1`, x)]);
    expect(taken(closure)['libx.so.1']).toMatch(`/${folder}/libx.so.1`);
  });

  test.each(['/none:', ':/none', '.', '../srv'])('"%s" holds the working directory', async (runpath) => {
    const closure = await takes({ runpath }, [file('srv/libx.so.1', x)], { config: { WorkingDir: '/srv' } });
    expect(taken(closure)['libx.so.1']).toMatch(/^\/srv\/libx/);
  });

  test('LD_LIBRARY_PATH parts at colons and semicolons, and an empty one holds nothing', async () => {
    const files = [file('srv/libx.so.1', x), file('b/libx.so.1', x)];
    expect(taken(await takes({}, files, environment('/a;/b')))['libx.so.1']).toMatch('/b/');
    expect(taken(await takes({}, files, environment('', { WorkingDir: '/srv' })))['libx.so.1']).toBe('-');
  });
});

describe('secure mode', () => {
  const lib = [file('env/libx.so.1', x), file('app/lib/libx.so.1', x)];
  async function setuid(mode: number, spec: object, run: object) {
    const app = file('app/bin/run', program({ needed: ['libx.so.1'], ...spec }), mode);
    return taken(await closureOf('/app/bin/run', [...glibc(), app, ...lib], run))['libx.so.1'];
  }

  test('a setuid program takes nothing from LD_LIBRARY_PATH', async () => {
    expect(await setuid(0o4755, {}, environment('/env', { User: '1000' }))).toBe('-');
    expect(await setuid(0o755, {}, environment('/env', { User: '1000' }))).toMatch('/env/');
  });

  test('for root a program that is setuid root is like any other', async () => {
    expect(await setuid(0o4755, {}, environment('/env'))).toMatch('/env/');
  });

  test('$ORIGIN of a setuid program counts under built-in directories only', async () => {
    const run = { config: { User: '1000' } };
    expect(await setuid(0o4755, { runpath: '$ORIGIN/../lib' }, run)).toBe('-');
    const inside = [
      ...glibc(),
      file('usr/lib/app/run', program({ needed: ['libx.so.1'], runpath: '$ORIGIN/sub' }), 0o4755),
      file('usr/lib/app/sub/libx.so.1', x),
    ];
    expect(taken(await closureOf('/usr/lib/app/run', inside, run))['libx.so.1']).toMatch('/usr/lib/app/sub/');
  });
});

describe('what is loaded already', () => {
  test('a library answers to its soname and to the name it was asked by', async () => {
    const closure = await takes({ needed: ['liba.so', 'libb.so'], runpath: '/opt' }, [
      file('opt/liba.so', library({ soname: 'libreal.so.3' })),
      file('opt/libb.so', library({ needed: ['libreal.so.3', 'liba.so'] })),
    ]);
    expect(closure.problems).toEqual([]);
  });

  test('the loader answers to its own name', async () => {
    const closure = await takes({ needed: ['ld-linux-aarch64.so.1'] }, []);
    expect(closure.problems).toEqual([]);
  });

  test('libraries that need each other end', async () => {
    const closure = await takes({ needed: ['liba.so'], rpath: '/opt' }, [
      file('opt/liba.so', library({ needed: ['libb.so'] })),
      file('opt/libb.so', library({ needed: ['liba.so'] })),
    ]);
    expect(Object.keys(taken(closure))).toEqual(['liba.so', 'libb.so']);
  });
});

describe('names with a slash', () => {
  test('are that path and no other', async () => {
    const closure = await takes({ needed: ['/opt/libx.so.1', '$ORIGIN/liby.so', '/gone/libz.so'] }, [
      file('opt/libx.so.1', x),
      file('app/bin/liby.so', library()),
      file('lib/libz.so', library()),
    ]);
    expect(taken(closure)).toEqual({
      '/opt/libx.so.1': '/opt/libx.so.1 (path)',
      '$ORIGIN/liby.so': '/app/bin/liby.so (path)',
      '/gone/libz.so': '-',
    });
    expect(told(closure.problems)).toEqual(['missing-library /app/bin/run: no /gone/libz.so']);
  });
});
