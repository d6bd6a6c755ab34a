import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProgressEvent } from '../../core/index.ts';
import { type Digest, digestOf } from '../../oci/index.ts';
import { compact, packBytes } from './compact.ts';
import { ContentStore } from './content-store.ts';
import { layoutOf } from './layout.ts';
import { type Pack, PackReader } from './pack-folder.ts';
import { loadIndex } from './pack-index.ts';

const hour = 60 * 60 * 1000;
let directory = '';
let now = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'armload-cache-'));
  now = Date.now();
  const { packs, tags, temporary } = layoutOf(directory);
  for (const folder of [packs, tags, temporary]) mkdirSync(folder);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(maxBytes = 2 ** 28, emit?: (event: ProgressEvent) => void): ContentStore {
  const clock = { now: () => now++, sleep: async () => undefined };
  // No memory: what is read comes from the disk.
  return new ContentStore({ layout: layoutOf(directory), memoryBytes: 0, maxBytes, clock, emit });
}

function bytesOf(mark: string, size = 1000): Buffer {
  return Buffer.alloc(size, `${mark} `);
}

function put(store: ContentStore, mark: string, size?: number): Digest {
  const bytes = bytesOf(mark, size);
  const digest = digestOf(bytes);
  store.put(digest, { bytes, mediaType: `text/${mark}` });
  return digest;
}

function has(store: ContentStore, mark: string, size?: number): boolean {
  const bytes = bytesOf(mark, size);
  const found = store.get(digestOf(bytes));
  if (!found) return false;
  expect(bytes.equals(found.bytes)).toBe(true);
  expect(found.mediaType).toBe(`text/${mark}`);
  return true;
}

async function run<Result>(work: (store: ContentStore) => Result, maxBytes?: number): Promise<Result> {
  const store = open(maxBytes);
  const result = work(store);
  await store.close();
  return result;
}

const packs = () => readdirSync(join(directory, 'packs')).sort();
const packPaths = () => packs().map((name) => join(directory, 'packs', name));
const totalSize = () => packPaths().reduce((sum, path) => sum + statSync(path).size, 0);
const numbers = (count: number) => Array.from({ length: count }, (_, at) => `${at}`);

