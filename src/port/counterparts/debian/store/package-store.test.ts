import { createHash, randomBytes } from 'node:crypto';
import { appendFile, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLayerReader } from '../../../../layer/index.ts';
import { digestOf } from '../../../../oci/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import { fieldOf } from '../control.ts';
import { arOf } from '../deb/deb.test-support.ts';
import { freshFolder, piecesOf, tarOf } from '../parts.test-support.ts';
import { storedXz } from '../xz/xz.test-support.ts';
import type { StoredFile } from './index.ts';
import { buildWorker, contentOf, failureOf, type Surroundings, surroundings } from './store.test-support.ts';

const tools = freshFolder();
let workerFile: URL;
beforeAll(async () => {
  workerFile = await buildWorker(tools.path);
});
afterAll(tools.remove);

let around: Surroundings;
beforeEach(() => {
  around = surroundings();
});
afterEach(() => around.close());

const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
/** More than what is read, or written, at once. */
const big = randomBytes(1_300_000);
const members: readonly TarMember[] = [
  { name: './usr/', type: 'directory', mode: 0o755, mtime: 5 },
  {
    name: './usr/bin/tool',
    mode: 0o4755,
    uid: 12,
    gid: 34,
    mtime: 1_700_000_000,
    body: Buffer.from('#!/bin/sh\nexit\n'),
    pax: new Map([['SCHILY.xattr.security.capability', capability]]),
  },
  { name: './usr/bin/again', type: 'hardlink', linkName: './usr/bin/tool' },
  { name: './usr/bin/third', type: 'hardlink', linkName: './usr/bin/again' },
  { name: './usr/bin/short', type: 'symlink', linkName: 'tool' },
  { name: './usr/bin/same-link', type: 'hardlink', linkName: './usr/bin/short' },
  { name: './usr/share/big', body: big },
  { name: './usr/share/empty', body: new Uint8Array(0) },
  { name: Buffer.from('./usr/share/caf\xe9', 'latin1'), body: Buffer.from('menu') },
  { name: './usr/share/link', type: 'symlink', linkName: Buffer.from('caf\xe9', 'latin1') },
  { name: './dev/null', type: 'character-device', deviceMajor: 1, deviceMinor: 3 },
  { name: './run/pipe', type: 'fifo' },
];

function byPath(files: readonly StoredFile[]): ReadonlyMap<string, StoredFile> {
  return new Map(files.map((file) => [file.path, file]));
}

const debOf = (...members: readonly (readonly [name: string, bytes: Uint8Array])[]) =>
  arOf(['debian-binary', Buffer.from('2.0\n')], ...members);
const factsOf = (file: StoredFile) => ({ ...file, content: undefined });
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

