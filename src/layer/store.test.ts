import { mkdtemp, readdir, rm, truncate, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderLayerStore } from './index.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const keyOf = (name: string) => name.repeat(64);

test('what was put is there again, for another store of the same folder too', async () => {
  await folderLayerStore(folder).put(keyOf('a'), Buffer.from('facts'));
  expect(Buffer.from((await folderLayerStore(folder).get(keyOf('a'))) ?? '').toString()).toBe('facts');
  expect(await folderLayerStore(folder).get(keyOf('b'))).toBeUndefined();
});

test('a damaged file is as good as none', async () => {
  const store = folderLayerStore(folder);
  await store.put(keyOf('a'), Buffer.from('facts'));
  await truncate(join(folder, 'aa', keyOf('a')), 34);
  expect(await store.get(keyOf('a'))).toBeUndefined();
});

test('above its limit, what was longest unused goes', async () => {
  const store = folderLayerStore(folder, { maxBytes: 1000 });
  for (const name of ['a', 'b', 'c']) {
    await store.put(keyOf(name), Buffer.alloc(250));
    const at = new Date(Date.now() - 60_000);
    await utimes(join(folder, name.repeat(2), keyOf(name)), at, at);
  }
  await store.get(keyOf('a'));
  await store.put(keyOf('d'), Buffer.alloc(250));
  expect(await store.get(keyOf('a'))).toHaveLength(250);
  expect(await store.get(keyOf('d'))).toHaveLength(250);
  expect((await Promise.all([store.get(keyOf('b')), store.get(keyOf('c'))])).filter(Boolean)).toHaveLength(1);
});

test('a folder that can not be written keeps nothing and throws nothing', async () => {
  const store = folderLayerStore('/proc/nowhere');
  await store.put(keyOf('a'), Buffer.from('facts'));
  expect(await store.get(keyOf('a'))).toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
});
