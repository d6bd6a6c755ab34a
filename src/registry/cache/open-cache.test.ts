import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProgressEvent } from '../../core/index.ts';
import { digestOf } from '../../oci/index.ts';
import { defaultCacheDirectory, memoryCache, openCache } from './open-cache.ts';
import type { RegistryCache } from './registry-cache.ts';
import type { TagKey } from './tag-answers.ts';

const content = { bytes: Buffer.from('content'), mediaType: '' };
const day = 24 * 60 * 60 * 1000;
let directory = '';
let now = 0;
const clock = { now: () => now, sleep: async () => undefined };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'armload-cache-'));
  now = Date.now();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function key(tag: string, identity = 'anonymous'): TagKey {
  return { registry: 'h.io', repository: 'team/app', tag, identity };
}

function answer(mark: string) {
  return { digest: digestOf(Buffer.from(mark)), mediaType: 'm', seenAt: now };
}

async function use<Result>(work: (cache: RegistryCache) => Promise<Result>): Promise<Result> {
  const cache = await openCache(directory, { clock });
  try {
    return await work(cache);
  } finally {
    await cache.close();
  }
}

describe('the directory', () => {
  test("is the user's cache directory, a relative XDG path ignored", () => {
    expect(defaultCacheDirectory({ XDG_CACHE_HOME: '/x' }, '/home/u')).toBe('/x/armload');
    expect(defaultCacheDirectory({ XDG_CACHE_HOME: 'x' }, '/home/u')).toBe('/home/u/.cache/armload');
    expect(defaultCacheDirectory({}, '/home/u')).toBe('/home/u/.cache/armload');
  });

  test('is for its user only, and what it holds is there in the next run', async () => {
    const root = join(directory, 'a/b');
    const put = await openCache(root, { clock });
    put.content.put(digestOf(content.bytes), content);
    await put.close();
    const [pack = ''] = readdirSync(join(root, 'packs'));
    expect(pack).toMatch(/\.pack$/);
    expect(statSync(join(root, 'packs', pack)).mode & 0o077).toBe(0);
    expect(statSync(join(root, 'packs')).mode & 0o077).toBe(0);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
    const get = await openCache(root, { clock });
    expect(get.content.get(digestOf(content.bytes))).toEqual(content);
    await get.close();
    expect(readdirSync(join(root, 'packs'))).toEqual([pack]);
  });

  test('that must be written and can not is an error with the directory and the reason', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await expect(openCache(join(file, 'cache'), { required: true })).rejects.toMatchObject({
      code: 'CACHE_UNWRITABLE',
      message: `the cache directory ${join(file, 'cache')} can't be written (ENOTDIR)`,
    });
  });

  test('that need not be written and can not is a warning, and memory is used', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const events: ProgressEvent[] = [];
    const cache = await openCache(join(file, 'cache'), { emit: (event) => void events.push(event) });
    expect(events).toEqual([
      { type: 'warning', message: expect.stringContaining('(ENOTDIR); going on without it') },
    ]);
    expect(cache.directory).toBeUndefined();
    cache.content.put(digestOf(content.bytes), content);
    await cache.tags.record(key('1'), answer('a'));
    expect(cache.content.get(digestOf(content.bytes))).toEqual(content);
    expect(await cache.tags.get(key('1'))).toEqual(answer('a'));
    await cache.close();
  });

  test('that breaks during the run is one warning, and the run goes on', async () => {
    const events: ProgressEvent[] = [];
    const root = join(directory, 'cache');
    const cache = await openCache(root, { clock, emit: (event) => void events.push(event) });
    rmSync(root, { recursive: true });
    writeFileSync(root, '');
    for (let at = 0; at < 3; at++) {
      const bytes = Buffer.alloc(300_000, at);
      cache.content.put(digestOf(bytes), { bytes, mediaType: '' });
    }
    for (let at = 0; at < 200; at++) await cache.tags.record(key(`${at}`), answer('a'));
    await cache.close();
    expect(events.map((event) => event.type)).toEqual(['warning', 'warning']);
    expect(cache.content.get(digestOf(Buffer.alloc(300_000, 1)))?.bytes).toHaveLength(300_000);
    expect(await cache.tags.get(key('7'))).toEqual(answer('a'));
  });

  test('is not needed for a cache in memory', async () => {
    const cache = memoryCache();
    await cache.tags.record(key('1'), answer('a'));
    expect(await cache.tags.get(key('1', 'other'))).toBeUndefined();
    expect(await cache.tags.get(key('1'))).toEqual(answer('a'));
    await cache.close();
  });
});

