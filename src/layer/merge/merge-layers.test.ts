import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TarMember } from '../../tar/index.ts';
import { type MergedView, type MergeOptions, mergeLayers } from '../index.ts';
import { factsOf } from '../layer.test-support.ts';
import { buildLayers, type Expected, generatedLayers } from './generated-layers.test-support.ts';

const file = (name: string, text = name): TarMember => ({ name, body: Buffer.from(text) });
const directory = (name: string): TarMember => ({ name, type: 'directory' });
const symlink = (name: string, linkName: string): TarMember => ({ name, type: 'symlink', linkName });
const hardlink = (name: string, linkName: string): TarMember => ({ name, type: 'hardlink', linkName });

async function merged(layers: readonly TarMember[][], options?: MergeOptions): Promise<MergedView> {
  return mergeLayers(await Promise.all(layers.map((members) => factsOf(members))), options);
}

function paths(view: MergedView): string[] {
  return [...view.entries()].map((entry) => entry.path);
}

describe('whiteouts', () => {
  test('a whiteout hides a lower file, and nothing of its own layer, wherever it stands', async () => {
    const view = await merged([
      [file('d/x', 'old'), file('d/y')],
      [file('d/x', 'new'), file('d/.wh.x'), file('d/.wh.y')],
    ]);
    expect(paths(view)).toEqual(['d', 'd/x']);
    expect(view.lookup('d/x')).toMatchObject({ layer: 1, entry: { size: 3 } });
  });

  test('a whiteout of a directory hides all that is in it', async () => {
    const view = await merged([[directory('d'), file('d/e/f'), file('g')], [file('.wh.d')]]);
    expect(paths(view)).toEqual(['g']);
  });

  test('an opaque marker hides what lower layers have, and keeps the siblings of its own layer', async () => {
    const view = await merged([
      [file('d/x'), file('d/e/y')],
      [file('d/new'), file('d/.wh..wh..opq'), file('d/later')],
    ]);
    expect(paths(view)).toEqual(['d', 'd/later', 'd/new']);
  });

  test('a name that only contains the letters wh is no whiteout', async () => {
    const view = await merged([[file('xwhy'), file('why')], [file('awh.why')]]);
    expect(paths(view)).toEqual(['awh.why', 'why', 'xwhy']);
  });

  test('a hidden path that comes back in a higher layer is of that layer', async () => {
    const view = await merged([[file('x', '1')], [file('.wh.x')], [file('x', '22')]]);
    expect(view.lookup('x')).toMatchObject({ layer: 2, contentLayer: 2, entry: { size: 2 } });
    expect(view.diffId(view.lookup('x')!)).toBe(view.layers[2]?.diffId);
  });

  test('whiteouts of "..", of nothing and of what is not there do nothing', async () => {
    const view = await merged([
      [file('d/x')],
      [file('d/.wh...'), file('d/.wh.'), file('q/.wh.z'), file('.wh..wh.aufs')],
    ]);
    expect(paths(view)).toEqual(['d', 'd/x']);
  });
});

