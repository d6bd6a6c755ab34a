import { describe, expect, test } from 'vitest';
import { directory, executable, file, symlink, whiteout } from '../../fixture/index.ts';
import type { TarMember } from '../../tar/index.ts';
import { assemble } from './assemble.ts';
import {
  copyUp,
  drop,
  hashOf,
  inputOf,
  listing,
  port,
  rename,
  replaceBy,
  type Scene,
} from './assembly.test-support.ts';

const opaque = (path: string): TarMember => file(`${path}/.wh..wh..opq`, '');
const hardlink = (name: string, linkName: string): TarMember => ({ name, type: 'hardlink', linkName });

const amd = 'usr/lib/x86_64-linux-gnu';
const arm = 'usr/lib/aarch64-linux-gnu';
const oldBase = [
  [
    symlink('lib', 'usr/lib'),
    symlink('bin', 'usr/bin'),
    directory('usr'),
    executable('usr/bin/tool', 'x86 tool'),
    directory('usr/lib'),
    directory(amd),
    file(`${amd}/libz.so.1`, 'x86 libz'),
    file(`${amd}/libssl.so.3`, 'x86 libssl'),
    file('etc/motd', 'hello'),
    file('etc/old-only', 'old'),
    file('srv/data', 'same'),
  ],
];
const newBase = [
  [
    symlink('lib', 'usr/lib'),
    symlink('bin', 'usr/bin'),
    directory('usr'),
    executable('usr/bin/tool', 'arm tool'),
    directory('usr/lib'),
    file('usr/lib/ld-linux-aarch64.so.1', 'loader'),
    directory(arm),
    file(`${arm}/libz.so.1`, 'arm libz'),
    file(`${arm}/libssl.so.3`, 'arm libssl'),
    file('etc/motd', 'hello'),
    file('srv/data', 'same'),
  ],
];

async function refusal(scene: Partial<Scene> & Pick<Scene, 'layers'>): Promise<unknown> {
  const input = await inputOf({ oldBase, newBase, ...scene });
  return assemble(input, { folder: '/nonexistent/never-opened' }).catch((error: unknown) => error);
}

function record(ported: Awaited<ReturnType<typeof port>>, path: string) {
  return ported.assembled.account.records.find((one) => one.path === path);
}

