import { spawn } from 'node:child_process';
import {
  existsSync,
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
import { digestOf } from '../../oci/index.ts';
import { layoutOf } from './layout.ts';
import { defaultCacheDirectory, memoryCache, openCache } from './open-cache.ts';
import { prune, pruneWhenDue } from './prune.ts';
import type { RegistryCache } from './registry-cache.ts';
import type { TagKey } from './tag-answers.ts';

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

  test('has the form of an OCI layout, for its user only', async () => {
    const bytes = Buffer.from('content');
    const digest = digestOf(bytes);
    const root = join(directory, 'a/b');
    const cache = await openCache(root, { clock });
    await cache.content.put(digest, bytes);
    await cache.close();
    expect(JSON.parse(readFileSync(join(root, 'oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    });
    expect(JSON.parse(readFileSync(join(root, 'index.json'), 'utf8'))).toEqual({
      schemaVersion: 2,
      manifests: [],
    });
    const file = join(root, 'blobs', digest.replace(':', '/'));
    expect(readFileSync(file)).toEqual(bytes);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(statSync(join(root, 'blobs')).mode & 0o077).toBe(0);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
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
    const bytes = Buffer.from('content');
    await cache.content.put(digestOf(bytes), bytes);
    await cache.tags.record(key('1'), answer('a'));
    expect(await cache.content.get(digestOf(bytes))).toEqual(bytes);
    expect(await cache.tags.get(key('1'))).toEqual(answer('a'));
    await cache.close();
  });

  test('that breaks during the run is one warning, and the run goes on', async () => {
    const events: ProgressEvent[] = [];
    const root = join(directory, 'cache');
    const cache = await openCache(root, { clock, emit: (event) => void events.push(event) });
    rmSync(root, { recursive: true });
    writeFileSync(root, '');
    for (const text of ['a', 'b']) await cache.content.put(digestOf(Buffer.from(text)), Buffer.from(text));
    for (let at = 0; at < 200; at++) await cache.tags.record(key(`${at}`), answer('a'));
    await cache.close();
    expect(events.map((event) => event.type)).toEqual(['warning', 'warning']);
    expect(await cache.content.get(digestOf(Buffer.from('a')))).toEqual(Buffer.from('a'));
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

test('content above 4 MiB is neither kept nor read, even where its digest is right', async () => {
  const bytes = Buffer.alloc(4 * 1024 * 1024 + 1);
  const digest = digestOf(bytes);
  const file = join(directory, 'blobs', digest.replace(':', '/'));
  await use((cache) => cache.content.put(digest, bytes));
  expect(existsSync(file)).toBe(false);
  writeFileSync(file, bytes);
  expect(await use((cache) => cache.content.get(digest))).toBeUndefined();
  expect(existsSync(file)).toBe(false);
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
      console.log('ready');
      for (let at = 0; ; at++) {
        const bytes = Buffer.alloc(20_000, String(at));
        const digest = digestOf(bytes);
        const tag = 't' + at;
        await Promise.all([
          cache.content.put(digest, bytes),
          cache.tags.record({ registry: 'h.io', repository: 'team/app', tag, identity: 'anonymous' }, { digest, mediaType: 'm', seenAt: Date.now() }),
        ]);
      }`);
    for (const delay of [5, 20, 60]) {
      const child = spawn(process.execPath, [bundle, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    }
    const blobs = join(directory, 'blobs/sha256');
    const names = readdirSync(blobs);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(digestOf(readFileSync(join(blobs, name)))).toBe(`sha256:${name}`);
    await use(async ({ tags }) => {
      const found = await tags.get(key('t0'));
      if (found) expect(names).toContain(found.digest.slice('sha256:'.length));
      await tags.record(key('after'), answer('a'));
    });
    await use(async ({ tags }) => expect(await tags.get(key('after'))).toEqual(answer('a')));
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

describe('pruning', () => {
  function put(mark: string, size: number, age: number): string {
    const layout = layoutOf(directory);
    const file = join(layout.blobs[0] ?? '', digestOf(Buffer.from(mark)).slice(7));
    mkdirSync(layout.blobs[0] ?? '', { recursive: true });
    writeFileSync(file, Buffer.alloc(size));
    utimesSync(file, (now - age) / 1000, (now - age) / 1000);
    return file;
  }

  test('removes what was not used for longest, down to nine tenths of the bound', async () => {
    const files = [3, 1, 4, 2, 0].map((age) => put(`${age}`, 1000, age * day));
    await prune(layoutOf(directory), 4500, now);
    expect(files.map((file) => existsSync(file))).toEqual([true, true, false, true, true]);
    await prune(layoutOf(directory), 2500, now);
    expect(files.map((file) => existsSync(file))).toEqual([false, true, false, false, true]);
  });

  test('knows what was used by its reads', async () => {
    const bytes = Buffer.from('used');
    const digest = digestOf(bytes);
    await use((cache) => cache.content.put(digest, bytes));
    const file = join(directory, 'blobs', digest.replace(':', '/'));
    utimesSync(file, (now - 30 * day) / 1000, (now - 30 * day) / 1000);
    await use((cache) => cache.content.get(digest));
    expect(Math.abs(statSync(file).mtimeMs - now)).toBeLessThan(2000);
  });

  test('is done once a day, and takes what killed processes left', async () => {
    const layout = layoutOf(directory);
    mkdirSync(layout.temporary);
    const left = join(layout.temporary, 'left');
    writeFileSync(left, '');
    const made = Date.now();
    await pruneWhenDue(layout, 1000, made + 1000);
    expect(existsSync(left)).toBe(true);
    await pruneWhenDue(layout, 1000, made + 2 * 60 * 60 * 1000);
    expect(existsSync(left)).toBe(true);
    await pruneWhenDue(layout, 1000, made + 2 * day);
    expect(existsSync(left)).toBe(false);
  });
});
