import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { directory, executable, file, symlink } from '../../fixture/index.ts';
import { readTar, type TarMember } from '../../tar/index.ts';
import type { AddedPath, NewContent, PathPlan } from '../plan-types.ts';
import { assemble } from './assemble.ts';
import {
  bytesOf,
  contentOf,
  drop,
  gzipType,
  hashOf,
  inFolder,
  inputOf,
  port,
  rename,
  replaceBy,
  type Scene,
  sourceOf,
  tarOf,
} from './assembly.test-support.ts';
import type { AssembledLayers, AssembleInput } from './types.ts';
import { verifyLayers } from './verify-layers.ts';

const base = [[directory('usr'), executable('usr/bin/sh', 'shell')]];
const one = async (layers: Scene['layers'], paths: Record<string, PathPlan>, more: Partial<Scene> = {}) =>
  port({ oldBase: base, newBase: base, layers, plan: [paths], ...more });

/** Everything whose header says more than a plain one can. */
const long = `${'long-name-'.repeat(20)}/${'file-'.repeat(30)}`;
const difficult: TarMember[] = [
  {
    ...file('capable', 'c', 0o4755),
    pax: new Map([['SCHILY.xattr.security.capability', Buffer.from([1, 0x80, 0xff, 10])]]),
  },
  file(long, 'long'),
  { name: 'null', type: 'character-device', deviceMajor: 1, deviceMinor: 3, mode: 0o666 },
  { name: 'pipe', type: 'fifo' },
  { ...file('times', 't'), mtime: 1_700_000_000, pax: new Map([['mtime', '1700000000.123456789']]) },
  { ...file('owner', 'o'), uid: 3_000_000, gid: 4_000_000_000, userName: 'somebody' },
  { name: Buffer.from([0x6e, 0xff, 0x6e]), body: Buffer.from('not UTF-8') },
  symlink('link', 'x'.repeat(150)),
  { name: 'GNUSparseFile.0/holes', body: Buffer.from('abcde'), pax: sparseRecords() },
];

function sparseRecords(): Map<string, string> {
  const map = { major: '0', minor: '1', name: 'holes', realsize: '100000', map: '10,3,99990,2' };
  return new Map(Object.entries(map).map(([key, value]) => [`GNU.sparse.${key}`, value]));
}
const holes = Buffer.alloc(100_000);
holes.write('abc', 10);
holes.write('de', 99_990);

async function tarBytes({ blobs }: Awaited<ReturnType<typeof port>>, index = 0): Promise<Buffer> {
  return gunzipSync(blobs[index]!);
}