describe('entries over entries', () => {
  test('a file takes the place of a directory with all that is in it, and a directory that of a file', async () => {
    const view = await merged([
      [file('a/b/c'), file('f')],
      [file('a'), directory('f'), file('f/g')],
    ]);
    expect(paths(view)).toEqual(['a', 'f', 'f/g']);
    expect(view.lookup('a')?.entry.kind).toBe('file');
  });

  test('a directory over a directory changes its mode and keeps what is in it', async () => {
    const view = await merged([[directory('d'), file('d/x')], [{ ...directory('d'), mode: 0o700 }]]);
    expect(paths(view)).toEqual(['d', 'd/x']);
    expect(view.lookup('d')).toMatchObject({ layer: 1, entry: { mode: 0o700 } });
  });

  test('of two entries with one path in one layer the last counts', async () => {
    const view = await merged([[file('x', '1'), file('./x', '22'), symlink('y', 'x'), file('/y', '333')]]);
    expect(view.lookup('x')?.entry.size).toBe(2);
    expect(view.lookup('y')?.entry).toMatchObject({ kind: 'file', size: 3 });
  });

  test("a directory entry over a lower layer's symbolic link replaces the link, not its target", async () => {
    const view = await merged([
      [directory('usr/lib'), file('usr/lib/ld.so'), symlink('lib', 'usr/lib')],
      [directory('lib'), file('lib/new')],
    ]);
    expect(paths(view)).toEqual(['lib', 'lib/new', 'usr', 'usr/lib', 'usr/lib/ld.so']);
    expect(view.resolve('/lib/ld.so')).toMatchObject({ found: false, reason: 'missing', path: 'lib/ld.so' });
  });

  test('directories that no entry names are there, and say so', async () => {
    const view = await merged([[file('a/b/c')]]);
    expect(view.lookup('a/b')).toMatchObject({ implicit: true, entry: { kind: 'directory', mode: 0o755 } });
    expect(view.lookup('a/b/c')?.implicit).toBe(false);
  });

  test("a path through a lower layer's link is noted, and goes where the caller says engines would put it", async () => {
    const layers = [[file('usr/lib/ld.so'), symlink('lib', 'usr/lib')], [file('lib/new')]];
    const replaced = await merged(layers);
    expect(paths(replaced)).toEqual(['lib', 'lib/new', 'usr', 'usr/lib', 'usr/lib/ld.so']);
    expect(replaced.notes).toMatchObject([{ kind: 'through-lower-symlink', path: 'lib/new', layer: 1 }]);
    const followed = await merged(layers, { symlinkedParents: 'follow' });
    expect(paths(followed)).toEqual(['lib', 'usr', 'usr/lib', 'usr/lib/ld.so', 'usr/lib/new']);
    expect(followed.notes).toHaveLength(1);
  });

  test('a path through a link of its own layer follows it', async () => {
    const view = await merged([[directory('usr/bin'), symlink('bin', 'usr/bin'), file('bin/sh')]]);
    expect(paths(view)).toEqual(['bin', 'usr', 'usr/bin', 'usr/bin/sh']);
    expect(view.notes).toEqual([]);
  });

  test('a path through a file of its own layer is left out, with a note', async () => {
    const view = await merged([[file('a'), file('a/b')]]);
    expect(paths(view)).toEqual(['a']);
    expect(view.notes).toMatchObject([{ kind: 'parent-not-directory', path: 'a/b' }]);
  });
});

describe('hard links', () => {
  test('links of one file share its entry, and are known as a group', async () => {
    const view = await merged([[file('a', 'text'), hardlink('b', './a'), hardlink('d/c', '/a'), file('z')]]);
    expect(view.lookup('d/c')).toMatchObject({ path: 'd/c', entry: { path: 'a', kind: 'file', size: 4 } });
    expect(view.links('b')).toEqual(['a', 'b', 'd/c']);
    expect(view.links('z')).toEqual(['z']);
  });

  test('a link to a lower layer shares the file there; a later file at the first name leaves it alone', async () => {
    const view = await merged([[file('a', 'old')], [hardlink('b', 'a')], [file('a', 'newer')]]);
    expect(view.lookup('b')).toMatchObject({ layer: 1, contentLayer: 0, entry: { size: 3 } });
    expect(view.lookup('a')).toMatchObject({ layer: 2, entry: { size: 5 } });
    expect(view.links('b')).toEqual(['b']);
  });

  test('a link to nothing and a link to a directory are left out, with a note', async () => {
    const view = await merged([[directory('d'), hardlink('x', 'gone'), hardlink('y', 'd')]]);
    expect(paths(view)).toEqual(['d']);
    expect(view.notes.map((note) => note.kind)).toEqual([
      'hardlink-target-missing',
      'hardlink-target-missing',
    ]);
  });
});

