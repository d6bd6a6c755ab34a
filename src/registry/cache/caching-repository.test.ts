import { getEventListeners } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type Descriptor,
  type Digest,
  digestOf,
  isDigest,
  mediaTypes,
  verifyDigest,
} from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import type { CallOptions, FetchedManifest, Repository, ResolvedManifest } from '../types.ts';
import { type CachingOptions, cachingRepository } from './caching-repository.ts';
import { openCache } from './open-cache.ts';
import type { RegistryCache } from './registry-cache.ts';
import { readSmallBlob } from './small-blob.ts';

/** A repository in memory that writes down what it is asked: `HEAD 1.0`, `GET 1.0`, `GET sha256:…`, `BLOB sha256:…`. */
class CountingRepository implements Repository {
  readonly name: string;
  readonly requests: string[] = [];
  readonly content = new Map<string, Uint8Array>();
  readonly tagged = new Map<string, Digest>();
  head: 'digest' | 'no-digest' | 'unsupported' | 'forbidden' = 'digest';
  /** Announced by HEAD instead of the truth. */
  announced: Digest | undefined;
  aborted = 0;

  constructor(name = 'h.io/team/app') {
    this.name = name;
  }

  /** Puts a manifest of these layers' names under a tag; returns its digest. */
  tag(tag: string, mark: string): Digest {
    const config = digestOf(Buffer.from(mark));
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: { mediaType: mediaTypes.ociConfig, digest: config, size: mark.length },
        layers: [],
        annotations: { mark },
      }),
    );
    const digest = this.add(bytes);
    this.tagged.set(tag, digest);
    return digest;
  }

  add(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.content.set(digest, bytes);
    return digest;
  }

  count(kind: 'HEAD' | 'GET' | 'BLOB'): number {
    return this.requests.filter((request) => request.startsWith(kind)).length;
  }

  /** What was asked since the last call. */
  taken(): string[] {
    return this.requests.splice(0);
  }

  async resolve(target: string, options: CallOptions = {}): Promise<ResolvedManifest | undefined> {
    await this.#request(`HEAD ${target}`, options);
    if (this.head === 'unsupported') throw new RegistryError('unsupported', 'HEAD is not allowed');
    if (this.head === 'forbidden') throw new RegistryError('unauthorized', 'no');
    if (this.head === 'no-digest') return undefined;
    const digest = this.announced ?? this.#digest(target);
    return { digest, mediaType: mediaTypes.ociManifest };
  }

  async manifest(target: string, options: CallOptions = {}): Promise<FetchedManifest> {
    await this.#request(`GET ${target}`, options);
    const digest = this.#digest(target);
    return { digest, mediaType: mediaTypes.ociManifest, bytes: this.#bytes(digest) };
  }

  async *blob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    options: CallOptions = {},
  ): AsyncIterable<Uint8Array> {
    await this.#request(`BLOB ${descriptor.digest}`, options);
    const bytes = this.#bytes(descriptor.digest);
    yield bytes.subarray(0, 3);
    yield bytes.subarray(3);
    verifyDigest(bytes, descriptor.digest, descriptor.size);
  }

  async *tags(): AsyncIterable<string> {
    yield* this.tagged.keys();
  }

  async referrers(): Promise<readonly Descriptor[]> {
    return [];
  }

  async #request(line: string, options: CallOptions): Promise<void> {
    this.requests.push(line);
    try {
      await delay(5, undefined, options.signal ? { signal: options.signal } : {});
    } catch (error) {
      this.aborted++;
      throw error;
    }
  }

  #digest(target: string): Digest {
    const digest = isDigest(target) ? target : this.tagged.get(target);
    if (digest && this.content.has(digest)) return digest;
    throw new RegistryError('not-found', `${target} is not there`);
  }

  #bytes(digest: Digest): Uint8Array {
    const bytes = this.content.get(digest);
    if (bytes) return bytes;
    throw new RegistryError('not-found', `${digest} is not there`);
  }
}

const hour = 60 * 60 * 1000;
let directory = '';
let now = 0;
const clock = { now: () => now, sleep: async () => undefined };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'armload-cache-'));
  now = Date.UTC(2026, 0, 1);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function wrap(inner: Repository, cache: RegistryCache, options: Partial<CachingOptions> = {}): Repository {
  return cachingRepository(inner, cache, {
    registry: 'h.io',
    repository: 'team/app',
    identity: async () => 'anonymous',
    clock,
    ...options,
  });
}

