import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../core/index.ts';
import { type Digest, mediaTypes } from '../../oci/index.ts';
import { withFileLock } from './file-lock.ts';
import { isRefName } from './find-entry.ts';
import { openLayout } from './layout.ts';
import {
  collect,
  config,
  described,
  failureOf,
  imageManifest,
  indexOf,
  layer,
  listed,
  putImage,
  repositoryContract,
  streamOf,
} from './repository-contract.test-support.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'layout-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

repositoryContract('a layout folder', async () => {
  const own = await mkdtemp(join(tmpdir(), 'layout-'));
  return {
    writer: await openLayout(own, { create: true }),
    reader: () => openLayout(own),
    dispose: () => rm(own, { recursive: true, force: true }),
  };
});

interface IndexJson {
  schemaVersion: number;
  manifests: { digest: Digest; annotations?: Record<string, string>; [key: string]: unknown }[];
  [key: string]: unknown;
}

async function indexJson(): Promise<IndexJson> {
  return JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as IndexJson;
}

function blobPath(digest: string): string {
  return join(directory, 'blobs', ...digest.split(':'));
}

describe('opening', () => {
  test('a folder that is no layout is not found, unless it is to be created', async () => {
    expect(await failureOf(openLayout(directory))).toBe('not-found');
    expect(await failureOf(openLayout(join(directory, 'absent')))).toBe('not-found');
    const layout = await openLayout(join(directory, 'new', 'one'), { create: true });
    expect(await listed(layout.tags())).toEqual([]);
    expect(await readFile(join(directory, 'new/one/oci-layout'), 'utf8')).toBe(
      '{"imageLayoutVersion":"1.0.0"}',
    );
  });

  test('creating keeps what is there', async () => {
    const image = await putImage(await openLayout(directory, { create: true }), { tag: 'v1' });
    const again = await openLayout(directory, { create: true });
    expect((await again.manifest('v1')).digest).toBe(image.digest);
  });

  test('another version of the layout is refused', async () => {
    await openLayout(directory, { create: true });
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    expect(await failureOf(openLayout(directory))).toBe('malformed');
  });

  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['an entry without a digest', '{"schemaVersion":2,"manifests":[{"size":1}]}'],
    [
      'a digest that is a path',
      '{"schemaVersion":2,"manifests":[{"digest":"sha256:../../etc/passwd","size":1}]}',
    ],
    ['a negative size', `{"schemaVersion":2,"manifests":[{"digest":"sha256:${'a'.repeat(64)}","size":-1}]}`],
  ])('an index.json with %s is malformed', async (_name, text) => {
    const layout = await openLayout(directory, { create: true });
    await writeFile(join(directory, 'index.json'), text);
    expect(await failureOf(layout.manifest('v1'))).toBe('malformed');
    expect(await failureOf(putImage(layout, { tag: 'v1' }))).toBe('malformed');
    expect(await readFile(join(directory, 'index.json'), 'utf8')).toBe(text);
  });
});

