import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../oci/index.ts';
import type { TarMember } from '../tar/index.ts';
import { createLayerReader, folderLayerStore, LayerError, type LayerFacts } from './index.ts';
import { factsOf, gzipType, plainType, readBytes, sourceOf, tarOf } from './layer.test-support.ts';

const file = (name: string, text = name): TarMember => ({ name, body: Buffer.from(text) });
const zstdType = 'application/vnd.oci.image.layer.v1.tar+zstd';

/** zstd frames with one raw or run-length block each (RFC 8878), so that no compressor is needed. */
function zstdFrame(blocks: readonly { readonly raw?: Uint8Array; readonly run?: number }[]): Buffer {
  const parts = [Buffer.from('28b52ffd0058', 'hex')];
  for (const [index, { raw, run = 0 }] of blocks.entries()) {
    const last = index === blocks.length - 1 ? 1 : 0;
    const head = Buffer.alloc(3);
    head.writeUIntLE(((raw?.length ?? run) << 3) | ((raw === undefined ? 1 : 0) << 1) | last, 0, 3);
    parts.push(head, raw === undefined ? Buffer.from([0]) : Buffer.from(raw));
  }
  return Buffer.concat(parts);
}

function zstdOf(bytes: Uint8Array): Buffer {
  const blocks = [];
  for (let at = 0; at < bytes.length; at += 1000) blocks.push({ raw: bytes.subarray(at, at + 1000) });
  return zstdFrame(blocks);
}

function noise(size: number, seed: number): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(size));
}

const skippable = Buffer.concat([Buffer.from('5a2a4d1804000000', 'hex'), Buffer.from('meta')]);

async function failure(reading: Promise<unknown>): Promise<LayerError> {
  const thrown = await reading.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(LayerError);
  return thrown as LayerError;
}

