import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TarMember } from '../../tar/index.ts';
import {
  createLayerReader,
  type LayerSource,
  type MergedView,
  type MergeOptions,
  mergeLayers,
  removeUnpacked,
  type UnpackOptions,
  unpackView,
} from '../index.ts';
import { gzipType, plainType, sourceOf, tarOf } from '../layer.test-support.ts';
import { buildLayers, generatedLayers } from '../merge/generated-layers.test-support.ts';

const file = (name: string | Uint8Array, text: string | Uint8Array = 'text', mode = 0o644): TarMember => ({
  name,
  mode,
  body: Buffer.from(text),
});
const directory = (name: string, mode = 0o755): TarMember => ({ name, mode, type: 'directory' });
const symlink = (name: string, linkName: string): TarMember => ({ name, type: 'symlink', linkName });
const hardlink = (name: string, linkName: string): TarMember => ({ name, type: 'hardlink', linkName });

let work: string;
let folder: string;

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'armload-unpack-'));
  folder = join(work, 'root');
});
afterEach(() => removeUnpacked(work));

interface Image {
  readonly view: MergedView;
  readonly layers: readonly LayerSource[];
}

async function imageOf(layers: readonly (readonly TarMember[])[], merge?: MergeOptions): Promise<Image> {
  const tars = await Promise.all(layers.map((members) => tarOf(members)));
  return read(
    tars.map((tar) => sourceOf(gzipSync(tar), gzipType)),
    merge,
  );
}

async function read(layers: readonly LayerSource[], merge?: MergeOptions): Promise<Image> {
  const reader = createLayerReader({ workerFile: 'none' });
  const facts = await Promise.all(layers.map((layer) => reader.read(layer)));
  await reader.close();
  return { view: mergeLayers(facts, merge), layers };
}

function unpack(image: Image, more: Partial<UnpackOptions> = {}) {
  return unpackView({ ...image, folder, ...more });
}

async function failure(work: Promise<unknown>): Promise<Error & { code?: string }> {
  return work.then(
    () => expect.fail('it did not fail'),
    (error: Error) => error,
  );
}

/** What the view says, in the terms of a disk: no setuid, no setgid, no devices. */
function ofView(view: MergedView): Map<string, unknown> {
  const facts = new Map<string, unknown>();
  for (const { path, entry } of view.entries()) {
    if (!['file', 'directory', 'symlink'].includes(entry.kind)) continue;
    facts.set(path, {
      kind: entry.kind,
      mode: entry.kind === 'symlink' ? 0o777 : entry.mode & 0o1777,
      size: entry.size,
      content: entry.sha256 ?? entry.linkName ?? '',
      group: view.links(path)[0],
    });
  }
  return facts;
}

function onDisk(): Map<string, unknown> {
  const facts = new Map<string, unknown>();
  const groups = new Map<number, string>();
  const visit = (path: string): void => {
    for (const name of readdirSync(join(folder, path)).sort((a, b) => (a < b ? -1 : 1))) {
      const inner = path === '' ? name : `${path}/${name}`;
      const stat = lstatSync(join(folder, inner));
      const kind = stat.isDirectory()
        ? 'directory'
        : stat.isSymbolicLink()
          ? 'symlink'
          : stat.isFile()
            ? 'file'
            : 'other';
      const group = kind === 'directory' ? inner : (groups.get(stat.ino) ?? inner);
      groups.set(stat.ino, group);
      const bytes = kind === 'file' ? readFileSync(join(folder, inner)) : undefined;
      facts.set(inner, {
        kind,
        mode: kind === 'symlink' ? 0o777 : stat.mode & 0o7777,
        size: bytes?.length ?? 0,
        content:
          bytes !== undefined
            ? createHash('sha256').update(bytes).digest('hex')
            : kind === 'symlink'
              ? readlinkSync(join(folder, inner))
              : '',
        group,
      });
      if (kind === 'directory') visit(inner);
    }
  };
  visit('');
  return facts;
}