describe('names', () => {
  async function withEntries(...entries: object[]) {
    const layout = await openLayout(directory, { create: true });
    await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: entries }));
    return layout;
  }
  const [one, two] = [described(Buffer.from('1')), described(Buffer.from('2'))];
  const named = (refName: string, imageName: string) => ({
    'org.opencontainers.image.ref.name': refName,
    'io.containerd.image.name': imageName,
  });

  test('a containerd image name is found in any spelling, and tells equal tags apart', async () => {
    const layout = await withEntries(
      { ...one, annotations: named('latest', 'docker.io/library/app:latest') },
      { ...two, annotations: named('latest', 'quay.io/team/web:latest') },
    );
    await mkdir(join(directory, 'blobs/sha256'), { recursive: true });
    await writeFile(blobPath(one.digest), '1');
    await writeFile(blobPath(two.digest), '2');
    expect((await layout.resolve('app')).digest).toBe(one.digest);
    expect((await layout.resolve('quay.io/team/web:latest')).digest).toBe(two.digest);
    await expect(layout.resolve('latest')).rejects.toThrow('has 2 images where "latest" was asked for');
  });

  test('a tag that is not there is answered with those that are', async () => {
    const layout = await withEntries({ ...one, annotations: named('v1', 'a:v1') });
    await expect(layout.resolve('v2')).rejects.toMatchObject({ reason: 'not-found', hint: 'It holds: v1.' });
  });

  test('without a name the only image is meant, its signatures left aside', async () => {
    const layout = await openLayout(directory, { create: true });
    expect(await failureOf(layout.onlyManifest())).toBe('not-found');
    const image = await putImage(layout);
    expect(await layout.onlyManifest()).toBe(image.digest);
    await putImage(layout, { subject: image });
    expect(await layout.onlyManifest()).toBe(image.digest);
    await putImage(layout, { tag: 'other', annotations: { a: 'b' } });
    await expect(layout.onlyManifest()).rejects.toThrow('has 2 images where a single image was asked for');
  });

  test('an untagged image disappears from the top level when an index takes it in', async () => {
    const layout = await openLayout(directory, { create: true });
    const image = await putImage(layout);
    const tagged = await putImage(layout, { tag: 'arm', annotations: { a: 'b' } });
    const digest = await layout.putManifest({
      mediaType: mediaTypes.ociIndex,
      bytes: indexOf(image, tagged),
    });
    expect((await indexJson()).manifests.map((entry) => entry.digest)).toEqual([tagged.digest, digest]);
  });

  test('a name that no layout can hold is wrong usage', async () => {
    const layout = await openLayout(directory, { create: true });
    await expect(putImage(layout, { tag: '../x' })).rejects.toBeInstanceOf(UsageError);
    expect(isRefName('docker.io/library/a_b:1.0--x+y@z')).toBe(true);
    for (const wrong of ['', '-a', 'a..b', 'a/', '/a', 'a b', `${'a-'.repeat(500)}!`])
      expect(isRefName(wrong)).toBe(false);
  });
});