describe.each(['thread', 'none'] as const)('a package (%s)', (where) => {
  const open = () => around.store({ workerFile: where === 'thread' ? workerFile : 'none' });

  test('has its files, links and devices with everything that is known of them', async () => {
    const offer = await around.offer('tool', members, { postinst: '#!/bin/sh\n', conffiles: '/etc/x\n' });
    const { control, files } = await open().get(offer);
    expect(control).toMatchObject({ name: 'tool', version: '1.0-1', conffiles: ['etc/x'] });
    expect(fieldOf(control.paragraph, 'Architecture')).toBe('arm64');
    expect(control.files.get('postinst')?.toString()).toBe('#!/bin/sh\n');
    const found = byPath(files);
    const tool = found.get('usr/bin/tool');
    expect(tool).toMatchObject({
      kind: 'file',
      mode: 0o4755,
      uid: 12,
      gid: 34,
      mtime: 1_700_000_000,
      size: 15,
      md5: md5(Buffer.from('#!/bin/sh\nexit\n')),
      xattrs: { 'security.capability': capability.toString('base64') },
      facts: { kind: 'script', script: { interpreter: '/bin/sh' } },
    });
    for (const [path, linkName] of [
      ['usr/bin/again', 'usr/bin/tool'],
      ['usr/bin/third', 'usr/bin/again'],
    ] as const)
      expect(found.get(path)).toEqual({
        ...tool,
        content: expect.any(Function),
        path,
        kind: 'hardlink',
        linkName,
      });
    for (const path of ['usr/bin/short', 'usr/bin/same-link'])
      expect(found.get(path)).toMatchObject({ kind: 'symlink', linkName: 'tool', size: 0 });
    expect(found.get('usr/share/link')).toMatchObject({ kind: 'symlink', linkName: 'caf\udce9' });
    expect(found.get('dev/null')).toMatchObject({ kind: 'character-device', device: [1, 3] });
    expect(found.get('run/pipe')?.kind).toBe('fifo');
    expect(found.get('usr')).toMatchObject({ kind: 'directory', mode: 0o755, mtime: 5 });
  });

  test('gives contents afresh at each call, and those of hard links', async () => {
    const found = byPath((await open().get(await around.offer('tool', members))).files);
    for (let call = 0; call < 2; call++)
      expect(big.equals(await contentOf(found.get('usr/share/big')))).toBe(true);
    expect((await contentOf(found.get('usr/bin/third'))).toString()).toBe('#!/bin/sh\nexit\n');
    expect((await contentOf(found.get('usr/share/caf\udce9'))).toString()).toBe('menu');
    expect(await contentOf(found.get('usr/share/empty'))).toHaveLength(0);
    expect(() => found.get('usr')?.content()).toThrow(/directory, which has no content/);
  });

  test('is known to another run without being fetched or unpacked', async () => {
    const offer = await around.offer('tool', members);
    const plain = (files: readonly StoredFile[]) => files.map(factsOf);
    const first = await open().get(offer);
    const second = await around
      .store({ archive: { download: () => Promise.reject(new Error('asked')) } })
      .get(offer);
    expect(plain(second.files)).toEqual(plain(first.files));
    expect(second.control).toEqual(first.control);
    expect(big.equals(await contentOf(byPath(second.files).get('usr/share/big')))).toBe(true);
    expect(around.asked).toHaveLength(1);
  });

  test('asked for several times at once is unpacked once, and leaves two files', async () => {
    const offer = await around.offer('tool', members);
    const store = open();
    const all = await Promise.all([store.get(offer), store.get(offer), store.get(offer)]);
    expect(new Set(all.map(({ files }) => files.length)).size).toBe(1);
    expect(around.asked).toHaveLength(1);
    const key = `${offer.sha256.slice(0, 2)}/${offer.sha256}`;
    expect((await around.kept()).toSorted()).toEqual([`${key}.bodies`, `${key}.index`]);
  });

  test('that is damaged gives its error and leaves nothing, and the next is unpacked', async () => {
    const store = open();
    const data = storedXz(await tarOf(...members)).fill(7, 5000, 5010);
    const control = await tarOf({ name: 'control', body: Buffer.from('Package: x\nVersion: 1\n') });
    const bad = around.offerBytes('bad', debOf(['control.tar', control], ['data.tar.xz', data]));
    expect(await failureOf(store.get(bad))).toMatchObject({ code: 'DEBIAN_MALFORMED' });
    expect(await around.kept()).toEqual([]);
    expect((await store.get(await around.offer('tool', members))).files.length).toBe(members.length);
  });

  test('given up leaves nothing behind, and can be asked for again', async () => {
    const store = open();
    const files = Array.from({ length: 16 }, (_, at) => ({ name: `f${at}`, body: big }));
    const control = Buffer.from('Package: large\nVersion: 1.0-1\nArchitecture: arm64\n');
    const parts = [await tarOf({ name: 'control', body: control }), await tarOf(...files)] as const;
    const offer = around.offerBytes('large', debOf(['control.tar', parts[0]], ['data.tar', parts[1]]));
    const controller = new AbortController();
    const getting = store.get(offer, { signal: controller.signal });
    while ((await around.kept()).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort(new Error('enough'));
    await expect(getting).rejects.toThrow('enough');
    expect((await store.get(offer)).files).toHaveLength(16);
    await store.close();
    expect(await around.kept()).toHaveLength(2);
  });

  test('is given up when the store is closed', async () => {
    const store = open();
    const getting = failureOf(store.get(await around.offer('tool', members)));
    await store.close();
    expect((await getting).message).toContain('was closed');
    expect(await around.kept()).toEqual([]);
  });
});

test('what it says of files is what a layer of an image with them says', async () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.constantFrom('#!/bin/sh\n', '\x7fELF', 'PK\x03\x04', '').map((text) => Buffer.from(text, 'latin1')),
  );
  const file = fc.record({
    name: fc.stringMatching(/^[a-c]{1,3}(\/[a-c]{1,3}){0,2}$/).map((name) => `./x/${name}`),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    mtime: fc.integer({ min: 0, max: 2 ** 31 }),
    body: content,
  });
  const property = fc.asyncProperty(fc.uniqueArray(file, { selector: ({ name }) => name }), async (some) => {
    const reader = createLayerReader({ workerFile: 'none', hashes: ['md5'], wanted: [] });
    const tar = await tarOf(...some);
    const descriptor = {
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: digestOf(tar),
      size: tar.length,
    };
    const layer = await reader.read({ repository: { name: 'x', blob: () => piecesOf(tar) }, descriptor });
    const { files } = await around.store().get(await around.offer('any', some));
    expect(files.map(factsOf)).toEqual(layer.entries);
    for (const [at, one] of files.entries())
      expect((await contentOf(one)).equals(some[at]?.body ?? Buffer.from('none'))).toBe(true);
  });
  await fc.assert(property, { numRuns: 25 });
});