describe('what a layer is read as', () => {
  let tar: Buffer;
  let facts: LayerFacts;

  beforeAll(async () => {
    tar = await tarOf([file('a', 'x'.repeat(3000)), file('b', 'two')]);
    facts = await readBytes(tar, plainType);
  });

  test('a plain tar, with the digest of its bytes and of its files', () => {
    expect(facts).toMatchObject({
      diffId: digestOf(tar),
      size: tar.length,
      compression: 'none',
      format: 'tar',
    });
    expect(facts.entries.map((entry) => entry.path)).toEqual(['a', 'b']);
    expect(`sha256:${facts.entries[1]?.sha256}`).toBe(digestOf(Buffer.from('two')));
    expect(facts.entries[0]?.facts).toMatchObject({ kind: 'text' });
  });

  test.each([
    ['gzip of one member', gzipType, () => gzipSync(tar)],
    [
      'gzip of several members',
      gzipType,
      () => Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(''), gzipSync(tar.subarray(700))]),
    ],
    ['gzip with zeros behind', gzipType, () => Buffer.concat([gzipSync(tar), Buffer.alloc(30_000)])],
    ["gzip under Docker's type", 'application/vnd.docker.image.rootfs.diff.tar.gzip', () => gzipSync(tar)],
    ['gzip without a type', '', () => gzipSync(tar)],
    ['zstd of one frame', zstdType, () => zstdOf(tar)],
    [
      'zstd of several frames, skippable ones among them, the first too',
      zstdType,
      () =>
        Buffer.concat([
          skippable,
          zstdOf(tar.subarray(0, 1500)),
          skippable,
          zstdOf(tar.subarray(1500)),
          skippable,
        ]),
    ],
  ])('field 61: %s', async (_name, mediaType, make) => {
    const read = await readBytes(make(), mediaType);
    expect(read).toMatchObject({ diffId: facts.diffId, size: facts.size, notes: [] });
    expect(read.entries).toEqual(facts.entries);
  });

  test('a media type that names another compression is noted, and the bytes decide', async () => {
    const read = await readBytes(tar, gzipType);
    expect(read).toMatchObject({ compression: 'none', notes: [{ kind: 'compression-differs' }] });
    expect((await readBytes(gzipSync(tar), zstdType)).compression).toBe('gzip');
  });

  test('a plain tar whose first name looks like a compression is a plain tar', async () => {
    const odd = await tarOf([file('BZh91AY')]);
    expect((await readBytes(odd, plainType)).entries[0]?.path).toBe('BZh91AY');
  });

  test('an empty layer has no entries', async () => {
    expect((await readBytes(gzipSync(''), gzipType)).entries).toEqual([]);
    expect((await readBytes(new Uint8Array(0), plainType)).entries).toEqual([]);
  });

  test("eStargz is gzip whose own index and landmarks are not the image's files", async () => {
    const members = [
      file('.prefetch.landmark'),
      file('a'),
      file('etc/passwd', 'p'),
      file('stargz.index.json', '{}'),
    ];
    const read = await factsOf(members);
    expect(read.format).toBe('estargz');
    expect(read.entries.map((entry) => entry.path)).toEqual(['a', 'etc/passwd']);
    expect(Buffer.from(read.contents.get(1) ?? '').toString()).toBe('p');
    expect((await factsOf([file('stargz.index.json'), file('z')])).entries).toHaveLength(2);
  });

  test('zstd:chunked is told by its annotation', async () => {
    const bytes = zstdOf(tar);
    const source = sourceOf(bytes, zstdType);
    const annotations = { 'io.github.containers.zstd-chunked.manifest-checksum': 'sha256:1' };
    const reader = createLayerReader({ workerFile: 'none' });
    const read = await reader.read({ ...source, descriptor: { ...source.descriptor, annotations } });
    expect(read.format).toBe('zstd:chunked');
  });

  test.each([
    ['an encrypted layer', 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted', () => gzipSync(tar)],
    ['a chart', 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', () => gzipSync(tar)],
    ['xz', plainType, () => Buffer.from('fd377a585a00', 'hex')],
    ['bzip2', gzipType, () => Buffer.from('BZh91AY')],
  ])('%s is unsupported, in a sentence', async (_name, mediaType, make) => {
    expect((await failure(readBytes(make(), mediaType))).code).toBe('LAYER_UNSUPPORTED');
  });

  test.each([
    ['gzip cut off', gzipType, () => gzipSync(tar).subarray(0, -9)],
    ['gzip with letters behind', gzipType, () => Buffer.concat([gzipSync(tar), Buffer.from('junk')])],
    [
      'gzip with letters behind zeros',
      gzipType,
      () => Buffer.concat([gzipSync(tar), Buffer.alloc(30_000), Buffer.from('junk')]),
    ],
    ['zstd cut off', zstdType, () => zstdOf(tar).subarray(0, -9)],
    ['zstd with letters behind', zstdType, () => Buffer.concat([zstdOf(tar), Buffer.from('junkjunk')])],
    [
      'zstd with a block of a kind there is not',
      zstdType,
      () => Buffer.from('28b52ffd0058070000ffff', 'hex'),
    ],
    ['a tar cut off', plainType, () => tar.subarray(0, 2000)],
    ['no tar at all', plainType, () => Buffer.alloc(600, 'text')],
  ])('%s is malformed, and ends', async (_name, mediaType, make) => {
    expect((await failure(readBytes(make(), mediaType))).code).toBe('LAYER_MALFORMED');
  });
});