describe('writing', () => {
  test('what other programs wrote into index.json stays', async () => {
    const layout = await openLayout(directory, { create: true });
    const foreign = {
      ...described(Buffer.from('1'), mediaTypes.ociManifest),
      platform: { os: 'linux', architecture: 'arm64' },
      'x-own': [1],
    };
    const annotations = { a: 'b' };
    const document = { schemaVersion: 2, annotations, manifests: [foreign] };
    await writeFile(join(directory, 'index.json'), JSON.stringify(document));
    await putImage(layout, { tag: 'v1' });
    const after = await indexJson();
    expect(after).toMatchObject({ annotations, schemaVersion: 2 });
    expect(after.manifests[0]).toEqual(foreign);
    expect(after.manifests[1]?.annotations).toEqual({ 'org.opencontainers.image.ref.name': 'v1' });
  });

  test('many writers of one folder lose nothing', async () => {
    const layouts = await Promise.all([1, 2, 3].map(() => openLayout(directory, { create: true })));
    const tags = Array.from({ length: 30 }, (_, index) => `t${index}`);
    await Promise.all(tags.map((tag, index) => putImage(layouts[index % 3]!, { tag, annotations: { tag } })));
    expect(await listed(layouts[0]!.tags())).toEqual([...tags].sort());
    expect((await readdir(directory)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  test('putting the same again writes nothing', async () => {
    const layout = await openLayout(directory, { create: true });
    await putImage(layout);
    const before = await stat(join(directory, 'index.json'));
    await putImage(layout);
    expect((await stat(join(directory, 'index.json'))).ino).toBe(before.ino);
  });

  test('a damaged blob is found out when read, and replaced when put', async () => {
    const layout = await openLayout(directory, { create: true });
    const image = await putImage(layout, { tag: 'v1' });
    await writeFile(blobPath(described(layer).digest), Buffer.alloc(layer.length));
    await writeFile(blobPath(image.digest), Buffer.alloc(image.size));
    await writeFile(blobPath(described(config).digest), 'short');
    expect(await failureOf(collect(layout.blob(described(layer))))).toBe('malformed');
    expect(await failureOf(layout.manifest('v1'))).toBe('malformed');
    await putImage(layout, { tag: 'v1' });
    expect((await layout.manifest('v1')).digest).toBe(image.digest);
    expect(await collect(layout.blob(described(config)))).toEqual(config);
  });

  test('a source that fails leaves neither blob nor rest', async () => {
    const layout = await openLayout(directory, { create: true });
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield layer.subarray(0, 1000);
      throw new Error('line dropped');
    }
    await expect(layout.putBlob(described(layer), broken)).rejects.toThrow('line dropped');
    expect((await readdir(directory)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    expect(await readdir(join(directory, 'blobs/sha256'))).toEqual([]);
  });

  test('an aborted write leaves nothing', async () => {
    const layout = await openLayout(directory, { create: true });
    const controller = new AbortController();
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield layer.subarray(0, 1000);
      controller.abort();
      yield layer.subarray(1000);
    }
    const writing = layout.putBlob(described(layer), slow, { signal: controller.signal });
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readdir(join(directory, 'blobs/sha256'))).toEqual([]);
  });

  test('what a killed writer left behind is removed after a day, not before', async () => {
    await openLayout(directory, { create: true });
    await writeFile(join(directory, '.incoming-old'), 'x');
    await writeFile(join(directory, '.incoming-new'), 'x');
    await utimes(join(directory, '.incoming-old'), 1, 1);
    await openLayout(directory, { create: true });
    expect(await readdir(directory)).not.toContain('.incoming-old');
    expect(await readdir(directory)).toContain('.incoming-new');
  });

  test('a manifest that is none is refused', async () => {
    const layout = await openLayout(directory, { create: true });
    const bytes = Buffer.from('{"a":1}');
    expect(await failureOf(layout.putManifest({ mediaType: mediaTypes.ociManifest, bytes }))).toBe(
      'malformed',
    );
  });

  test('a layer asked for as a manifest is malformed, not a manifest', async () => {
    const layout = await openLayout(directory, { create: true });
    await layout.putBlob(described(config), () => streamOf(config));
    expect(await failureOf(layout.manifest(described(config).digest))).toBe('malformed');
  });

  test('a manifest over 4 MiB is not read', async () => {
    const layout = await openLayout(directory, { create: true });
    const large = Buffer.alloc(4 * 1024 * 1024 + 1, ' ');
    await layout.putBlob(described(large), () => streamOf(large));
    await expect(layout.manifest(described(large).digest)).rejects.toThrow('over the limit of 4194304');
  });

  test('a manifest removed from the folder is not found though index.json lists it', async () => {
    const layout = await openLayout(directory, { create: true });
    await putImage(layout, { tag: 'v1' });
    await rm(blobPath(described(imageManifest()).digest));
    expect(await failureOf(layout.manifest('v1'))).toBe('not-found');
    expect(await failureOf(layout.resolve('v1'))).toBe('not-found');
  });
});

describe('the lock', () => {
  const path = () => join(directory, 'lock');

  test('one holder at a time, and the file is gone afterwards', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, () => withFileLock(path(), work)));
    expect(most).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  test('a lock of a process that is gone is taken over at once', async () => {
    const { hostname } = await import('node:os');
    await writeFile(path(), `4194303 ${hostname()} token`);
    expect(await withFileLock(path(), () => Promise.resolve('done'), { timeoutMilliseconds: 2000 })).toBe(
      'done',
    );
  });

  test('a lock of another host is taken over when it is old, and waited for when it is not', async () => {
    await writeFile(path(), '1 elsewhere token');
    const options = { timeoutMilliseconds: 50 };
    expect(await failureOf(withFileLock(path(), () => Promise.resolve(), options))).toBe('timeout');
    await utimes(path(), 1, 1);
    expect(await withFileLock(path(), () => Promise.resolve('done'), options)).toBe('done');
  });

  test('a holder that was robbed is told, and does not remove the robber’s lock', async () => {
    await withFileLock(path(), async (held) => {
      expect(await held()).toBe(true);
      await writeFile(path(), 'somebody else');
      expect(await held()).toBe(false);
    });
    expect(await readFile(path(), 'utf8')).toBe('somebody else');
  });

  test('a lock is released when the work fails', async () => {
    await expect(withFileLock(path(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await readdir(directory)).toEqual([]);
  });

  test('waiting ends when aborted', async () => {
    await writeFile(path(), `${process.pid} elsewhere token`);
    const signal = AbortSignal.timeout(20);
    await expect(withFileLock(path(), () => Promise.resolve(), { signal })).rejects.toThrow(/abort|timeout/i);
  });
});