describe('whiteouts', () => {
  test('of a path that the new base has too keep their layer', async () => {
    const ported = await port({ oldBase, newBase, layers: [[whiteout('etc/motd'), file('app', 'x')]] });
    expect(ported.assembled.layers[0]?.kind).toBe('kept');
    expect(ported.view.lookup('etc/motd')).toBeUndefined();
  });

  test('of a path that the new base lacks are dropped, and that is recorded', async () => {
    const ported = await port({ oldBase, newBase, layers: [[whiteout('etc/old-only'), file('app', 'x')]] });
    expect(ported.assembled.layers[0]).toMatchObject({ kind: 'rewritten', promised: [{ path: 'app' }] });
    expect(record(ported, 'etc/.wh.old-only')).toMatchObject({ outcome: 'dropped' });
  });

  test('of a path that names the architecture hide its equal in the new base', async () => {
    const ported = await port({ oldBase, newBase, layers: [[whiteout(`${amd}/libz.so.1`)]] });
    expect(ported.view.lookup(`${arm}/libz.so.1`)).toBeUndefined();
    expect(ported.view.lookup(`${arm}/libssl.so.3`)).toBeDefined();
    expect(record(ported, `${amd}/.wh.libz.so.1`)).toMatchObject({
      outcome: 'mapped',
      to: `${arm}/libz.so.1`,
    });
  });

  test('of a whole directory that names the architecture hide the whole equal directory', async () => {
    const ported = await port({ oldBase, newBase, layers: [[whiteout(amd), file('app', 'x')]] });
    expect(ported.view.lookup(arm)).toBeUndefined();
    expect(ported.view.lookup(amd)).toBeUndefined();
  });

  test.each([
    ['no name is known for it', () => undefined],
    ['may come back under another name', (path: string) => path.replace('x86_64', 'riscv')],
  ])(
    'that can not be translated are refused, since what was deleted would come back: %s',
    async (text, mapPath) => {
      const error = await refusal({ layers: [[whiteout(`${amd}/libz.so.1`)]], mapPath });
      expect(error).toMatchObject({ code: 'ASSEMBLY_REFUSED' });
      expect(String(error)).toContain(`${amd}/libz.so.1`);
      expect(String(error)).toContain(text);
    },
  );

  test('that can not be translated can be dropped by the plan', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[whiteout(`${amd}/libz.so.1`)]],
      plan: [{ [`${amd}/.wh.libz.so.1`]: drop() }],
      mapPath: () => undefined,
    });
    expect(ported.view.lookup(`${arm}/libz.so.1`)).toBeDefined();
    expect(record(ported, `${amd}/.wh.libz.so.1`)).toMatchObject({ outcome: 'dropped', why: 'not wanted' });
  });

  test('go where the plan says', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[whiteout(`${amd}/libz.so.1`)]],
      plan: [{ [`${amd}/.wh.libz.so.1`]: rename(`${arm}/libssl.so.3`) }],
    });
    expect(ported.view.lookup(`${arm}/libssl.so.3`)).toBeUndefined();
    expect(ported.view.lookup(`${arm}/libz.so.1`)).toBeDefined();
  });

  test('follow a file of a lower layer that was renamed', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[file('opt/x86/plug', 'p'), file('opt/keep', 'k')], [whiteout('opt/x86/plug')]],
      plan: [{ 'opt/x86/plug': rename('opt/arm/plug') }, {}],
    });
    expect(ported.view.lookup('opt/arm/plug')).toBeUndefined();
    expect(ported.view.lookup('opt/keep')).toBeDefined();
  });

  test('of a directory hide also what was renamed out of it', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[directory('opt'), file('opt/x86-plug', 'p'), file('opt/keep', 'k')], [whiteout('opt')]],
      plan: [{ 'opt/x86-plug': rename('elsewhere/plug') }, {}],
    });
    expect(ported.view.lookup('opt')).toBeUndefined();
    expect(ported.view.lookup('elsewhere/plug')).toBeUndefined();
  });

  test('of what was deleted before hide nothing else that is there by now', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [
        [file('opt/x86', 'p')],
        [whiteout('opt/x86')],
        [file('opt/arm', 'other')],
        [whiteout('opt/x86'), file('app', 'x')],
      ],
      plan: [{ 'opt/x86': rename('opt/arm') }, {}, {}, {}],
    });
    expect(ported.view.lookup('opt/arm')?.entry.sha256).toBe(hashOf('other'));
  });

  test('of one layer are each decided on what lower layers have', async () => {
    const ported = await port({ oldBase, newBase, layers: [[whiteout('etc'), whiteout('etc/motd')]] });
    expect(ported.assembled.layers[0]?.kind).toBe('kept');
  });

  test('behind a link of the new base are written behind it', async () => {
    const flat = [[directory('lib'), file('lib/x', 'x'), directory('usr/lib')]];
    const linked = [[symlink('lib', 'usr/lib'), directory('usr/lib'), file('usr/lib/x', 'x')]];
    const ported = await port({ oldBase: flat, newBase: linked, layers: [[whiteout('lib/x')]] });
    expect(ported.assembled.layers[0]?.promised).toMatchObject([{ kind: 'whiteout', path: 'usr/lib/x' }]);
    expect(listing(ported.view)).toEqual(['lib -> usr/lib', 'usr directory', 'usr/lib directory']);
  });
});