describe('a rewritten layer', () => {
  test('passes on what is kept byte for byte, headers that armload would write otherwise too', async () => {
    const odd = await tarOf(difficult);
    // The first header's checksum, padded with spaces as some writers do.
    const header = odd.indexOf(Buffer.from('capable'), 512);
    const start = header - (header % 512);
    odd.write(` ${odd.toString('latin1', start + 149, start + 154)}\0 `, start + 148, 'latin1');
    const end = await tarOf([file('x86', 'code')]);
    const source = sourceOf(gzipSync(Buffer.concat([odd.subarray(0, -1024), end])));
    const ported = await one([source], { x86: drop() });
    expect(ported.assembled.layers[0]?.kind).toBe('rewritten');
    expect(await tarBytes(ported)).toEqual(odd);
  });

  test('keeps the facts of what is renamed: attributes, long names, devices, precise times, bytes of names', async () => {
    const moved = ['capable', long, 'null', 'pipe', 'times', 'owner', 'n\udcffn', 'link', 'holes'];
    const plan = Object.fromEntries(moved.map((path) => [path, rename(`new/${path}`)]));
    const ported = await one([difficult], plan);
    for (const path of moved) {
      const { facts: _facts, ...before } = ported.input.source.lookup(path)!.entry;
      expect(ported.view.lookup(`new/${path}`)?.entry).toMatchObject({ ...before, path: `new/${path}` });
    }
    expect(ported.view.lookup('new/holes')?.entry.sha256).toBe(hashOf(holes.toString()));
    const times = new Map<string, string>();
    for await (const entry of readTar(Readable.from([await tarBytes(ported)])))
      times.set(entry.name, Buffer.from(entry.pax.get('mtime') ?? '').toString());
    expect(times.get('new/times')).toBe('1700000000.123456789');
  });

  test('gives a sparse file to its second name where the first is dropped', async () => {
    const layer = [...difficult, { name: 'other', type: 'hardlink', linkName: 'holes' } as TarMember];
    const ported = await one([layer], { holes: drop() });
    expect(ported.view.lookup('other')?.entry).toMatchObject({
      size: 100_000,
      sha256: hashOf(holes.toString()),
    });
  });

  test('gives a replaced program the rights of the old one: setuid, owner, capabilities, time', async () => {
    const old = { ...difficult[0]!, uid: 5, gid: 6, mtime: 77 };
    const ported = await one([[old]], { capable: replaceBy('arm64 code') });
    expect(ported.view.lookup('capable')?.entry).toMatchObject({
      ...{ mode: 0o4755, uid: 5, gid: 6, mtime: 77, sha256: hashOf('arm64 code') },
      xattrs: { 'security.capability': Buffer.from([1, 0x80, 0xff, 10]).toString('base64') },
    });
    const other = await one([[old]], { capable: replaceBy('arm64 code', { mtime: 99 }) });
    expect(other.view.lookup('capable')?.entry.mtime).toBe(99);
  });

  test('can have a link in place of a file, and a file with a mode in place of a link', async () => {
    const toLink: PathPlan = replaceBy({ kind: 'symlink', linkName: 'arm/libx.so', origin: 'a package' });
    const toFile = replaceBy({ ...contentOf('library'), mode: 0o755 });
    const ported = await one([[file('libx.so', 'x86'), symlink('liby.so', 'x86/liby.so')]], {
      'libx.so': toLink,
      'liby.so': toFile,
    });
    expect(ported.view.lookup('libx.so')?.entry).toMatchObject({ kind: 'symlink', linkName: 'arm/libx.so' });
    expect(ported.view.lookup('liby.so')?.entry).toMatchObject({ kind: 'file', mode: 0o755 });
    await expect(one([[symlink('l', 'x')]], { l: replaceBy('library') })).rejects.toThrow(
      'the plan gives no mode',
    );
  });

  test('has the same bytes however the source is delivered, and nothing of this system in them', async () => {
    const members = Array.from({ length: 40 }, (_, index) =>
      file(`f${index}`, 'some text '.repeat(index * 300)),
    );
    const blob = gzipSync(await tarOf(members));
    const ported = await Promise.all(
      [7, 1000, 100_000].map((pieces) => one([sourceOf(blob, gzipType, pieces)], { f0: drop() })),
    );
    const [first, ...others] = ported.map(({ blobs }) => blobs[0]!);
    for (const other of others) expect(other).toEqual(first);
    expect(first?.subarray(0, 10)).toEqual(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]));
    expect(ported[0]?.assembled.compressor).toEqual({ gzipLevel: 6, zlib: process.versions.zlib });
  });

  test('has a descriptor without what was said of the old bytes', async () => {
    const { assembled } = await one([[file('a', 'a'), file('b', 'b')]], { a: drop() });
    expect(Object.keys(assembled.layers[0]!.descriptor).sort()).toEqual(['digest', 'mediaType', 'size']);
  });

  test('that loses all entries is an empty layer', async () => {
    const ported = await one([[file('a', 'a')]], { a: drop() });
    expect(await tarBytes(ported)).toEqual(Buffer.alloc(1024));
  });

  test('does not get entries with impossible paths or unknown types, and says so', async () => {
    const tar = await tarOf([file('../escape', 'x'), file('app', 'a'), file('odd', 'o'), file('gone', 'g')]);
    const odd = tar.indexOf(Buffer.from('odd\0'));
    tar[odd + 156] = 'Z'.charCodeAt(0);
    tar.write('        ', odd + 148, 'latin1');
    const sum = tar.subarray(odd, odd + 512).reduce((all, byte) => all + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, odd + 148, 'latin1');
    const source = sourceOf(gzipSync(tar));
    const { assembled } = await one([source], { gone: drop() });
    expect(assembled.layers[0]?.promised.map(({ path }) => path)).toEqual(['app']);
    const left = assembled.account.records.filter(({ kind }) => kind === 'unread');
    expect(left).toMatchObject([{ path: '../escape', outcome: 'dropped' }, { path: 'odd' }]);
    expect((await one([source], {})).assembled.layers[0]?.kind).toBe('kept');
  });

  test('of eStargz has no index for lazy pulling, which would lie', async () => {
    const layer = [file('app', 'a'), file('gone', 'g'), file('stargz.index.json', '{}')];
    const ported = await one([layer], { gone: drop() });
    expect(ported.view.lookup('stargz.index.json')).toBeUndefined();
    expect((await one([layer], {})).assembled.layers[0]?.kind).toBe('kept');
  });
});

