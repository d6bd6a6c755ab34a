import { describe, expect, test } from 'vitest';
import { executable, file } from '../../fixture/index.ts';
import { closureOf, glibc, ldCache, library, program, taken, takes, told } from './loader.test-support.ts';

const x = library({ soname: 'libx.so.1' });

describe('files that do not fit', () => {
  const amd64 = library({ machine: 'amd64' });

  test('a library of another machine is passed over for the next directory', async () => {
    const closure = await takes({ runpath: '/bad:/good' }, [
      file('bad/libx.so.1', amd64),
      file('good/libx.so.1', x),
    ]);
    expect(taken(closure)['libx.so.1']).toBe('/good/libx.so.1 (runpath /good)');
    expect(closure.problems).toEqual([]);
  });

  test('where there is no other, it is told as the cause', async () => {
    const closure = await takes({}, [file('usr/lib/libx.so.1', amd64)]);
    expect(taken(closure)).toEqual({ 'libx.so.1': '-' });
    expect(told(closure.problems)).toEqual([
      'foreign-library /app/bin/run: libx.so.1 as an amd64 library only, /usr/lib/libx.so.1',
    ]);
  });

  test('a file that is no ELF file ends the start, even if a library follows', async () => {
    const closure = await takes({ runpath: '/bad:/good' }, [
      file('bad/libx.so.1', 'INPUT(libx.so.2)\n'),
      file('good/libx.so.1', x),
    ]);
    expect(told(closure.problems)).toEqual(['missing-library /app/bin/run: /bad/libx.so.1, a text file']);
  });
});

describe('the cache', () => {
  test('entries of other machines and for newer processors do not count', async () => {
    const cache = ldCache([
      { name: 'libx.so.1', path: '/hw/libx.so.1', hwcap: 1n << 62n },
      { name: 'libx.so.1', path: '/amd64/libx.so.1', flags: 0x0303 },
      { name: 'libx.so.1', path: '/plain/libx.so.1' },
    ]);
    const files = ['hw', 'amd64', 'plain'].map((folder) => file(`${folder}/libx.so.1`, x));
    const closure = await takes({}, [...files, file('etc/ld.so.cache', cache)]);
    expect(taken(closure)).toEqual({ 'libx.so.1': '/plain/libx.so.1 (ld.so.cache)' });
  });

  test('an entry for newer processors alone leaves it open', async () => {
    const cache = ldCache([{ name: 'libx.so.1', path: '/hw/libx.so.1', hwcap: 1n << 62n }]);
    const closure = await takes({}, [file('hw/libx.so.1', x), file('etc/ld.so.cache', cache)]);
    expect(closure.problems).toMatchObject([
      { kind: 'unknown', why: expect.stringContaining('newer processors') },
    ]);
  });

  test('a directory of ld.so.conf is not searched, and the problem says what lacks', async () => {
    const files = [
      file('usr/local/lib/libx.so.1', x),
      file('etc/ld.so.conf', '# all\ninclude /etc/ld.so.conf.d/*.conf\n'),
      file('etc/ld.so.conf.d/local.conf', '/usr/local/lib/\n'),
    ];
    const why = async (...more: Parameters<typeof takes>[1]) =>
      (await takes({}, [...files, ...more])).problems
        .map((problem) => `${problem.kind}: ${problem.why}`)
        .join();
    expect(await why()).toMatch(
      /^missing-library: .*\/usr\/local\/lib\/libx\.so\.1, in a directory that \/etc\/ld\.so\.conf\.d\/local\.conf names, but .*there is none/,
    );
    const foreign = ldCache([{ name: 'libx.so.1', path: '/usr/local/lib/libx.so.1', flags: 0x0303 }]);
    expect(await why(file('etc/ld.so.cache', foreign))).toMatch('names libraries of other machines');
    const other = ldCache([{ name: 'liby.so.1', path: '/lib/liby.so.1' }]);
    expect(await why(file('etc/ld.so.cache', other))).toMatch('does not name it');
  });
});

describe('built-in directories', () => {
  async function from(directories: readonly string[], place: string, needed = 'libx.so.1') {
    const app = executable('app/run', program({ needed: [needed] }));
    return closureOf('/app/run', [...glibc({ directories }), app, file(`${place}/libx.so.1`, x)]);
  }

  test('are those in the loader, and no other', async () => {
    expect(taken(await from(['/lib64/', '/usr/lib64/'], 'usr/lib64'))).toEqual({
      'libx.so.1': '/usr/lib64/libx.so.1 (built-in /usr/lib64)',
    });
    expect((await from(['/lib64/', '/usr/lib64/'], 'usr/lib')).problems).toMatchObject([
      { kind: 'missing-library' },
    ]);
  });

  test('where the loader does not tell, the usual ones are tried and a miss proves nothing', async () => {
    expect(taken(await from([], 'usr/lib64'))['libx.so.1']).toMatch('/usr/lib64/');
    expect((await from([], 'usr/lib64', 'libz.so')).problems).toMatchObject([
      { kind: 'unknown', why: expect.stringContaining('built into its loader') },
    ]);
  });

  test('a library that lies only where newer processors look leaves it open', async () => {
    const place = 'usr/lib/glibc-hwcaps/x86-64-v3';
    expect((await from(['/lib/', '/usr/lib/'], place)).problems).toMatchObject([
      { kind: 'unknown', why: expect.stringContaining(`/${place}/libx.so.1`) },
    ]);
  });
});

test("NVIDIA's driver libraries come from the host", async () => {
  const closure = await takes({ needed: ['libcuda.so.1', 'libnvidia-ml.so.1', 'libcudart.so.12'] }, []);
  expect(closure.problems.map(({ kind }) => kind)).toEqual(['unknown', 'unknown', 'missing-library']);
});

test('where a volume is searched, anything may be mounted', async () => {
  const run = { config: { Volumes: { '/srv/plugins/': {} } } };
  const closure = await takes({ runpath: '/srv/plugins/lib' }, [], run);
  expect(closure.problems).toMatchObject([
    { kind: 'unknown', why: expect.stringContaining('/srv/plugins/') },
  ]);
});

test('a program at a fixed address is no library', async () => {
  const closure = await takes({}, [file('lib/libx.so.1', program())]);
  expect(told(closure.problems)).toEqual([
    'missing-library /app/bin/run: /lib/libx.so.1, a program at a fixed address',
  ]);
});