describe('markers at a path where a lower layer of the image has something of its own', () => {
  const own = [
    file(`${amd}/libsecret.so`, 'own text'),
    directory(`${amd}/plug`),
    file(`${amd}/plug/list`, 'own'),
  ];
  const bases = {
    oldBase: [[directory(amd), file(`${amd}/libsecret.so`, 'x86'), file(`${amd}/plug/a.so`, 'x86')]],
    newBase: [[directory(arm), file(`${arm}/libsecret.so`, 'arm'), file(`${arm}/plug/a.so`, 'arm')]],
  };

  test("hide it, and the new base's counterpart of what the old base had there", async () => {
    const layers = [own, [whiteout(`${amd}/libsecret.so`), opaque(`${amd}/plug`)]];
    const ported = await port({ ...bases, layers });
    expect([...ported.view.entries()].filter(({ entry }) => entry.kind === 'file')).toEqual([]);
    expect(record(ported, `${arm}/.wh.libsecret.so`)).toMatchObject({ outcome: 'added', kind: 'whiteout' });
  });

  test('leave alone what the marked layer puts there itself', async () => {
    const again = [whiteout(`${amd}/libsecret.so`), file(`${arm}/libsecret.so`, 'own arm')];
    const ported = await port({ ...bases, layers: [own, again] });
    expect(ported.view.lookup(`${arm}/libsecret.so`)?.entry.sha256).toBe(hashOf('own arm'));
  });
});

describe('opaque markers', () => {
  test('hide all that the new base has in the directory', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[directory('etc'), opaque('etc'), file('etc/own', 'o')]],
    });
    expect(ported.assembled.layers[0]?.kind).toBe('kept');
    expect(ported.view.list('etc').map(({ path }) => path)).toEqual(['etc/own']);
  });

  test('of a directory that names the architecture empty its equal', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[directory(amd), opaque(amd), file(`${amd}/libown.so`, 'x86 own')]],
      plan: [{ [amd]: rename(arm), [`${amd}/libown.so`]: replaceBy('arm own', { to: `${arm}/libown.so` }) }],
    });
    expect(ported.view.list(arm).map(({ path }) => path)).toEqual([`${arm}/libown.so`]);
  });

  test('that can not be translated are refused', async () => {
    const error = await refusal({ layers: [[opaque(amd)]], mapPath: () => undefined });
    expect(error).toMatchObject({ code: 'ASSEMBLY_REFUSED' });
  });

  test('over a link of the new base are refused: all behind the link would be lost', async () => {
    const error = await refusal({ layers: [[directory('lib'), opaque('lib'), file('lib/x', 'x')]] });
    expect(String(error)).toContain('/lib: it replaces a directory and all that is in it');
  });
});