describe('entries', () => {
  test('paths are normal, and names that lead out of the root are left out and noted', async () => {
    const { entries, notes } = await factsOf([
      file('./a'),
      file('/b//c/'.slice(0, -1)),
      file('d/../e'),
      file('../../etc/shadow'),
      { name: 'link', type: 'hardlink', linkName: '../../x' },
      { name: './', type: 'directory', mode: 0o711 },
    ]);
    expect(entries.map((entry) => entry.path)).toEqual(['a', 'b/c', 'e', '']);
    expect(entries[3]).toMatchObject({ kind: 'directory', mode: 0o711 });
    expect(notes).toMatchObject([
      { kind: 'path-escapes', path: '../../etc/shadow' },
      { kind: 'path-escapes', path: '../../x' },
    ]);
  });

  test('two names that are not UTF-8 stay two', async () => {
    const { entries, notes } = await factsOf([
      { name: Buffer.from('caf\xe9', 'latin1'), body: Buffer.from('1') },
      { name: Buffer.from('caf\xe8', 'latin1'), body: Buffer.from('2') },
    ]);
    expect(entries.map((entry) => entry.path)).toEqual(['caf\udce9', 'caf\udce8']);
    expect(notes.map((note) => note.kind)).toEqual(['name-not-utf8', 'name-not-utf8']);
  });

  test('names and path that Linux could not hold are left out', async () => {
    const { entries, notes } = await factsOf([file('n'.repeat(256)), file('d/'.repeat(2100)), file('ok')]);
    expect(entries.map((entry) => entry.path)).toEqual(['ok']);
    expect(notes.map((note) => note.kind)).toEqual(['path-too-long', 'path-too-long']);
  });

  test('owners, times, links, devices and capabilities are kept', async () => {
    const capability = Buffer.from('0100000200200000', 'hex');
    const { entries } = await factsOf([
      {
        ...file('ping'),
        uid: 3_000_000_000,
        mtime: 1.5,
        mode: 0o4755,
        pax: new Map([['SCHILY.xattr.security.capability', capability]]),
      },
      { name: 'sh', type: 'symlink', linkName: '/bin/../busybox' },
      { name: 'null', type: 'character-device', deviceMajor: 1, deviceMinor: 3 },
    ]);
    expect(entries[0]).toMatchObject({ uid: 3_000_000_000, mtime: 1.5, mode: 0o4755 });
    expect(entries[0]?.xattrs).toEqual({ 'security.capability': capability.toString('base64') });
    expect(entries[1]).toMatchObject({ kind: 'symlink', linkName: '/bin/../busybox' });
    expect(entries[2]).toMatchObject({ kind: 'character-device', device: [1, 3] });
  });

  test('wanted files are kept by content, up to a size that is named', async () => {
    const members = [
      file('etc/ld.so.conf.d/x.conf', '/opt/lib'),
      file('etc/ld-musl-x86_64.path', 'abc'),
      file('etc/hosts'),
    ];
    const { contents, entries } = await factsOf(members);
    expect([...contents.keys()].map((index) => entries[index]?.path)).toEqual([
      'etc/ld.so.conf.d/x.conf',
      'etc/ld-musl-x86_64.path',
    ]);
    const small = await factsOf(members, { limits: { contentBytes: 3 } });
    expect(small.contents.size).toBe(1);
    expect(small.notes).toMatchObject([{ kind: 'content-too-large', path: 'etc/ld.so.conf.d/x.conf' }]);
  });

  test('wanted files may be wanted in any folder', async () => {
    const members = ['x.json', 'a/b/x.json', 'a/x.json/b', 'a/ax.json', 'm/.lock', 'a/m/.lock', 'm/a/.lock'];
    const { contents, entries } = await factsOf(
      members.map((name) => file(name, '1')),
      { wanted: ['**/x.json', '**/m/.l*k'] },
    );
    expect([...contents.keys()].map((index) => entries[index]?.path)).toEqual([
      'x.json',
      'a/b/x.json',
      'm/.lock',
      'a/m/.lock',
    ]);
  });
});

describe('field 30, 72: hostile layers', () => {
  test('more entries than the limit are refused, by name', async () => {
    const members = Array.from({ length: 30 }, (_, index) => file(`f${index}`));
    const error = await failure(factsOf(members, { limits: { entries: 20 } }));
    expect(error.code).toBe('LAYER_LIMIT');
    expect(error.message).toContain('more than 20 entries');
  });

  test('a gzip bomb ends at the limit', async () => {
    const bomb = gzipSync(await tarOf([{ name: 'zeros', body: Buffer.alloc(20_000_000) }]));
    const ratio = await failure(
      readBytes(bomb, gzipType, { limits: { ratioFreeBytes: 1_000_000, ratio: 100 } }),
    );
    expect(ratio).toMatchObject({ code: 'LAYER_LIMIT', message: expect.stringContaining('100 times') });
    const size = await failure(readBytes(bomb, gzipType, { limits: { uncompressedBytes: 5_000_000 } }));
    expect(size.message).toContain('5000000');
  });

  test('a zstd bomb of run-length blocks ends at the limit', async () => {
    const header = (await tarOf([{ name: 'zeros', body: Buffer.alloc(8_000_000_00 / 100) }])).subarray(
      0,
      512,
    );
    const bomb = Buffer.concat([
      zstdOf(header),
      zstdFrame(Array.from({ length: 2000 }, () => ({ run: 100_000 }))),
    ]);
    const limits = { uncompressedBytes: 4_000_000 };
    expect((await failure(readBytes(bomb, zstdType, { limits }))).code).toBe('LAYER_LIMIT');
  });

  test('facts that would fill the memory are refused', async () => {
    const big = new Map([['SCHILY.xattr.user.x', 'y'.repeat(300_000)]]);
    const members = Array.from({ length: 10 }, (_, index) => ({ ...file(`f${index}`), pax: big }));
    const error = await failure(factsOf(members, { limits: { documentBytes: 1_000_000 } }));
    expect(error.message).toContain('1000000');
  });

  test('a sparse file that claims too much is not read, and says so', async () => {
    const pax = new Map([
      ['GNU.sparse.map', '0,1'],
      ['GNU.sparse.size', '10000000000'],
    ]);
    const { entries, notes } = await factsOf([{ ...file('holes', 'x'), pax }, file('after')]);
    expect(entries[0]).toMatchObject({ kind: 'file', size: 10_000_000_000 });
    expect(entries[0]?.sha256).toBeUndefined();
    expect(notes).toMatchObject([{ kind: 'sparse-too-large', path: 'holes' }]);
  });

  test("a sparse file's holes are part of its content", async () => {
    const pax = new Map([
      ['GNU.sparse.map', '100000,2'],
      ['GNU.sparse.size', '200000'],
    ]);
    const { entries } = await factsOf([{ ...file('holes', 'xy'), pax }]);
    const content = Buffer.alloc(200_000);
    content.write('xy', 100_000);
    expect(`sha256:${entries[0]?.sha256}`).toBe(digestOf(content));
  });
});