/** One run of a command: opens the cache, works, closes it. */
async function run<Result>(
  inner: Repository,
  work: (repository: Repository) => Promise<Result>,
  options: Partial<CachingOptions> = {},
): Promise<Result> {
  const cache = await openCache(directory, { clock });
  try {
    return await work(wrap(inner, cache, options));
  } finally {
    await cache.close();
  }
}

const mark = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()).annotations.mark;

describe('the second run', () => {
  test('field 11: within the window makes no GET for digests, and HEAD only for tags', async () => {
    const inner = new CountingRepository();
    const digests = Array.from({ length: 20 }, (_, at) => inner.tag(`v${at}`, `mark ${at}`));
    const scan = (repository: Repository) =>
      Promise.all([...digests, ...inner.tagged.keys()].map((target) => repository.manifest(target)));
    const first = await run(inner, scan);
    expect(inner.count('HEAD')).toBe(0);
    inner.taken();
    now += 23 * hour;
    const second = await run(inner, scan);
    expect(inner.requests.sort()).toEqual([...inner.tagged.keys()].map((tag) => `HEAD ${tag}`).sort());
    expect(second.map(({ digest, mediaType }) => ({ digest, mediaType }))).toEqual(
      first.map(({ digest, mediaType }) => ({ digest, mediaType })),
    );
    expect(
      second.every((fetched, at) => Buffer.from(fetched.bytes).equals(first[at]?.bytes ?? Buffer.alloc(0))),
    ).toBe(true);
  });

  test('after the window asks for the tag anew, by one GET', async () => {
    const inner = new CountingRepository();
    inner.tag('1', 'a');
    await run(inner, (repository) => repository.manifest('1'));
    now += 25 * hour;
    await run(inner, (repository) => repository.manifest('1'));
    expect(inner.taken()).toEqual(['GET 1', 'GET 1']);
  });

  test('sees that a tag has moved: HEAD, then GET by the new digest', async () => {
    const inner = new CountingRepository();
    inner.tag('1', 'old');
    await run(inner, (repository) => repository.manifest('1'));
    const digest = inner.tag('1', 'new');
    const fetched = await run(inner, (repository) => repository.manifest('1'));
    expect(mark(fetched.bytes)).toBe('new');
    expect(inner.taken()).toEqual(['GET 1', 'HEAD 1', `GET ${digest}`]);
    await run(inner, (repository) => repository.manifest('1'));
    expect(inner.taken()).toEqual(['HEAD 1']);
  });

  test.each(['no-digest', 'unsupported'] as const)(
    'goes back to GET where HEAD says nothing: %s',
    async (head) => {
      const inner = new CountingRepository();
      inner.tag('1', 'a');
      await run(inner, (repository) => repository.manifest('1'));
      inner.head = head;
      inner.tag('1', 'b');
      expect(mark((await run(inner, (repository) => repository.manifest('1'))).bytes)).toBe('b');
      expect(inner.taken()).toEqual(['GET 1', 'HEAD 1', 'GET 1']);
    },
  );

  test('goes back to GET where HEAD announces what is not there', async () => {
    const inner = new CountingRepository();
    inner.tag('1', 'a');
    await run(inner, (repository) => repository.manifest('1'));
    inner.announced = digestOf(Buffer.from('gone'));
    expect(mark((await run(inner, (repository) => repository.manifest('1'))).bytes)).toBe('a');
    expect(inner.taken()).toEqual(['GET 1', 'HEAD 1', `GET ${inner.announced}`, 'GET 1']);
  });

  test('passes on what else a HEAD fails with, though it knows an old answer', async () => {
    const inner = new CountingRepository();
    inner.tag('1', 'a');
    await run(inner, (repository) => repository.manifest('1'));
    inner.head = 'forbidden';
    await expect(run(inner, (repository) => repository.manifest('1'))).rejects.toMatchObject({
      reason: 'unauthorized',
    });
    inner.head = 'digest';
    inner.tagged.clear();
    await expect(run(inner, (repository) => repository.manifest('1'))).rejects.toMatchObject({
      reason: 'not-found',
    });
  });

  test('spends no HEAD on a tag whose content is no longer there', async () => {
    const inner = new CountingRepository();
    inner.tag('1', 'a');
    await run(inner, (repository) => repository.manifest('1'));
    rmSync(join(directory, 'packs'), { recursive: true });
    await run(inner, (repository) => repository.manifest('1'));
    expect(inner.taken()).toEqual(['GET 1', 'GET 1']);
  });

  test('does not believe an answer from the future', async () => {
    const inner = new CountingRepository();
    inner.tag('1', 'a');
    await run(inner, (repository) => repository.manifest('1'));
    now -= 48 * hour;
    await run(inner, (repository) => repository.manifest('1'));
    expect(inner.count('HEAD')).toBe(0);
  });
});