describe('directories and links', () => {
  test("a file in the new base's linked directory is written behind the link, and the loader stays", async () => {
    const ported = await port({ oldBase, newBase, layers: [[directory('lib'), file('lib/own', 'o')]] });
    expect(ported.view.lookup('lib')?.entry.kind).toBe('symlink');
    expect(ported.view.lookup('usr/lib/own')).toBeDefined();
    expect(ported.view.resolve('lib/ld-linux-aarch64.so.1').found).toBe(true);
    expect(record(ported, 'lib')).toMatchObject({ outcome: 'mapped', to: 'usr/lib' });
    expect(record(ported, 'lib/own')).toMatchObject({ outcome: 'mapped', to: 'usr/lib/own' });
  });

  test('a directory where the new base has a link to nothing is made behind the link', async () => {
    const linked = [[directory('usr'), symlink('opt', '/usr/opt')]];
    const ported = await port({
      oldBase: [[directory('opt')]],
      newBase: linked,
      layers: [[{ ...directory('opt'), mode: 0o700 }, file('opt/x', 'x')]],
    });
    expect(listing(ported.view)).toEqual([
      'opt -> /usr/opt',
      'usr directory',
      'usr/opt directory',
      'usr/opt/x file',
    ]);
    expect(ported.view.lookup('usr/opt')?.entry.mode).toBe(0o700);
  });

  test.each([
    ['a link to a file', [symlink('opt', 'usr/file'), file('usr/file', 'f')]],
    ['a link that leads out of the root', [symlink('opt', '../../etc'), directory('etc')]],
    ['a link in a circle', [symlink('opt', 'opt')]],
    ['a file', [file('opt', 'f')]],
  ])('a directory where the new base has %s is refused by name', async (_, base) => {
    const error = await refusal({
      oldBase: [[directory('opt')]],
      newBase: [base],
      layers: [[directory('opt')]],
    });
    expect(error).toMatchObject({ code: 'ASSEMBLY_REFUSED' });
    expect(String(error)).toContain('/opt');
  });

  test.each([
    ['a link', symlink('usr/lib', '../lib64')],
    ['a file', file('usr/lib', 'f')],
  ])('%s where only the new base has a directory is refused: the loader would be lost', async (_, member) => {
    const error = await refusal({ oldBase: [[directory('usr')]], layers: [[member]] });
    expect(String(error)).toContain('but the new base has a directory at /usr/lib');
  });

  test('a directory that the source replaced by a link stays replaced', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[whiteout('srv'), symlink('srv', 'mnt')]],
    });
    expect(ported.assembled.layers[0]?.kind).toBe('kept');
    expect(ported.view.lookup('srv')?.entry.kind).toBe('symlink');
  });

  test('a path that leads out of the root through a link of the base is refused', async () => {
    const error = await refusal({
      newBase: [[symlink('data', '../../../tmp')]],
      oldBase: [[directory('data')]],
      layers: [[file('data/x', 'x')]],
    });
    expect(String(error)).toContain('lead out of the root');
  });

  test('a path that leads out of the root through a link of its own layer is refused', async () => {
    const error = await refusal({ layers: [[symlink('esc', '../..'), file('esc/x', 'x')]] });
    expect(String(error)).toContain('or out of the root');
  });

  test("paths through the image's own links stay as they are: each engine does as with the source", async () => {
    const layers = [
      [directory('v1'), symlink('current', 'v1')],
      [directory('current'), file('current/x', 'x')],
      [whiteout('current/x')],
    ];
    const ported = await port({ oldBase, newBase, layers });
    expect(ported.assembled.layers.map(({ kind }) => kind)).toEqual(['kept', 'kept', 'kept']);
  });

  test('a directory of the old base that the new one lacks comes with its mode and owner', async () => {
    const ported = await port({
      oldBase: [[{ ...directory('home/app'), mode: 0o750, uid: 1000, gid: 7 }]],
      newBase: [[directory('home')]],
      layers: [[file('home/app/x', 'x')]],
    });
    expect(ported.view.lookup('home/app')?.entry).toMatchObject({ mode: 0o750, uid: 1000, gid: 7 });
    expect(record(ported, 'home/app')).toMatchObject({ outcome: 'added' });
  });

  test('new directories on the way of a renamed file are named, with the time of new entries', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[file('opt/x86/a/b', 'x')]],
      plan: [{ 'opt/x86/a/b': rename('opt/arm/a/b') }],
    });
    expect(ported.view.lookup('opt/arm/a')).toMatchObject({
      implicit: false,
      entry: { mtime: 1_500_000_000 },
    });
  });

  test('two files that would come to one path are refused', async () => {
    const error = await refusal({
      layers: [[file('a', '1'), file('b', '2')]],
      plan: [{ a: rename('b') }],
    });
    expect(String(error)).toContain('where /a of the same layer goes too');
  });
});