describe('what is in the folder', () => {
  const indexOf = ({ sha256 }: { readonly sha256: string }) =>
    join(around.folder, sha256.slice(0, 2), `${sha256}.index`);
  const bodiesOf = (offer: { readonly sha256: string }) => indexOf(offer).replace(/index$/, 'bodies');

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['cut', (path) => truncate(path, 100)],
    ['empty', (path) => truncate(path, 0)],
    ['longer', (path) => appendFile(path, ' ')],
    ['something else', (path) => writeFile(path, '{"version":1}')],
    [
      'changed',
      async (path) =>
        writeFile(path, (await readFile(path, 'latin1')).replace('usr/bin', 'usr/lib'), 'latin1'),
    ],
    [
      'of another version',
      async (path) => {
        const document = Buffer.from(
          (await readFile(path)).subarray(32).toString().replace('"version":', '"version":9'),
        );
        await writeFile(path, Buffer.concat([createHash('sha256').update(document).digest(), document]));
      },
    ],
    [
      'of another package',
      async (path) => {
        await around.store().get(await around.offer('other', []));
        const other = (await around.kept()).find((name) => name.endsWith('.index') && !path.endsWith(name));
        await writeFile(path, await readFile(join(around.folder, other ?? '')));
      },
    ],
  ])('is not believed where the index is %s', async (_what, damage) => {
    const offer = await around.offer('tool', members);
    const before = await around.store().get(offer);
    await damage(indexOf(offer));
    const { length } = around.asked;
    const after = await around.store().get(offer);
    expect(after.files.map(({ path }) => path)).toEqual(before.files.map(({ path }) => path));
    expect(around.asked).toHaveLength(length + 1);
  });

  test('is unpacked again where bodies are missing some bytes', async () => {
    const offer = await around.offer('tool', members);
    await around.store().get(offer);
    await truncate(bodiesOf(offer), 1000);
    const { files } = await around.store().get(offer);
    expect(big.equals(await contentOf(byPath(files).get('usr/share/big')))).toBe(true);
  });

  test('is never handed out where a body was changed, and mended by the next run', async () => {
    const offer = await around.offer('tool', members);
    const { files } = await around.store().get(offer);
    const bodies = await readFile(bodiesOf(offer));
    const within = bodies.length - 1000;
    bodies[within] = (bodies[within] ?? 0) ^ 1;
    await writeFile(bodiesOf(offer), bodies);
    expect(await failureOf(contentOf(byPath(files).get('usr/share/big')))).toMatchObject({
      code: 'DEBIAN_CACHE',
      hint: expect.stringContaining('again'),
    });
    const again = await around.store().get(offer);
    expect(big.equals(await contentOf(byPath(again.files).get('usr/share/big')))).toBe(true);
  });

  test('that was removed meanwhile is named as lost', async () => {
    const offer = await around.offer('tool', members);
    const { files } = await around.store().get(offer);
    await truncate(bodiesOf(offer), 10);
    expect(await failureOf(contentOf(byPath(files).get('usr/share/big')))).toMatchObject({
      code: 'DEBIAN_CACHE',
    });
  });

  describe('above the bound', () => {
    const packages = (names: readonly string[]) =>
      Promise.all(names.map((name) => around.offer(name, [{ name: 'f', body: randomBytes(100_000) }])));
    /** Of one file alone nothing is believed. */
    const namesIn = async (offers: readonly { readonly sha256: string; readonly name: string }[]) => {
      const kept = await around.kept();
      const filesOf = (sha256: string) => kept.filter((name) => name.includes(sha256));
      return offers.filter(({ sha256 }) => filesOf(sha256).length === 2).map(({ name }) => name);
    };
    /** Makes them as if last used so many hours ago. */
    const age = async (offers: readonly { readonly sha256: string }[], hours: readonly number[]) => {
      for (const [at, offer] of offers.entries()) {
        const time = new Date(Date.now() - (hours[at] ?? 0) * 3_600_000);
        for (const path of [indexOf(offer), bodiesOf(offer)]) await utimes(path, time, time);
      }
    };

    test('goes what was longest unused, and never what is in use', async () => {
      const offers = await packages(['a', 'b', 'c', 'd']);
      const [first, , , last] = offers;
      for (const offer of offers.slice(0, 3)) await around.store().get(offer);
      const store = around.store({ maxBytes: 380_000 });
      if (first) await store.get(first);
      await age(offers.slice(0, 3), [9, 3, 2]);
      if (last) await store.get(last);
      expect(await namesIn(offers)).toEqual(['a', 'c', 'd']);
    });

    test('stays what somebody used lately', async () => {
      const offers = await packages(['a', 'b', 'c']);
      for (const offer of offers) await around.store({ maxBytes: 150_000 }).get(offer);
      expect(await namesIn(offers)).toEqual(['a', 'b', 'c']);
    });
  });

  test('can not be kept where nothing can be written, which is said', async () => {
    const offer = await around.offer('tool', members);
    expect(await failureOf(around.store({ folder: '/proc/nowhere' }).get(offer))).toMatchObject({
      code: 'DEBIAN_CACHE',
    });
  });
});