describe('one run', () => {
  test('asks for nothing twice, at once or one after the other, through however many wrappers', async () => {
    const inner = new CountingRepository();
    const digest = inner.tag('1', 'a');
    const cache = await openCache(directory, { clock });
    const wrappers = Array.from({ length: 10 }, () => wrap(inner, cache));
    await Promise.all(wrappers.map((repository) => repository.manifest('1')));
    await Promise.all(wrappers.map((repository) => repository.manifest(digest)));
    await Promise.all(wrappers.map((repository) => repository.resolve('1')));
    await wrap(inner, cache).manifest('1');
    expect(inner.taken()).toEqual(['GET 1']);
    await cache.close();
  });

  test('goes on for the others when one asker aborts, and stops when all have', async () => {
    const inner = new CountingRepository();
    const digest = inner.tag('1', 'a');
    const cache = await openCache(directory, { clock });
    const repository = wrap(inner, cache);
    const one = new AbortController();
    const left = repository.manifest('1', { signal: one.signal });
    const stayed = repository.manifest('1');
    await Promise.resolve();
    one.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    expect((await stayed).digest).toBe(digest);
    expect([inner.aborted, inner.count('GET')]).toEqual([0, 1]);

    inner.tag('2', 'b');
    const all = new AbortController();
    const gone = [1, 2].map(() => repository.manifest('2', { signal: all.signal }));
    await vi.waitFor(() => expect(inner.requests).toContain('GET 2'), { interval: 1 });
    all.abort();
    expect((await Promise.allSettled(gone)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await vi.waitFor(() => expect(inner.aborted).toBe(1), { interval: 1 });
    expect((await repository.manifest('2')).digest).toBe(inner.tagged.get('2'));
    await cache.close();
  });

  test('adds one listener to the signal that all its calls are given, and takes it away', async () => {
    const inner = new CountingRepository();
    const tags = Array.from({ length: 50 }, (_, at) => `${at}`);
    for (const tag of tags) inner.tag(tag, tag);
    const cache = await openCache(directory, { clock });
    const { signal } = new AbortController();
    const work = tags.map((tag) => wrap(inner, cache).manifest(tag, { signal }));
    await vi.waitFor(() => expect(inner.count('GET')).toBe(50), { interval: 1 });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.all(work);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await cache.close();
  });

  test('asks again for what failed', async () => {
    const inner = new CountingRepository();
    const cache = await openCache(directory, { clock });
    await expect(wrap(inner, cache).manifest('1')).rejects.toMatchObject({ reason: 'not-found' });
    inner.tag('1', 'a');
    expect(mark((await wrap(inner, cache).manifest('1')).bytes)).toBe('a');
    await cache.close();
  });

  test('resolves a tag once, and then gets it by that digest', async () => {
    const inner = new CountingRepository();
    const digest = inner.tag('1', 'a');
    await run(inner, async (repository) => {
      expect((await repository.resolve('1'))?.digest).toBe(digest);
      await repository.resolve('1');
      await repository.manifest('1');
      expect(await repository.resolve(digest)).toMatchObject({ digest, size: expect.any(Number) });
    });
    expect(inner.taken()).toEqual(['HEAD 1', `GET ${digest}`]);
  });
});

describe('identities', () => {
  test('field 13: the same tag seen with two different secrets does not share an answer', async () => {
    const ours = new CountingRepository();
    const theirs = new CountingRepository();
    ours.tag('1', 'ours');
    theirs.tag('1', 'theirs');
    const cache = await openCache(directory, { clock });
    const as = (inner: Repository, name: string) => wrap(inner, cache, { identity: async () => name });
    const [one, two] = await Promise.all([as(ours, 'a').manifest('1'), as(theirs, 'b').manifest('1')]);
    expect([mark(one.bytes), mark(two.bytes)]).toEqual(['ours', 'theirs']);
    await cache.close();

    ours.tagged.clear();
    const again = await openCache(directory, { clock });
    const denied = wrap(ours, again, { identity: async () => 'c' }).manifest('1');
    await expect(denied).rejects.toMatchObject({ reason: 'not-found' });
    const offline = wrap(ours, again, { identity: async () => 'c', offline: true }).manifest('1');
    await expect(offline).rejects.toMatchObject({ reason: 'offline' });
    await again.close();
  });

  test('do not share a failure about content either', async () => {
    const refusing = new CountingRepository();
    const serving = new CountingRepository();
    const digest = serving.tag('1', 'a');
    const cache = await openCache(directory, { clock });
    const [no, yes] = await Promise.allSettled([
      wrap(refusing, cache, { identity: async () => 'a' }).manifest(digest),
      wrap(serving, cache, { identity: async () => 'b' }).manifest(digest),
    ]);
    expect([no?.status, yes?.status]).toEqual(['rejected', 'fulfilled']);
    await cache.close();
  });

  test('that can not be told are an error, not the anonymous one', async () => {
    const inner = new CountingRepository();
    inner.tag('1', 'a');
    const failing = run(inner, (repository) => repository.manifest('1'), {
      identity: async () => Promise.reject(new Error('the helper is gone')),
    });
    await expect(failing).rejects.toThrow('the helper is gone');
    expect(inner.taken()).toEqual([]);
  });
});

describe('small blobs', () => {
  const config = Buffer.from('{"architecture":"arm64","os":"linux"}');
  const descriptor = { digest: digestOf(config), size: config.length };

  test('are asked for once ever, and large ones pass through', async () => {
    const inner = new CountingRepository();
    inner.add(config);
    const large = Buffer.alloc(5 * 1024 * 1024, 1);
    const largeDescriptor = { digest: inner.add(large), size: large.length };
    for (let time = 0; time < 2; time++) {
      await run(inner, async (repository) => {
        const both = await Promise.all([
          readSmallBlob(repository, descriptor),
          readSmallBlob(repository, descriptor),
        ]);
        expect(both.map((bytes) => Buffer.from(bytes).equals(config))).toEqual([true, true]);
        let size = 0;
        for await (const chunk of repository.blob(largeDescriptor)) size += chunk.length;
        expect(size).toBe(large.length);
      });
    }
    expect(inner.taken()).toEqual([
      `BLOB ${descriptor.digest}`,
      ...Array(2).fill(`BLOB ${largeDescriptor.digest}`),
    ]);
  });

  test('inside their descriptor need no request, and are checked', async () => {
    const inner = new CountingRepository();
    const data = config.toString('base64');
    expect(Buffer.from(await readSmallBlob(inner, { ...descriptor, data }))).toEqual(config);
    const other = Buffer.from('{"architecture":"amd64","os":"linux"}').toString('base64');
    await expect(readSmallBlob(inner, { ...descriptor, data: other })).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    expect(inner.taken()).toEqual([]);
  });

  test('above 4 MiB are refused unread, and a size that is not the content is the repository to judge', async () => {
    const inner = new CountingRepository();
    inner.add(config);
    await expect(readSmallBlob(inner, { ...descriptor, size: 4 * 1024 * 1024 + 1 })).rejects.toMatchObject({
      code: 'DOCUMENT_TOO_LARGE',
    });
    expect(inner.taken()).toEqual([]);
    await run(inner, async (repository) => {
      await readSmallBlob(repository, descriptor);
      await expect(readSmallBlob(repository, { ...descriptor, size: 3 })).rejects.toMatchObject({
        code: 'SIZE_MISMATCH',
      });
    });
  });
});

describe('offline', () => {
  test('answers from the cache only, and says when a tag was seen', async () => {
    const inner = new CountingRepository();
    const config = Buffer.from('a');
    inner.add(config);
    const digest = inner.tag('1', 'a');
    const seenAt = now;
    await run(inner, async (repository) => {
      await repository.manifest('1');
      await readSmallBlob(repository, { digest: digestOf(config), size: 1 });
    });
    inner.taken();
    now += 30 * 24 * hour;
    await run(
      inner,
      async (repository) => {
        const fetched = await repository.manifest('1');
        expect(fetched).toMatchObject({ digest, seenAt });
        expect((await repository.manifest(digest)).seenAt).toBeUndefined();
        expect((await repository.resolve('1'))?.digest).toBe(digest);
        expect(Buffer.from(await readSmallBlob(repository, { digest: digestOf(config), size: 1 }))).toEqual(
          config,
        );
        const misses = [
          repository.manifest('2'),
          repository.manifest(digestOf(Buffer.from('x'))),
          repository.resolve('2'),
          repository.referrers(digest),
          readSmallBlob(repository, { digest: digestOf(Buffer.from('x')), size: 1 }),
          drain(repository.tags()),
          drain(repository.blob({ digest: digestOf(Buffer.from('x')), size: 2 ** 30 })),
        ];
        for (const outcome of await Promise.allSettled(misses)) {
          expect(outcome).toMatchObject({
            status: 'rejected',
            reason: { reason: 'offline', hint: expect.stringContaining('--offline') },
          });
        }
      },
      { offline: true },
    );
    expect(inner.taken()).toEqual([]);
  });
});

async function drain(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of source);
}

describe('a corrupt entry', () => {
  test.each([
    ['other bytes', Buffer.from('{"schemaVersion":2,"manifests":[]}')],
    ['no bytes', Buffer.alloc(0)],
    ['too many bytes', Buffer.alloc(5 * 1024 * 1024, 32)],
  ])('counts as absent and is replaced: %s', async (_, content) => {
    const inner = new CountingRepository();
    const digest = inner.tag('1', 'a');
    await run(inner, (repository) => repository.manifest(digest));
    for (const pack of readdirSync(join(directory, 'packs')))
      writeFileSync(join(directory, 'packs', pack), content);
    expect(mark((await run(inner, (repository) => repository.manifest(digest))).bytes)).toBe('a');
    expect(inner.count('GET')).toBe(2);
    await run(inner, (repository) => repository.manifest(digest));
    expect(inner.count('GET')).toBe(2);
  });

  test('of a tag answer spoils that answer only', async () => {
    const inner = new CountingRepository();
    const tags = ['1', '2', '3'].map((tag): [string, Digest] => [tag, inner.tag(tag, tag)]);
    await run(inner, (repository) => Promise.all(tags.map(([tag]) => repository.manifest(tag))));
    const [file = ''] = readdirSync(join(directory, 'tags'));
    writeFileSync(
      join(directory, 'tags', file),
      `["team/app","1","sha256:short","",1]\n[1,2]\nnull\n["team/app","2"`,
      {
        flag: 'a',
      },
    );
    inner.taken();
    await run(inner, (repository) => Promise.all(tags.map(([tag]) => repository.manifest(tag))));
    expect(inner.requests.sort()).toEqual(['HEAD 1', 'HEAD 2', 'HEAD 3']);
  });

  test('that holds a config is no manifest: the registry is asked', async () => {
    const inner = new CountingRepository();
    const config = Buffer.from('{"architecture":"arm64"}');
    const digest = inner.add(config);
    await run(inner, async (repository) => {
      await readSmallBlob(repository, { digest, size: config.length });
      await repository.manifest(digest);
    });
    expect(inner.taken()).toEqual([`BLOB ${digest}`, `GET ${digest}`]);
  });

  test.each([
    ['a page instead of a manifest', '<html>log in</html>'],
    ['a config', '{"architecture":"arm64"}'],
    ['a text that names the type', `no JSON, but "application/json"`],
  ])('is no manifest because it was served as one: %s', async (_, text) => {
    const inner = new CountingRepository();
    const digest = inner.add(Buffer.from(text));
    inner.tagged.set('1', digest);
    for (let time = 0; time < 2; time++) await run(inner, (repository) => repository.manifest('1'));
    expect(inner.taken()).toEqual(['GET 1', 'GET 1']);
    await expect(
      run(inner, (repository) => repository.manifest('1'), { offline: true }),
    ).rejects.toMatchObject({ reason: 'offline' });
  });

  test('that was kept as a blob is kept as the manifest it turns out to be', async () => {
    const inner = new CountingRepository();
    const digest = inner.tag('1', 'a');
    const size = inner.content.get(digest)?.length ?? 0;
    await run(inner, (repository) => readSmallBlob(repository, { digest, size }));
    for (let time = 0; time < 2; time++) await run(inner, (repository) => repository.manifest(digest));
    expect(inner.taken()).toEqual([`BLOB ${digest}`, `GET ${digest}`]);
  });
});