describe('hard links', () => {
  const layer = [file('a', 'text', 0o640), hardlink('b', 'a'), hardlink('c', 'b')];

  test('stay links of one file', async () => {
    const ported = await port({ oldBase, newBase, layers: [layer] });
    expect(ported.assembled.layers[0]?.kind).toBe('kept');
    expect(ported.view.links('a')).toEqual(['a', 'b', 'c']);
  });

  test('when the first name is dropped, the next becomes the file', async () => {
    const ported = await port({ oldBase, newBase, layers: [layer], plan: [{ a: drop() }] });
    expect(ported.view.lookup('a')).toBeUndefined();
    expect(ported.view.links('b')).toEqual(['b', 'c']);
    expect(ported.view.lookup('c')?.entry).toMatchObject({ sha256: hashOf('text'), mode: 0o640 });
  });

  test('when the first name is renamed, the others link to the new name', async () => {
    const ported = await port({ oldBase, newBase, layers: [layer], plan: [{ a: rename('z/a') }] });
    expect(ported.view.links('z/a')).toEqual(['b', 'c', 'z/a']);
  });

  test.each(['a', 'b', 'c'])(
    'replaced content goes to all names, whichever is replaced: %s',
    async (name) => {
      const ported = await port({ oldBase, newBase, layers: [layer], plan: [{ [name]: replaceBy('new') }] });
      expect(ported.view.links('b')).toEqual(['a', 'b', 'c']);
      expect(ported.view.lookup('c')?.entry).toMatchObject({ sha256: hashOf('new'), mode: 0o640 });
      expect(ported.assembled.account.records.map(({ outcome }) => outcome)).toEqual(
        Array(3).fill('replaced'),
      );
    },
  );

  test('names with different contents become files of their own', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [layer],
      plan: [{ a: replaceBy('1'), b: replaceBy('2'), c: replaceBy('1') }],
    });
    expect(ported.view.links('a')).toEqual(['a', 'c']);
    expect(ported.view.lookup('b')?.entry).toMatchObject({ sha256: hashOf('2'), mode: 0o640 });
  });

  test('a name left without a content of its own then is refused', async () => {
    const error = await refusal({ layers: [layer], plan: [{ a: replaceBy('1'), b: replaceBy('2') }] });
    expect(String(error)).toContain('/c: it is a name of a file whose other names get different contents');
  });

  test('to a lower layer stay where the target stays, and get its new content where that is replaced', async () => {
    const layers = [
      [file('a', 'text'), file('k', 'kept')],
      [hardlink('b', 'a'), hardlink('l', 'k')],
    ];
    const ported = await port({ oldBase, newBase, layers, plan: [{ a: replaceBy('new') }, {}] });
    expect(ported.view.lookup('b')?.entry).toMatchObject({ sha256: hashOf('new') });
    expect(ported.view.links('l')).toEqual(['k', 'l']);
    const kept = await port({ oldBase, newBase, layers });
    expect(kept.assembled.layers.map(({ kind }) => kind)).toEqual(['kept', 'kept']);
  });

  test('to a lower layer whose target is renamed link to the new name; to a dropped one are refused', async () => {
    const layers = [[file('a', 'text')], [hardlink('b', 'a')]];
    const ported = await port({ oldBase, newBase, layers, plan: [{ a: rename('z') }, {}] });
    expect(ported.view.links('b')).toEqual(['b', 'z']);
    const error = await refusal({ layers, plan: [{ a: drop() }, {}] });
    expect(String(error)).toContain('hard link to /a of a lower layer');
  });

  test('to the base stay where the new base has the same file, and are refused where it has another', async () => {
    const ported = await port({ oldBase, newBase, layers: [[hardlink('copy', 'srv/data')]] });
    expect(ported.assembled.layers[0]?.kind).toBe('kept');
    const error = await refusal({ layers: [[hardlink('copy', 'usr/bin/tool')]] });
    expect(String(error)).toContain('hard link to /usr/bin/tool of the old base');
  });

  test('to another file of the base are materialised from the new base by copy-up', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[hardlink('copy', 'usr/bin/tool')]],
      plan: [{ copy: copyUp() }],
    });
    expect(ported.view.lookup('copy')?.entry).toMatchObject({ sha256: hashOf('arm tool'), mode: 0o755 });
    expect(ported.view.links('copy')).toEqual(['copy']);
  });

  test('to nothing are refused', async () => {
    const error = await refusal({ layers: [[hardlink('b', 'nothing')]] });
    expect(String(error)).toContain('/nothing is no file');
  });
});