describe('reading', () => {
  let folder: string;
  let workerFile: URL;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'armload-layer-'));
    const outfile = join(folder, 'layer-worker.mjs');
    await build({
      entryPoints: [new URL('./pool/layer-worker.ts', import.meta.url).pathname],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    });
    workerFile = pathToFileURL(outfile);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('the content must be what the config says', async () => {
    const tar = await tarOf([file('a')]);
    const reader = createLayerReader({ workerFile: 'none' });
    const right = { ...sourceOf(gzipSync(tar), gzipType), diffId: digestOf(tar) };
    expect((await reader.read(right)).diffId).toBe(digestOf(tar));
    const wrong = reader.read({ ...right, diffId: digestOf(Buffer.from('other')) });
    expect((await failure(wrong)).code).toBe('LAYER_DIFF_ID');
  });

  test('threads give the same facts, for several layers at once', async () => {
    const layers = await Promise.all(
      Array.from({ length: 5 }, async (_, index) =>
        gzipSync(await tarOf([file(`f${index}`), { name: 'big', body: Buffer.alloc(3_000_000, index) }])),
      ),
    );
    const threaded = createLayerReader({ workerFile, atATime: 2 });
    const here = createLayerReader({ workerFile: 'none' });
    const read = (reader: typeof here) =>
      Promise.all(layers.map((layer) => reader.read(sourceOf(layer, gzipType))));
    expect(await read(threaded)).toEqual(await read(here));
    await threaded.close();
  });

  test.each([
    ['gzip', gzipType, (tar: Uint8Array) => gzipSync(tar)],
    ['none', plainType, (tar: Uint8Array) => tar],
    ['zstd', zstdType, zstdOf],
  ])('buffers that go to a thread again and again mix nothing up: %s', async (_, type, compress) => {
    // Incompressible, so that far more pieces go than are on their way at once.
    const bodies = Array.from({ length: 40 }, (_unused, index) => noise(150_000 + index, index));
    const tar = await tarOf(bodies.map((body, index) => ({ name: `f${index}`, body })));
    const reader = createLayerReader({ workerFile });
    const facts = await reader.read({ ...sourceOf(compress(tar), type), diffId: digestOf(tar) });
    expect(facts.entries.map(({ sha256 }) => `sha256:${sha256}`)).toEqual(
      bodies.map((body) => digestOf(body)),
    );
    await reader.close();
  });

  test('a thread that met a damaged layer gives its error, and the next layer is read', async () => {
    const reader = createLayerReader({ workerFile, atATime: 1 });
    const damaged = sourceOf(
      Buffer.concat([zstdOf(await tarOf([file('a')])), Buffer.from('junkjunk')]),
      zstdType,
    );
    expect((await failure(reader.read(damaged))).code).toBe('LAYER_MALFORMED');
    const good = await reader.read(sourceOf(gzipSync(await tarOf([file('a')])), gzipType));
    expect(good.entries).toHaveLength(1);
    await reader.close();
  });

  test.each(['thread', 'none'])(
    'what the repository throws comes through, and aborting stops (%s)',
    async (where) => {
      const reader = createLayerReader({ workerFile: where === 'none' ? 'none' : workerFile });
      const source = sourceOf(gzipSync(await tarOf([file('a')])), gzipType);
      const broken = { ...source.repository, blob: () => failing() };
      await expect(reader.read({ ...source, repository: broken })).rejects.toThrow('line is down');
      const controller = new AbortController();
      const hanging = { ...source.repository, blob: () => endless(controller) };
      const reading = reader.read({ ...source, repository: hanging }, { signal: controller.signal });
      await expect(reading).rejects.toThrow(/abort/i);
      expect((await reader.read(source)).entries).toHaveLength(1);
      await reader.close();
    },
  );

  async function* failing(): AsyncGenerator<Uint8Array> {
    yield gzipSync('x').subarray(0, 5);
    await Promise.resolve();
    throw new Error('the line is down');
  }

  async function* endless(controller: AbortController): AsyncGenerator<Uint8Array> {
    yield gzipSync('');
    for (let count = 0; ; count++) {
      if (count === 3) controller.abort();
      yield Buffer.alloc(1000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  test.each(['thread', 'none'])('a file has an MD5 only where it is asked for (%s)', async (where) => {
    const bytes = Buffer.from('abc'.repeat(400_000));
    const members = [file('abc'), { name: 'empty' }, { name: 'big', body: bytes }];
    const source = sourceOf(gzipSync(await tarOf(members)), gzipType);
    const place = where === 'none' ? 'none' : workerFile;
    const asked = createLayerReader({ workerFile: place, hashes: ['md5'] });
    const { entries } = await asked.read(source);
    // RFC 1321, A.5.
    expect(entries.slice(0, 2).map(({ md5 }) => md5)).toEqual([
      '900150983cd24fb0d6963f7d28e17f72',
      'd41d8cd98f00b204e9800998ecf8427e',
    ]);
    expect(entries[2]?.md5).toBe(createHash('md5').update(bytes).digest('hex'));
    const unasked = createLayerReader({ workerFile: place });
    const without = entries.map((entry) => ({ ...entry, md5: undefined }));
    expect((await unasked.read(source)).entries).toEqual(without);
    await Promise.all([asked.close(), unasked.close()]);
  });

  test('results with and without MD5 are kept apart, and asking for nothing changes no key', async () => {
    const source = sourceOf(gzipSync(await tarOf([file('a')])), gzipType);
    const keys = async (hashes?: readonly 'md5'[]): Promise<string[]> => {
      const path = join(folder, `hashes-${hashes?.join() ?? 'unset'}`);
      const options = { workerFile: 'none' as const, store: folderLayerStore(path) };
      const facts = await createLayerReader({ ...options, ...(hashes && { hashes }) }).read(source);
      // Once more, from the store.
      expect(await createLayerReader({ ...options, ...(hashes && { hashes }) }).read(source)).toEqual(facts);
      expect(facts.entries[0]?.md5 !== undefined).toBe(hashes?.includes('md5') ?? false);
      return (await readdir(path, { recursive: true })).filter((name) => name.length > 60);
    };
    expect(await keys([])).toEqual(await keys());
    expect(await keys(['md5'])).not.toEqual(await keys());
  });

  test('a layer asked for twice at once is read once; a stored one is not read again', async () => {
    const source = sourceOf(gzipSync(await tarOf([file('a')])), gzipType);
    let opened = 0;
    const counted = {
      ...source,
      repository: {
        ...source.repository,
        blob: (...given: Parameters<typeof source.repository.blob>) => {
          opened++;
          return source.repository.blob(...given);
        },
      },
    };
    const store = folderLayerStore(join(folder, 'store'));
    const first = createLayerReader({ workerFile: 'none', store });
    const [one, two] = await Promise.all([first.read(counted), first.read(counted)]);
    expect([opened, one]).toEqual([1, two]);
    expect(await createLayerReader({ workerFile: 'none', store }).read(counted)).toEqual(one);
    expect(opened).toBe(1);
    await createLayerReader({ workerFile: 'none', store, generation: 'next' }).read(counted);
    expect(opened).toBe(2);
  });

  test('a stored result that was damaged is not believed', async () => {
    const source = sourceOf(gzipSync(await tarOf([file('real')])), gzipType);
    const path = join(folder, 'damaged');
    const reader = createLayerReader({ workerFile: 'none', store: folderLayerStore(path) });
    await reader.read(source);
    const [name = ''] = (await readdir(path, { recursive: true })).filter((entry) => entry.length > 60);
    const bytes = await readFile(join(path, name));
    await writeFile(join(path, name), bytes.toString('latin1').replace('real', 'fake'), 'latin1');
    expect((await reader.read(source)).entries[0]?.path).toBe('real');
  });

  test('a layer that fails or is given up leaves the one that shares its thread alone', async () => {
    const reader = createLayerReader({ workerFile, atATime: 2 });
    const bytes = gzipSync(await tarOf([file('a'), { name: 'b', body: Buffer.alloc(2_000_000, 7) }]));
    const controller = new AbortController();
    async function* slow(): AsyncGenerator<Uint8Array> {
      const half = bytes.length >> 1;
      yield bytes.subarray(0, half);
      const damaged = reader.read(sourceOf(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), gzipType));
      expect((await failure(damaged)).code).toBe('LAYER_MALFORMED');
      const hanging = { ...sourceOf(gzipSync('x'), gzipType), repository: { name: 'x', blob: hangs } };
      const given = reader.read(hanging, { signal: controller.signal });
      await expect(given).rejects.toThrow(/abort/i);
      yield bytes.subarray(half);
    }
    async function* hangs(): AsyncGenerator<Uint8Array> {
      yield gzipSync('').subarray(0, 5);
      setImmediate(() => controller.abort());
      await new Promise(() => undefined);
    }
    const source = sourceOf(bytes, gzipType);
    const read = await reader.read({ ...source, repository: { name: 'x', blob: slow } });
    expect(read.entries.map(({ path }) => path)).toEqual(['a', 'b']);
    expect((await reader.read(source)).entries).toHaveLength(2);
    await reader.close();
  });

  test('of the layers that wait, the biggest is read first', async () => {
    const reader = createLayerReader({ workerFile: 'none', atATime: 1 });
    const opened: string[] = [];
    const readings = [10, 20, 3000, 200_000, 40_000].map(async (size, index) => {
      const source = sourceOf(await tarOf([{ name: `${size}`, body: Buffer.alloc(size, index) }]), plainType);
      const blob = (...given: Parameters<typeof source.repository.blob>) => {
        opened.push(`${size}`);
        return source.repository.blob(...given);
      };
      return reader.read({ ...source, repository: { name: 'x', blob } });
    });
    await Promise.all(readings);
    expect(opened).toEqual([expect.anything(), '200000', '40000', '3000', expect.anything()]);
  });

  test.each([
    ['a member behind padding, in the next piece', true],
    ['a member behind the padding, later', false],
  ])('%s is refused, however the pieces come', async (_what, next) => {
    const first = Buffer.concat([gzipSync(await tarOf([file('a')])), Buffer.alloc(100)]);
    const member = gzipSync(Buffer.alloc(1024));
    async function* blob(): AsyncGenerator<Uint8Array> {
      yield first;
      if (!next) for (let count = 0; count < 5; count++) yield Buffer.alloc(1000);
      yield member;
      yield Buffer.alloc(1000);
    }
    const reader = createLayerReader({ workerFile: 'none' });
    const reading = reader.read({ ...sourceOf(first, gzipType), repository: { name: 'x', blob } });
    expect(await failure(reading)).toMatchObject({ code: 'LAYER_MALFORMED' });
  });

  test('zeros behind the last member are read to their end, on a thread too', async () => {
    const bytes = gzipSync(await tarOf([{ name: 'zeros', body: Buffer.alloc(1000) }]));
    let given = 0;
    async function* blob(): AsyncGenerator<Uint8Array> {
      yield bytes;
      // Padding behind the member, which nothing but the zero check takes.
      for (; given < 40; given++) yield Buffer.alloc(262_144);
    }
    const source = sourceOf(bytes, gzipType);
    const reader = createLayerReader({ workerFile, atATime: 1 });
    const read = await reader.read({ ...source, repository: { name: 'x', blob } });
    expect([given, read.entries.length]).toEqual([40, 1]);
    await reader.close();
  });
});