describe('resolving', () => {
  const layer = [
    file('usr/bin/busybox'),
    symlink('bin', 'usr/bin'),
    symlink('usr/bin/sh', 'busybox'),
    symlink('usr/bin/awk', '/etc/alternatives/awk'),
    symlink('etc/alternatives/awk', '../../../../usr/bin/busybox'),
    symlink('loop', 'loop2'),
    symlink('loop2', '/loop'),
    symlink('nowhere', '/gone/x'),
    symlink('here', '.'),
  ];

  test('field 62: links are followed inside the root, and are listed', async () => {
    const view = await merged([layer.slice(0, 1), layer.slice(1)]);
    const shell = view.resolve('/bin/sh');
    expect(shell).toMatchObject({ found: true, entry: { path: 'usr/bin/busybox', layer: 0 } });
    expect(shell.through.map((link) => link.path)).toEqual(['bin', 'usr/bin/sh']);
  });

  test('".." above the root stays at the root', async () => {
    const view = await merged([layer]);
    expect(view.resolve('bin/awk')).toMatchObject({ found: true, entry: { path: 'usr/bin/busybox' } });
    expect(view.resolve('../../usr/./bin//busybox')).toMatchObject({ found: true });
    expect(view.resolve('/')).toMatchObject({
      found: true,
      entry: { path: '', entry: { kind: 'directory' } },
    });
  });

  test('circles of links end', async () => {
    const view = await merged([layer]);
    expect(view.resolve('loop')).toMatchObject({ found: false, reason: 'too-many-links' });
    expect(view.resolve('here/here/here/loop')).toMatchObject({ found: false, reason: 'too-many-links' });
  });

  test('a chain of 40 links is followed, one of 41 is not', async () => {
    const chain = (length: number) => [
      file('end'),
      ...Array.from({ length }, (_, index) => symlink(`l${index}`, index === 0 ? 'end' : `l${index - 1}`)),
    ];
    expect((await merged([chain(40)])).resolve('l39').found).toBe(true);
    expect((await merged([chain(41)])).resolve('l40')).toMatchObject({ reason: 'too-many-links' });
  });

  test('what is missing says where it ended', async () => {
    const view = await merged([layer]);
    expect(view.resolve('nowhere')).toMatchObject({ found: false, reason: 'missing', path: 'gone/x' });
    expect(view.resolve('bin/sh/x')).toMatchObject({ found: false, reason: 'not-directory' });
    expect(view.resolve('usr/bin/busybox/')).toMatchObject({ found: false, reason: 'not-directory' });
  });

  test('a link at the end is left alone if asked, and paths can start elsewhere', async () => {
    const view = await merged([layer]);
    expect(view.resolve('bin/sh', { followLast: false })).toMatchObject({
      found: true,
      entry: { path: 'usr/bin/sh' },
    });
    expect(view.resolve('sh', { from: 'usr/bin' })).toMatchObject({ entry: { path: 'usr/bin/busybox' } });
  });
});

test('a directory lists its own names, sorted', async () => {
  const view = await merged([[file('d/b'), file('d/a/x'), file('e')], [file('d/c')]]);
  expect(view.list('d').map((entry) => entry.path)).toEqual(['d/a', 'd/b', 'd/c']);
  expect(view.list('d/b')).toEqual([]);
  expect(view.size).toBe(6);
});

test('a wanted file is at hand by content through a hard link too, from the layer that counts', async () => {
  const view = await merged([
    [file('etc/passwd', 'old')],
    [file('etc/passwd', 'new'), hardlink('etc/passwd-', 'etc/passwd')],
  ]);
  const text = (path: string) => Buffer.from(view.content(view.lookup(path)!) ?? '').toString();
  expect(text('etc/passwd')).toBe('new');
  expect(text('etc/passwd-')).toBe('new');
  expect(view.content(view.lookup('etc')!)).toBeUndefined();
});

test('generated layers give what the plainest reading of the specification gives', async () => {
  await fc.assert(
    fc.asyncProperty(generatedLayers, async (changes) => {
      const { layers, expected } = buildLayers(changes);
      for (const symlinkedParents of ['replace', 'follow'] as const) {
        const view = await merged(
          layers.map((layer) => [...layer]),
          { symlinkedParents },
        );
        const got = new Map<string, Omit<Expected, 'text'>>();
        for (const { path, entry } of view.entries())
          got.set(path, { kind: entry.kind, mode: entry.mode, uid: entry.uid });
        const wanted = new Map([...expected].map(([path, { text: _text, ...rest }]) => [path, rest]));
        expect(Object.fromEntries(got)).toEqual(Object.fromEntries(wanted));
        expect(view.notes).toEqual([]);
      }
    }),
    { numRuns: 150 },
  );
});