describe('copied up files of the base', () => {
  test('get the content of the new base, and keep their own mode, owner, time and attributes', async () => {
    const pax = new Map([['SCHILY.xattr.security.capability', Buffer.from([1, 0x80, 0xff])]]);
    const changed = { ...file('usr/bin/tool', 'x86 tool', 0o4711), uid: 7, gid: 8, mtime: 5, pax };
    const ported = await port({
      oldBase,
      newBase,
      layers: [[changed]],
      plan: [{ 'usr/bin/tool': copyUp() }],
    });
    expect(ported.view.lookup('usr/bin/tool')?.entry).toMatchObject({
      ...{ sha256: hashOf('arm tool'), mode: 0o4711, uid: 7, gid: 8, mtime: 5 },
      xattrs: { 'security.capability': 'AYD/' },
    });
    expect(record(ported, 'usr/bin/tool')).toMatchObject({
      outcome: 'replaced',
      origin: "the new base's /usr/bin/tool",
      sha256: hashOf('arm tool'),
    });
  });

  test('of a directory that names the architecture come from its equal, and go there', async () => {
    const from = `${arm}/libz.so.1`;
    const ported = await port({
      oldBase,
      newBase,
      layers: [[{ ...file(`${amd}/libz.so.1`, 'x86 libz'), uid: 9 }]],
      plan: [{ [`${amd}/libz.so.1`]: copyUp({ from, to: from }) }],
    });
    expect(ported.view.lookup(from)?.entry).toMatchObject({ sha256: hashOf('arm libz'), uid: 9 });
    expect(ported.view.lookup(amd)).toBeUndefined();
  });

  test('that the new base lacks, or has as something else, are refused', async () => {
    const layers = [[file('etc/old-only', 'old'), file('lib', 'f')]];
    const error = await refusal({
      layers,
      plan: [{ 'etc/old-only': copyUp(), lib: copyUp() }],
    });
    expect(error).toMatchObject({ facts: { problems: [{ path: 'etc/old-only' }, { path: 'lib' }] } });
  });
});

describe('package databases and caches', () => {
  test('a dropped file shows the one of the new base only if the plan says so', async () => {
    const layers = [[file('etc/motd', 'changed')]];
    const shows = await port({ oldBase, newBase, layers, plan: [{ 'etc/motd': drop({ below: 'shows' }) }] });
    expect(shows.view.lookup('etc/motd')?.entry.sha256).toBe(hashOf('hello'));
    const hidden = await port({ oldBase, newBase, layers, plan: [{ 'etc/motd': drop() }] });
    expect(hidden.view.lookup('etc/motd')).toBeUndefined();
    expect(record(hidden, 'etc/.wh.motd')).toMatchObject({ outcome: 'added', kind: 'whiteout' });
  });

  test('a renamed file does not show the one of the new base at its old place', async () => {
    const ported = await port({
      oldBase,
      newBase,
      layers: [[file('etc/motd', 'changed')]],
      plan: [{ 'etc/motd': rename('etc/news') }],
    });
    expect(ported.view.lookup('etc/motd')).toBeUndefined();
    expect(ported.view.lookup('etc/news')?.entry.sha256).toBe(hashOf('changed'));
  });

  test('added paths, hidden ones among them, are written and accounted', async () => {
    const { kind: _kind, ...content } = contentFor('cache');
    const ported = await port({
      oldBase,
      newBase,
      layers: [[file('app', 'x')]],
      added: [
        [
          { path: 'etc/ld.so.cache', kind: 'file', why: 'regenerated', mode: 0o600, ...content },
          { path: `${arm}/libssl.so.3`, kind: 'whiteout', why: 'removed above the base' },
          { path: 'opt/link', kind: 'symlink', linkName: 'x', origin: 'a test', why: 'needed' },
          { path: 'lib/own', kind: 'directory', why: 'needed' },
        ],
      ],
    });
    expect(ported.view.lookup('etc/ld.so.cache')?.entry).toMatchObject({ mode: 0o600, mtime: 1_500_000_000 });
    expect(ported.view.lookup(`${arm}/libssl.so.3`)).toBeUndefined();
    expect(ported.view.lookup('opt/link')?.entry.linkName).toBe('x');
    expect(ported.view.lookup('usr/lib/own')?.entry.kind).toBe('directory');
    expect(ported.assembled.account.records.filter(({ outcome }) => outcome === 'added')).toHaveLength(5);
  });
});

function contentFor(text: string) {
  const plan = replaceBy(text);
  if (plan.action !== 'replace' || plan.with.kind !== 'file') throw new Error('no file');
  return plan.with;
}