describe('tag answers', () => {
  test('are there in the next run, the last one about a tag', async () => {
    await use(async ({ tags }) => {
      await tags.record(key('1'), answer('a'));
      await tags.record(key('1'), answer('b'));
      await tags.record(key('1', 'other'), answer('c'));
    });
    await use(async ({ tags }) => {
      expect(await tags.get(key('1'))).toEqual(answer('b'));
      expect(await tags.get(key('1', 'other'))).toEqual(answer('c'));
      expect(tags.inThisRun(key('1'))).toBeUndefined();
    });
    expect(readdirSync(join(directory, 'tags')).sort()).toEqual([
      expect.stringMatching(/^h\.io-[0-9a-f]{32}\.jsonl$/),
      expect.stringMatching(/^h\.io-[0-9a-f]{32}\.jsonl$/),
    ]);
  });

  test('that follow a half-written line are not spoiled by it', async () => {
    await use(async ({ tags }) => tags.record(key('1'), answer('a')));
    const file = join(directory, 'tags', readdirSync(join(directory, 'tags'))[0] ?? '');
    writeFileSync(file, '["team/app","2","sha25', { flag: 'a' });
    await use(async ({ tags }) => tags.record(key('3'), answer('c')));
    await use(async ({ tags }) => {
      expect(await Promise.all(['1', '2', '3'].map((tag) => tags.get(key(tag))))).toEqual([
        answer('a'),
        undefined,
        answer('c'),
      ]);
    });
  });

  test('are kept in a file whose name a registry can not lead elsewhere', async () => {
    await use(async ({ tags }) => tags.record({ ...key('1'), registry: '../../[::1]:5000' }, answer('a')));
    expect(readdirSync(join(directory, 'tags'))).toEqual([
      expect.stringMatching(/^\.\.[A-Za-z0-9._-]+\.jsonl$/),
    ]);
  });

  test('of several processes at once are all there, and the file stays readable while it is compacted', async () => {
    const caches = await Promise.all(Array.from({ length: 4 }, () => openCache(directory, { clock })));
    await Promise.all(
      caches.map(async (cache, writer) => {
        for (let at = 0; at < 300; at++) await cache.tags.record(key(`${writer}-${at}`), answer(`${at}`));
      }),
    );
    await Promise.all(caches.map((cache) => cache.close()));
    await use(async ({ tags }) => {
      for (let writer = 0; writer < 4; writer++)
        for (const at of [0, 150, 299])
          expect(await tags.get(key(`${writer}-${at}`))).toEqual(answer(`${at}`));
    });
  });

  test('that were superseded leave the file when they are most of it, and so do those of long ago', async () => {
    await use(async ({ tags }) => tags.record(key('old'), { ...answer('a'), seenAt: now - 100 * day }));
    const size = () => statSync(join(directory, 'tags', readdirSync(join(directory, 'tags'))[0] ?? '')).size;
    await use(async ({ tags }) => {
      for (let at = 0; at < 1000; at++) await tags.record(key('1'), answer(`${at}`));
    });
    expect(size()).toBeLessThan(400);
    await use(async ({ tags }) => {
      expect(await tags.get(key('1'))).toEqual(answer('999'));
      expect(await tags.get(key('old'))).toBeUndefined();
    });
  });
});

describe('a process that is killed', () => {
  test('while it writes leaves a cache in which everything readable is right', async () => {
    const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
    const bundle = await buildForNode(`
      import { openCache } from ${module('./open-cache.ts')};
      import { digestOf } from ${module('../../oci/digest.ts')};
      const cache = await openCache(process.argv[2]);
      for (let at = 0; ; at++) {
        // By now something has been written.
        if (at === 30) console.log('ready');
        const bytes = Buffer.alloc(20_000, String(at));
        const digest = digestOf(bytes);
        const tag = 't' + at;
        await Promise.all([
          cache.content.put(digest, { bytes, mediaType: '' }),
          cache.tags.record({ registry: 'h.io', repository: 'team/app', tag, identity: 'anonymous' }, { digest, mediaType: 'm', seenAt: Date.now() }),
        ]);
      }`);
    for (const delay of [0, 3, 20]) {
      const child = spawn(process.execPath, [bundle, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    }
    expect(readdirSync(join(directory, 'packs')).length).toBeGreaterThan(0);
    await use(async ({ content, tags }) => {
      let found = 0;
      for (let at = 0; at < 10_000; at++) {
        const bytes = Buffer.alloc(20_000, String(at));
        const kept = content.get(digestOf(bytes));
        if (!kept) break;
        expect(bytes.equals(kept.bytes)).toBe(true);
        found++;
      }
      expect(found).toBeGreaterThan(0);
      await tags.record(key('after'), answer('a'));
    });
    await use(async ({ tags }) => expect(await tags.get(key('after'))).toEqual(answer('a')));
  });
});

test('processes that write, merge and read at once lose nothing', async () => {
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const bundle = await buildForNode(`
    import { openCache } from ${module('./open-cache.ts')};
    import { digestOf } from ${module('../../oci/digest.ts')};
    const [, , directory, name] = process.argv;
    const digests = [];
    for (let run = 0; run < 9; run++) {
      const cache = await openCache(directory);
      const missing = digests.filter((digest) => !cache.content.get(digest)).length;
      if (missing > 0) throw new Error(missing + ' of ' + digests.length + ' are missing in run ' + run);
      for (let at = 0; at < 20; at++) {
        const bytes = Buffer.alloc(20_000, [name, run, at, ''].join(' '));
        digests.push(digestOf(bytes));
        cache.content.put(digests.at(-1), { bytes, mediaType: '' });
      }
      await cache.close();
    }`);
  const codes = ['a', 'b', 'c'].map(async (name) => {
    const child = spawn(process.execPath, [bundle, directory, name], { stdio: 'inherit' });
    return new Promise((resolve) => child.once('close', resolve));
  });
  expect(await Promise.all(codes)).toEqual([0, 0, 0]);
  await use(async (cache) => {
    for (const name of ['a', 'b', 'c'])
      for (let run = 0; run < 9; run++)
        for (let at = 0; at < 20; at++)
          expect(
            cache.content.get(digestOf(Buffer.alloc(20_000, [name, run, at, ''].join(' ')))),
          ).toBeDefined();
  });
});

/** TypeScript for a plain node process. */
async function buildForNode(code: string): Promise<string> {
  const { build } = await import('esbuild');
  const outfile = join(directory, 'writer.mjs');
  await build({
    stdin: { contents: code, loader: 'ts', resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    plugins: [
      {
        name: 'file-urls',
        setup(setup) {
          setup.onResolve({ filter: /^file:/ }, ({ path }) => ({ path: new URL(path).pathname }));
        },
      },
    ],
  });
  return outfile;
}