describe('what is unpacked is what the view shows', () => {
  test.each(['replace', 'follow'] as const)(
    'path by path, for generated layers with symlinked parents to %s',
    async (symlinkedParents) => {
      await fc.assert(
        fc.asyncProperty(generatedLayers, async (changes) => {
          const image = await imageOf(buildLayers(changes).layers, { symlinkedParents });
          const report = await unpack(image);
          expect(Object.fromEntries(onDisk())).toEqual(Object.fromEntries(ofView(image.view)));
          const { directories, files, hardlinks, symlinks, skipped } = report;
          expect(directories + files + hardlinks + symlinks + skipped).toBe(image.view.size);
          await removeUnpacked(folder);
        }),
        { numRuns: 40 },
      );
    },
  );

  test('of a path that a tar names several times, each name has the content it had when it was linked', async () => {
    const image = await imageOf([
      [file('a', 'one'), hardlink('b', 'a'), file('a', 'two'), hardlink('c', 'a'), file('a', 'three')],
    ]);
    await unpack(image);
    const texts = ['a', 'b', 'c'].map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(texts).toEqual(['three', 'one', 'two']);
  });

  test('a hard link to a file of a lower layer has that content', async () => {
    const image = await imageOf([[file('a', 'one')], [hardlink('d/b', 'a'), file('a', 'two')]]);
    await unpack(image);
    expect(readFileSync(join(folder, 'd/b'), 'utf8')).toBe('one');
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('two');
  });

  test('names and targets that are not UTF-8 keep their bytes', async () => {
    const name = Buffer.concat([Buffer.from('caf\xe9-', 'latin1'), Buffer.from('\u{1F600}')]);
    const image = await imageOf([[file(name), { ...symlink('link', ''), linkName: name }]]);
    await unpack(image);
    expect(readdirSync(folder, { encoding: 'buffer' }).map((found) => found.toString('latin1'))).toContain(
      name.toString('latin1'),
    );
    expect(readlinkSync(join(folder, 'link'), { encoding: 'buffer' })).toEqual(name);
  });

  test('setuid and setgid are kept off, a directory that forbids its owner is filled all the same', async () => {
    const image = await imageOf([
      [directory('locked', 0o2000), file('locked/su', 'x', 0o6755), directory('t', 0o1777)],
    ]);
    await unpack(image);
    expect(lstatSync(join(folder, 'locked')).mode & 0o7777).toBe(0);
    expect(lstatSync(join(folder, 't')).mode & 0o7777).toBe(0o1777);
    await removeUnpacked(folder);
    expect(lstatSync(folder, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('devices and FIFOs are counted and not made', async () => {
    const device: TarMember = { name: 'dev/sda', type: 'block-device', deviceMajor: 8, deviceMinor: 0 };
    const image = await imageOf([
      [device, { name: 'pipe', type: 'fifo' }, { name: 'null', type: 'character-device' }],
    ]);
    expect(await unpack(image)).toMatchObject({ skipped: 3, files: 0, directories: 1 });
    expect([...onDisk().keys()]).toEqual(['dev']);
  });

  test('links whose target no file system can hold are not made', async () => {
    const long = symlink('long', 'x'.repeat(4096));
    const image = await imageOf([
      [long, symlink('empty', ''), hardlink('again', 'empty'), symlink('fine', 'x'.repeat(4000))],
    ]);
    // The long one never was in the view: reading the layer leaves it out, with a note.
    expect(await unpack(image)).toMatchObject({ skipped: 2, symlinks: 1 });
    expect(readdirSync(folder)).toEqual(['fine']);
  });

  test("the folder itself gets the root's mode", async () => {
    await unpack(await imageOf([[directory('./', 0o711), file('a')]]));
    expect(lstatSync(folder).mode & 0o7777).toBe(0o711);
  });

  test('an old sparse file has its holes as zeros', async () => {
    const tar = await tarOf([{ ...file('sparse', 'abcd'), pax: sparseRecords }]);
    const image = await read([sourceOf(tar, plainType)]);
    await unpack(image);
    expect(readFileSync(join(folder, 'sparse')).toString('latin1')).toBe('\0\0ab\0\0\0\0cd\0\0');
    expect(Object.fromEntries(onDisk())).toEqual(Object.fromEntries(ofView(image.view)));
  });
});

const sparseRecords = new Map([
  ['GNU.sparse.major', '0'],
  ['GNU.sparse.minor', '1'],
  ['GNU.sparse.map', '2,2,8,2'],
  ['GNU.sparse.size', '12'],
]);

describe('nothing lands outside of the folder', () => {
  test.each([
    ['a name that climbs out', [file('../outside'), file('a/../../outside'), file('/../../../../outside')]],
    ['a file behind a link of its own layer', [symlink('out', '..'), file('out/outside')]],
    ['a file behind an absolute link', [symlink('tmp', '/tmp'), file('tmp/outside')]],
    ['a hard link to a file outside', [hardlink('outside', '../victim'), hardlink('other', '/victim')]],
    ['a hard link to a link that leads out', [symlink('l', '../victim'), hardlink('outside', 'l')]],
    ['a link replaced by a directory', [symlink('d', '..'), directory('d'), file('d/outside')]],
    [
      'a directory replaced by a link',
      [directory('d'), file('d/x'), symlink('d', '../..'), file('d/outside')],
    ],
  ])('%s', async (_name, members) => {
    writeFileSync(join(work, 'victim'), 'untouched', { mode: 0o600 });
    for (const symlinkedParents of ['replace', 'follow'] as const) {
      await unpack(await imageOf([members], { symlinkedParents }));
      expect(readdirSync(work).sort()).toEqual(['root', 'victim']);
      expect(readFileSync(join(work, 'victim'), 'utf8')).toBe('untouched');
      expect(lstatSync(join(work, 'victim'))).toMatchObject({ nlink: 1 });
      expect(lstatSync(join(work, 'victim')).mode & 0o777).toBe(0o600);
      expect(lstatSync('/tmp/outside', { throwIfNoEntry: false })).toBeUndefined();
      await removeUnpacked(folder);
    }
  });

  test('a lower link with a file of a higher layer behind it', async () => {
    const image = await imageOf([[symlink('out', '..')], [file('out/outside')]]);
    await unpack(image);
    expect(readdirSync(work)).toEqual(['root']);
    expect(readFileSync(join(folder, 'out/outside'), 'utf8')).toBe('text');
  });

  test('a folder that holds something, or is a link, is refused', async () => {
    const image = await imageOf([[file('a')]]);
    mkdirSync(folder);
    writeFileSync(join(folder, 'mine'), 'mine');
    expect(await failure(unpack(image))).toMatchObject({
      code: 'LAYER_UNPACK',
      message: expect.stringContaining('fresh'),
    });
    expect(readdirSync(folder)).toEqual(['mine']);
  });

  test('a failure of the file system says what was tried', async () => {
    const error = await failure(unpack(await imageOf([[file('a')]]), { folder: join(work, 'none/root') }));
    expect(error).toMatchObject({ code: 'LAYER_UNPACK', message: expect.stringContaining('ENOENT') });
  });
});

describe('limits', () => {
  test('too many bytes are refused before anything is written', async () => {
    const image = await imageOf([[file('a', 'x'.repeat(60)), file('b', 'x'.repeat(60)), hardlink('c', 'a')]]);
    expect(await failure(unpack(image, { limits: { bytes: 119 } }))).toMatchObject({
      code: 'LAYER_LIMIT',
      message: expect.stringContaining('more than 119 bytes'),
    });
    expect(readdirSync(work)).toEqual([]);
    expect(await unpack(image, { limits: { bytes: 120 } })).toMatchObject({ bytes: 120 });
  });

  test('too many paths are refused before anything is written', async () => {
    const image = await imageOf([[file('a'), file('b/c')]]);
    expect(await failure(unpack(image, { limits: { paths: 2 } }))).toMatchObject({ code: 'LAYER_LIMIT' });
    expect(readdirSync(work)).toEqual([]);
  });

  test("holes count, so that a sparse file's claim is refused too", async () => {
    const records = new Map([...sparseRecords, ['GNU.sparse.size', '20000000']]);
    const image = await read([sourceOf(await tarOf([{ ...file('s', 'abcd'), pax: records }]), plainType)]);
    expect(await failure(unpack(image, { limits: { bytes: 1000 } }))).toMatchObject({ code: 'LAYER_LIMIT' });
  });
});

describe('a layer that is not what it was', () => {
  test('without a file that was seen', async () => {
    const image = await imageOf([[file('a')]]);
    const layers = [sourceOf(gzipSync(await tarOf([file('b')])), gzipType)];
    expect(await failure(unpack({ ...image, layers }))).toMatchObject({ code: 'LAYER_MALFORMED' });
  });

  test.each(['more text', 'less'])('with a file of another size: %s', async (text) => {
    const image = await imageOf([[file('a', 'texts')]]);
    const layers = [sourceOf(gzipSync(await tarOf([file('a', text)])), gzipType)];
    expect(await failure(unpack({ ...image, layers }))).toMatchObject({ code: 'LAYER_MALFORMED' });
    expect(lstatSync(join(folder, 'a')).size).toBeLessThanOrEqual(5);
  });

  test('cut off', async () => {
    const image = await imageOf([[file('a', 'x'.repeat(5000))]]);
    const tar = await tarOf([file('a', 'x'.repeat(5000))]);
    const layers = [sourceOf(tar.subarray(0, 2000), plainType)];
    expect(await failure(unpack({ ...image, layers }))).toMatchObject({ code: 'LAYER_MALFORMED' });
  });
});

test('an abort midway ends it with its reason, and the rest can be removed', async () => {
  const tar = await tarOf([file('a'), file('b', Buffer.alloc(100_000)), file('c')]);
  const source = sourceOf(tar, plainType);
  const { view } = await read([source]);
  const controller = new AbortController();
  let pieces = 0;
  async function* blob(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < tar.length; at += 10_000) {
      if (++pieces === 5) controller.abort();
      yield tar.subarray(at, at + 10_000);
    }
  }
  const layers = [{ ...source, repository: { name: 'example.com/app', blob } }];
  const error = await failure(unpackView({ view, layers, folder, signal: controller.signal }));
  expect(error).toBe(controller.signal.reason);
  expect(readdirSync(folder)).toEqual(['a', 'b']);
  await removeUnpacked(folder);
  expect(readdirSync(work)).toEqual([]);
});