describe('a run', () => {
  test('writes one pack, and none where it has nothing new', async () => {
    await run((store) => numbers(1000).map((mark) => put(store, mark)));
    expect(packs()).toEqual([expect.stringMatching(/\.pack$/)]);
    await run((store) => {
      for (const mark of numbers(1000)) put(store, mark);
      expect(numbers(1001).map((mark) => has(store, mark))).toEqual([...Array(1000).fill(true), false]);
    });
    expect(packs()).toHaveLength(1);
  });

  test('reads what it has put, whether it is written yet or not', () => {
    const store = open();
    for (const mark of numbers(300)) {
      put(store, mark, 2000);
      expect([has(store, '0', 2000), has(store, mark, 2000)]).toEqual([true, true]);
    }
    expect(packs()).toEqual([expect.stringMatching(/\.open$/)]);
  });

  test('may put very many very small entries', async () => {
    const marks = numbers(5000).map((mark) => mark.padEnd(240, 'x'));
    await run((store) => marks.map((mark) => put(store, mark, 5)));
    await run((store) => expect(marks.filter((mark) => !has(store, mark, 5))).toEqual([]));
  });

  test('keeps nothing above 4 MiB', async () => {
    await run((store) => put(store, 'large', 4 * 1024 * 1024 + 1));
    expect(packs()).toEqual([]);
    await run((store) => put(store, 'large', 4 * 1024 * 1024));
    expect(await run((store) => has(store, 'large', 4 * 1024 * 1024))).toBe(true);
  });

  test('that can not write warns once, and goes on reading', async () => {
    await run((store) => put(store, 'old'));
    const events: ProgressEvent[] = [];
    const store = open(undefined, (event) => events.push(event));
    expect(has(store, 'old')).toBe(true);
    rmSync(join(directory, 'packs'), { recursive: true });
    writeFileSync(join(directory, 'packs'), '');
    for (const mark of numbers(5)) put(store, mark, 300_000);
    expect(has(store, 'old')).toBe(true);
    await store.close();
    expect(events).toEqual([{ type: 'warning', message: expect.stringContaining('(ENOTDIR)') }]);
  });

  test('that others take for dead writes on in a new pack, and does not complain', async () => {
    const events: ProgressEvent[] = [];
    const merged = open(undefined, (event) => events.push(event));
    put(merged, 'a', 300_000);
    for (const path of packPaths()) rmSync(path);
    await merged.close();
    expect(events).toEqual([]);
    const store = open();
    for (const mark of numbers(200)) put(store, mark, 2000);
    for (const path of packPaths()) rmSync(path);
    for (const mark of numbers(400).slice(200)) put(store, mark, 2000);
    await store.close();
    expect(
      await run((later) =>
        numbers(400)
          .slice(200)
          .filter((mark) => !has(later, mark, 2000)),
      ),
    ).toEqual([]);
  });

  test('leaves alone what is no pack, and content of the older form', async () => {
    const strange = ['notes.txt', 'x.pack', '0000000000-0123456789abcdef.pack.bak'];
    for (const name of strange) writeFileSync(join(directory, 'packs', name), 'x');
    mkdirSync(join(directory, 'packs', '0000000000-0123456789abcdef.pack'));
    for (let time = 0; time < 12; time++) await run((store) => put(store, `${time}`));
    expect(packs()).toEqual(expect.arrayContaining(strange));
    expect(await run((store) => numbers(12).every((mark) => has(store, mark)))).toBe(true);
  });
});

describe('damage', () => {
  test('is a miss, and repaired by putting it again', async () => {
    await run((store) => ['a', 'b', 'c'].map((mark) => put(store, mark)));
    const [path = ''] = packPaths();
    const pack = readFileSync(path);
    const at = pack.indexOf('b b b');
    pack[at] = (pack[at] ?? 0) ^ 1;
    writeFileSync(path, pack);
    await run((store) => {
      expect(['a', 'b', 'c'].map((mark) => has(store, mark))).toEqual([true, false, true]);
      put(store, 'b');
    });
    expect(await run((store) => ['a', 'b', 'c'].map((mark) => has(store, mark)))).toEqual([true, true, true]);
  });

  test('does not survive merging', async () => {
    for (let time = 0; time < 8; time++) await run((store) => put(store, `${time}`));
    for (const path of packPaths().slice(0, 2)) appendFileSync(path, 'half a frame');
    const [, , third = ''] = packPaths();
    const pack = readFileSync(third);
    writeFileSync(third, pack.fill(0, pack.length - 10));
    await run((store) => put(store, '8'));
    expect(packs()).toHaveLength(1);
    expect(await run((store) => numbers(9).filter((mark) => !has(store, mark)))).toEqual(['2']);
  });
});