describe('what is refused', () => {
  test('a hard link to what is not there', async () => {
    const offer = await around.offer('bad', [{ name: 'a', type: 'hardlink', linkName: 'b' }, { name: 'b' }]);
    expect(await failureOf(around.store().get(offer))).toMatchObject({
      code: 'DEBIAN_MALFORMED',
      message: expect.stringContaining('names b, which is no file before it'),
    });
  });

  test('a package that is another than its index says', async () => {
    const offer = await around.offer('tool', members);
    const failure = await failureOf(around.store().get({ ...offer, version: '1.0-2' }));
    expect(failure.message).toContain('tool 1.0-2 (arm64) says of itself that it is tool 1.0-1 (arm64)');
  });

  test('a file that was changed after it was fetched', async () => {
    const offer = await around.offer('tool', members);
    const changed = async (...asked: Parameters<typeof around.archive.download>): Promise<string> => {
      const path = await around.archive.download(...asked);
      const bytes = await readFile(path);
      // A member's time in the ar archive, which nobody reads.
      await writeFile(path, Buffer.from(bytes.fill('1', 8 + 16, 8 + 17)));
      return path;
    };
    const store = around.store({ archive: { download: changed } });
    expect(await failureOf(store.get(offer))).toMatchObject({ code: 'DEBIAN_HASH' });
    expect(await around.kept()).toEqual([]);
  });

  test('a hash that is no hash, as it would be the name of a file', async () => {
    const offer = { ...(await around.offer('tool', members)), sha256: '../../../../etc/passwd' };
    expect(await failureOf(around.store().get(offer))).toMatchObject({ code: 'DEBIAN_MALFORMED' });
  });

  test('more facts than the limit, and more files', async () => {
    const offer = await around.offer('tool', members);
    const limits = [{ indexBytes: 500 }, { entries: 5 }, { dataBytes: 1_000_000 }];
    for (const limit of limits)
      expect(await failureOf(around.store({ limits: limit }).get(offer))).toMatchObject({
        code: 'DEBIAN_LIMIT',
      });
    expect(await around.kept()).toEqual([]);
  });
});