describe('media types and compression', () => {
  const members = [file('a', 'text'), file('b', 'b')];
  test.each([
    [
      'application/vnd.docker.image.rootfs.diff.tar.gzip',
      'gzip',
      'application/vnd.docker.image.rootfs.diff.tar.gzip',
    ],
    [
      'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      'gzip',
      'application/vnd.docker.image.rootfs.diff.tar.gzip',
    ],
    ['application/vnd.oci.image.layer.v1.tar', 'none', 'application/vnd.oci.image.layer.v1.tar'],
    ['application/vnd.oci.image.layer.v1.tar+gzip', 'none', 'application/vnd.oci.image.layer.v1.tar'],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'gzip', gzipType],
    ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd', gzipType],
    ['', 'gzip', gzipType],
  ])('%s of %s becomes %s', async (mediaType, compression, expected) => {
    const tar = await tarOf(members);
    const blob = compression === 'gzip' ? gzipSync(tar) : compression === 'zstd' ? rawZstd(tar) : tar;
    const ported = await one([sourceOf(blob, mediaType)], { b: drop() });
    expect(ported.assembled.layers[0]?.descriptor.mediaType).toBe(expected);
    expect(ported.view.lookup('a')?.entry.sha256).toBe(hashOf('text'));
  });
});

/** One frame of blocks that are stored as they are (RFC 8878, 3.1.1). */
function rawZstd(bytes: Uint8Array): Buffer {
  const head = Buffer.from('28b52ffda000000000', 'hex');
  head.writeUInt32LE(bytes.length, 5);
  const block = Buffer.alloc(3);
  block.writeUIntLE((bytes.length << 3) | 1, 0, 3);
  return Buffer.concat([head, block, bytes]);
}

describe('a plan', () => {
  const layers = [[file('a', 'a'), file('d/b', 'b')]];
  const unplanned = async (change: (input: AssembleInput) => AssembleInput) => {
    const input = await inputOf({ oldBase: base, newBase: base, layers });
    return assemble(change(input), { folder: '/nonexistent/never-opened' }).catch((error: unknown) => error);
  };

  test('that leaves an entry out is refused, naming it', async () => {
    const error = await unplanned((input) => {
      (input.plan.layers[0]!.paths as Map<string, PathPlan>).delete('d/b');
      return input;
    });
    expect(error).toMatchObject({
      code: 'ASSEMBLY_UNPLANNED',
      facts: { problems: [{ path: 'd/b', layer: 0 }] },
    });
    expect(String(error)).toContain('/d/b: the plan says nothing of it');
  });

  test('that speaks of an entry that is not there, or of no path, is refused', async () => {
    const error = await unplanned((input) => {
      const paths = input.plan.layers[0]!.paths as Map<string, PathPlan>;
      paths.set('nowhere', drop()).set('a', rename('../a'));
      return input;
    });
    expect(error).toMatchObject({ facts: { problems: [{ path: 'nowhere' }, { path: 'a' }].reverse() } });
    expect(await unplanned((input) => ({ ...input, plan: { layers: [] } }))).toMatchObject({
      code: 'ASSEMBLY_UNPLANNED',
    });
  });

  test.each<[string, TarMember, PathPlan, string]>([
    ['replace a directory', directory('d'), replaceBy('x'), 'a directory has no content'],
    ['give a hash that is none', file('a', 'a'), replaceBy({ ...contentOf('x'), sha256: 'ab' }), 'no sha256'],
    [
      'give a link without a target',
      file('a', 'a'),
      replaceBy({ kind: 'symlink', linkName: '', origin: 'x' }),
      'a link to nowhere',
    ],
    ['copy a marker', file('.wh.usr', ''), { action: 'copy-up', why: 'x' }, 'no content to copy-up'],
  ])('can not %s', async (_, member, item, text) => {
    await expect(one([[member]], { [String(member.name)]: item })).rejects.toThrow(text);
  });

  test.each<[string, AddedPath]>([
    ['its path is not one from the root', { path: '../x', kind: 'directory', why: 'x' }],
    ['its name is one of a whiteout', { path: 'd/.wh.x', kind: 'directory', why: 'x' }],
    ['it is a link to nowhere', { path: 'l', kind: 'symlink', linkName: '', origin: 'x', why: 'x' }],
    ['no usable size', { ...contentOf('x'), path: 'f', size: -1, why: 'x' }],
  ])('can not add a path where %s', async (text, item) => {
    await expect(one([[file('a', 'a')]], {}, { added: [[item]] })).rejects.toThrow(text);
  });
});