describe('compaction', () => {
  test('merges small packs when there are more than eight, content that is there twice once', async () => {
    const stores = Array.from({ length: 9 }, () => open());
    for (const [at, store] of stores.entries()) {
      put(store, 'same', 50_000);
      put(store, `${at}`);
    }
    for (const store of stores) await store.close();
    expect(packs()).toHaveLength(1);
    expect(totalSize()).toBeLessThan(65_000);
    expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
    await run((store) =>
      expect([has(store, 'same', 50_000), ...numbers(9).map((mark) => has(store, mark))]).not.toContain(
        false,
      ),
    );
  });

  test('keeps the bound, the oldest content dropped first, also while a run goes on', async () => {
    const bound = 4_000_000;
    for (let time = 0; time < 10; time++) {
      await run((store) => numbers(20).map((mark) => put(store, `${time}-${mark}`, 50_000)), bound);
      expect(totalSize()).toBeLessThanOrEqual(bound);
    }
    const there = await run((store) => numbers(10).map((time) => has(store, `${time}-19`, 50_000)));
    expect(there.slice(0, 5)).toEqual(Array(5).fill(false));
    expect(there.slice(8)).toEqual([true, true]);
    const store = open(bound);
    for (const mark of numbers(300)) {
      put(store, mark, 50_000);
      expect(totalSize()).toBeLessThanOrEqual(bound + packBytes(bound) + 300_000);
    }
    await store.close();
    expect(totalSize()).toBeLessThanOrEqual(bound);
  });

  test('leaves a pack alone that grows, and takes it an hour after its process was killed', async () => {
    const killed = open();
    for (const mark of numbers(200)) put(killed, `k${mark}`, 2000);
    const grows = packs();
    for (let time = 0; time < 9; time++) await run((store) => put(store, `${time}`));
    expect(packs()).toEqual(expect.arrayContaining(grows));
    expect(await run((store) => has(store, 'k0', 2000))).toBe(true);
    now += 2 * hour;
    for (let time = 9; time < 18; time++) await run((store) => put(store, `${time}`));
    expect(packs()).not.toEqual(expect.arrayContaining(grows));
    expect(
      await run((store) => [has(store, 'k0', 2000), ...numbers(18).map((mark) => has(store, mark))]),
    ).not.toContain(false);
  });

  test('takes away what killed processes left half merged', async () => {
    const old = join(directory, 'tmp/0000000000-0123456789abcdef.open');
    const young = join(directory, 'tmp/young');
    for (const path of [old, young]) writeFileSync(path, '');
    utimesSync(old, (now - 2 * hour) / 1000, (now - 2 * hour) / 1000);
    for (let time = 0; time < 9; time++) await run((store) => put(store, `${time}`));
    expect(readdirSync(join(directory, 'tmp'))).toEqual(['young']);
  });

  test('is not seen by a reader that has the packs open, nor by one that opens them meanwhile', async () => {
    for (let time = 0; time < 8; time++) await run((store) => put(store, `${time}`));
    const reader = open();
    expect(has(reader, '0')).toBe(true);
    const merging = run((store) => put(store, '8'));
    const late = open();
    expect(numbers(8).map((mark) => has(late, mark))).not.toContain(false);
    await merging;
    expect(packs()).toHaveLength(1);
    expect(numbers(8).map((mark) => has(reader, mark))).not.toContain(false);
    await Promise.all([reader.close(), late.close()]);
  });

  test('between listing the packs and opening them costs a second look, and no content', async () => {
    for (const mark of numbers(8)) await run((store) => put(store, mark));
    class SlowReader extends PackReader {
      override size(pack: Pack): number {
        // Another process merges at the worst moment: packs one after the other are a pack.
        const [newest = '', ...others] = packPaths().reverse();
        if (others.length > 0) {
          writeFileSync(
            newest.replace(/.{5}\.pack$/, '00000.pack'),
            Buffer.concat(packPaths().map((path) => readFileSync(path))),
          );
          for (const path of [newest, ...others]) rmSync(path);
        }
        return super.size(pack);
      }
    }
    const reader = new SlowReader();
    expect(loadIndex(join(directory, 'packs'), reader).size).toBe(8);
    reader.close();
  });

  test('by several at once loses nothing', async () => {
    for (let round = 0; round < 5; round++) {
      const stores = Array.from({ length: 12 }, () => open());
      for (const [at, store] of stores.entries()) put(store, `${round}-${at}`);
      await Promise.all(stores.map((store) => store.close()));
      await Promise.all(numbers(3).map(() => compact(layoutOf(directory), { maxBytes: 2 ** 28, now })));
    }
    await run((store) => {
      for (const round of numbers(5))
        for (const at of numbers(12)) expect(has(store, `${round}-${at}`)).toBe(true);
    });
  });
});