describe('what goes wrong on the way', () => {
  const layers = [[file('first', 'f')], [file('a', 'a'), file('b', 'b')]];

  /** Assembles a second time where one blob is there already: it stays, and nothing else. */
  async function failing(
    content: Partial<NewContent>,
    signal?: AbortSignal,
  ): Promise<{ error: unknown; left: string[] }> {
    const input = await inputOf({
      oldBase: base,
      newBase: base,
      layers,
      plan: [{ first: replaceBy('new') }, { a: replaceBy({ ...contentOf('new content'), ...content }) }],
    });
    return inFolder(async (folder) => {
      mkdirSync(join(folder, 'of-the-caller'));
      writeFileSync(join(folder, 'of-the-caller/file'), 'x');
      const error = await assemble(input, { folder, ...(signal && { signal }) }).catch(
        (thrown: unknown) => thrown,
      );
      return { error, left: readdirSync(folder) };
    });
  }

  test.each([
    ['is too long', 'more than planned', /more than the planned 11 bytes/],
    ['is too short', 'short', /has 5 bytes, not the planned 11/],
    ['is another', 'NEW CONTENT', /has the hash [0-9a-f]{64}, not the planned/],
  ])('new content that %s ends it, and leaves no file', async (_, text, message) => {
    const { error, left } = await failing({ content: contentOf(text).content });
    expect(error).toMatchObject({
      code: 'ASSEMBLY_CONTENT',
      message: expect.stringMatching(message) as string,
    });
    expect(String(error)).toContain('/a from a test');
    expect(left).toEqual(['of-the-caller']);
  });

  test('new content that fails ends it with its own error', async () => {
    const cause = new Error('the package is gone');
    const { error, left } = await failing({
      async *content() {
        yield Buffer.from('new');
        throw cause;
      },
    });
    expect(error).toBe(cause);
    expect(left).toEqual(['of-the-caller']);
  });

  test('giving up leaves no file, and gives the reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { error, left } = await failing(
      {
        async *content() {
          yield Buffer.from('new');
          controller.abort(reason);
          yield Buffer.from(' content');
        },
      },
      controller.signal,
    );
    expect(error).toBe(reason);
    expect(left).toEqual(['of-the-caller']);
  });

  test('giving up while nothing comes leaves no file either', async () => {
    const controller = new AbortController();
    const { error, left } = await failing(
      {
        async *content() {
          setTimeout(() => controller.abort(), 20);
          await new Promise((resolve) => setTimeout(resolve, 5000).unref());
          yield Buffer.from('new content');
        },
      },
      controller.signal,
    );
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(left).toEqual(['of-the-caller']);
  });

  test('a layer that changed since its facts were read is refused', async () => {
    const input = await inputOf({ oldBase: base, newBase: base, layers, plan: [{ first: drop() }, {}] });
    const [, other] = input.layers;
    const swapped = { ...input, layers: [other!, other!] };
    await inFolder(async (folder) => {
      await expect(assemble(swapped, { folder })).rejects.toMatchObject({ code: 'LAYER_MALFORMED' });
      expect(readdirSync(folder)).toEqual([]);
    });
  });
});

test('progress counts the rewritten layers', async () => {
  const input = await inputOf({
    oldBase: base,
    newBase: base,
    layers: [[file('a', 'a')], [file('b', 'b')], [file('c', 'c')]],
    plan: [{ a: drop() }, {}, { c: drop() }],
  });
  const events: unknown[] = [];
  await inFolder((folder) => assemble(input, { folder, onEvent: (event) => events.push(event) }));
  expect(events).toEqual([
    { type: 'phase', phase: 'rewriting layers', total: 2 },
    { type: 'progress', done: 1, total: 2 },
    { type: 'progress', done: 2, total: 2 },
  ]);
});

describe('verifying', () => {
  const change =
    (entry: object) =>
    (assembled: AssembledLayers): AssembledLayers => ({
      ...assembled,
      layers: assembled.layers.map((layer) => ({
        ...layer,
        promised: layer.promised.map((one) => (one.path === 'a' ? { ...one, ...entry } : one)),
      })),
    });
  const without = (assembled: AssembledLayers): AssembledLayers => ({
    ...assembled,
    layers: assembled.layers.map((layer) => ({ ...layer, promised: layer.promised.slice(1) })),
  });

  test.each([
    ['another mode', change({ mode: 0o600 }), '/a has the mode 644, planned was 600'],
    ['another owner', change({ uid: 3 }), '/a has the owner 0:0, planned was 3:0'],
    ['another content', change({ sha256: 'ff' }), '/a has the hash'],
    ['another time', change({ mtime: 9 }), '/a has the time 0'],
    ['other attributes', change({ xattrs: { 'user.x': '' } }), '/a has the extended attributes []'],
    ['another kind', change({ kind: 'fifo' }), '/a has the kind file, planned was fifo'],
    ['a path more', without, '/a is there, and was not planned'],
  ])('tells %s from what was promised', async (_, tamper, text) => {
    const input = await inputOf({
      oldBase: base,
      newBase: base,
      layers: [[file('a', 'a'), file('b', 'b'), file('c', 'c')]],
      plan: [{ b: drop() }],
    });
    await inFolder(async (folder) => {
      const assembled = await assemble(input, { folder });
      expect((await bytesOf(assembled.layers[0]!)).length).toBe(assembled.layers[0]?.descriptor.size);
      const error = await verifyLayers(tamper(assembled), input).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'ASSEMBLY_DIFFERS' });
      expect(String(error)).toContain(text);
    });
  });
});
