import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf, mediaTypes, parseManifest } from '../../oci/index.ts';
import { readTar, type TarMember, writeTar } from '../../tar/index.ts';
import {
  collect,
  config,
  described,
  failureOf,
  indexOf,
  layer,
  listed,
  putImage,
  repositoryContract,
  streamOf,
} from '../layout/repository-contract.test-support.ts';
import { openDockerArchive } from './docker-archive.ts';
import type { ArchiveRepository } from './oci-archive.ts';
import { openOciArchive } from './oci-archive.ts';
import { createOciArchive } from './write-oci-archive.ts';

let directory: string;
let file: string;
const opened: ArchiveRepository[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-'));
  file = join(directory, 'a.tar');
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((archive) => archive.close()));
  await rm(directory, { recursive: true, force: true });
});

async function kept(opening: Promise<ArchiveRepository>): Promise<ArchiveRepository> {
  const archive = await opening;
  opened.push(archive);
  return archive;
}

async function writeMembers(members: readonly TarMember[], pack = (bytes: Buffer) => bytes): Promise<void> {
  await writeFile(file, pack(await collect(writeTar(members))));
}

repositoryContract('an OCI archive', async () => {
  const own = await mkdtemp(join(tmpdir(), 'archive-'));
  const path = join(own, 'image.tar');
  const writer = await createOciArchive(path);
  const readers: ArchiveRepository[] = [];
  return {
    writer,
    async reader() {
      await writer.finish();
      const reader = await openOciArchive(path);
      readers.push(reader);
      return reader;
    },
    async dispose() {
      await Promise.all(readers.map((reader) => reader.close()));
      await rm(own, { recursive: true, force: true });
    },
  };
});

describe('writing an OCI archive', () => {
  test('equal images give equal bytes, whatever the order of the puts', async () => {
    const archives: Buffer[] = [];
    for (const tags of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const writer = await createOciArchive(file);
      for (const tag of tags) await putImage(writer, { tag, annotations: { tag } });
      await writer.finish();
      archives.push(await readFile(file));
    }
    expect(archives[0]?.equals(archives[1]!)).toBe(true);
    expect(await readdir(directory)).toEqual(['a.tar']);
  });

  test('until it is finished, what was there before stays', async () => {
    await writeFile(file, 'before');
    const writer = await createOciArchive(file);
    await putImage(writer, { tag: 'v1' });
    expect(await readFile(file, 'utf8')).toBe('before');
    await writer.discard();
    expect(await readdir(directory)).toEqual(['a.tar']);
    expect(await readFile(file, 'utf8')).toBe('before');
  });

  test('it holds the layout’s files and folders, the small ones first', async () => {
    const writer = await createOciArchive(file);
    await putImage(writer, { tag: 'v1' });
    await writer.finish();
    const names: string[] = [];
    for await (const entry of readTar(streamOf(await readFile(file)))) names.push(entry.name);
    expect(names.slice(0, 4)).toEqual(['oci-layout', 'index.json', 'blobs/', 'blobs/sha256/']);
    expect(names).toHaveLength(7);
  });
});

describe('reading an OCI archive', () => {
  async function ociArchive(pack?: (bytes: Buffer) => Buffer): Promise<void> {
    const writer = await createOciArchive(file);
    await putImage(writer, { tag: 'v1' });
    await writer.finish();
    if (pack !== undefined) await writeFile(file, pack(await readFile(file)));
  }

  test('a gzip’d archive reads the same, and its unpacked copy has no name', async () => {
    await ociArchive(gzipSync);
    const temporaryDirectory = await mkdtemp(join(directory, 'tmp-'));
    const archive = await kept(openOciArchive(file, { temporaryDirectory }));
    expect(await readdir(temporaryDirectory)).toEqual([]);
    expect(await collect(archive.blob(described(layer)))).toEqual(layer);
    expect(await archive.onlyManifest()).toBe((await archive.resolve('v1')).digest);
  });

  test('a gzip bomb stops at the limit', async () => {
    await writeFile(file, gzipSync(Buffer.alloc(3_000_000)));
    const opening = openOciArchive(file, { maxUnpackedBytes: 1_000_000, temporaryDirectory: directory });
    await expect(opening).rejects.toThrow('unpacks to more than the limit of 1000000 bytes');
    expect(await readdir(directory)).toEqual(['a.tar']);
  });

  test('names with "./" before them, as tar writes a folder, are found', async () => {
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        manifests: [
          {
            ...described(config, mediaTypes.ociManifest),
            annotations: { 'org.opencontainers.image.ref.name': 'x' },
          },
        ],
      }),
    );
    await writeMembers([
      { name: './', type: 'directory' },
      { name: './index.json', body: index },
      { name: `./blobs/sha256/${digestOf(config).slice(7)}`, body: config },
    ]);
    const archive = await kept(openOciArchive(file));
    expect((await archive.resolve('x')).digest).toBe(digestOf(config));
  });

  test('a damaged blob is found out', async () => {
    await ociArchive((bytes) => {
      bytes[bytes.indexOf('layer layer') + 100] = 0;
      return bytes;
    });
    expect(await failureOf(collect((await kept(openOciArchive(file))).blob(described(layer))))).toBe(
      'malformed',
    );
  });

  test.each([
    ['a text', () => Buffer.from('no tar at all, but long enough to be read as one'.repeat(20))],
    ['a broken gzip', () => gzipSync(Buffer.alloc(5000)).subarray(0, 20)],
    ['a tar cut short', (bytes: Buffer) => bytes.subarray(0, 200_000)],
    ['a tar cut in the last body', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1024 - 512)],
  ])('%s is malformed', async (_name, pack) => {
    await ociArchive(pack);
    expect(await failureOf(openOciArchive(file))).toBe('malformed');
  });

  test('zstd, xz and bzip2 are named as what they are', async () => {
    for (const [magic, name] of [
      ['28b52ffd', 'zstd'],
      ['fd377a585a00', 'xz'],
      ['425a6839', 'bzip2'],
    ] as const) {
      await writeFile(file, Buffer.from(`${magic}0000`, 'hex'));
      await expect(openOciArchive(file)).rejects.toMatchObject({
        reason: 'unsupported',
        message: expect.stringContaining(name) as string,
      });
    }
  });

  test('an absent file and a tar without index.json are not found', async () => {
    expect(await failureOf(openOciArchive(join(directory, 'absent.tar')))).toBe('not-found');
    await writeMembers([{ name: 'a' }]);
    expect(await failureOf(openOciArchive(file))).toBe('not-found');
  });
});

describe('reading what docker save wrote', () => {
  const plain = Buffer.alloc(3000, 'plain layer');
  const packed = gzipSync(Buffer.alloc(3000, 'packed layer'));
  const packedDiff = digestOf(Buffer.alloc(3000, 'packed layer'));
  const configOf = (...diffIds: string[]) =>
    Buffer.from(
      JSON.stringify({ os: 'linux', architecture: 'arm64', rootfs: { type: 'layers', diff_ids: diffIds } }),
    );
  const savedConfig = configOf(digestOf(plain), packedDiff);
  const hexOf = (bytes: Uint8Array) => digestOf(bytes).slice(7);
  const manifestFile = (...images: object[]) => ({
    name: 'manifest.json',
    body: Buffer.from(JSON.stringify(images)),
  });

  async function check(archive: ArchiveRepository, target: string): Promise<void> {
    const fetched = await archive.manifest(target);
    const manifest = parseManifest(fetched.bytes, fetched.mediaType);
    expect(manifest).toMatchObject({
      kind: 'image',
      mediaType: mediaTypes.dockerManifest,
      config: { digest: digestOf(savedConfig), mediaType: mediaTypes.dockerConfig },
      layers: [
        { digest: digestOf(plain), mediaType: 'application/vnd.docker.image.rootfs.diff.tar' },
        { digest: digestOf(packed), mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' },
      ],
    });
    if (manifest.kind !== 'image') return;
    expect(await collect(archive.blob(manifest.config))).toEqual(savedConfig);
    expect(await collect(archive.blob(manifest.layers[0]!))).toEqual(plain);
    expect(await collect(archive.blob(manifest.layers[1]!))).toEqual(packed);
  }

  test('the old form: a folder for each layer, shared ones as links', async () => {
    await writeMembers([
      { name: 'one/layer.tar', body: plain },
      { name: 'other/layer.tar', body: packed },
      { name: 'two/layer.tar', type: 'symlink', linkName: '../other/layer.tar' },
      { name: 'config.json', body: savedConfig },
      manifestFile({
        Config: 'config.json',
        RepoTags: ['app:1', 'quay.io/team/app:2'],
        Layers: ['one/layer.tar', 'two/layer.tar'],
      }),
    ]);
    const archive = await kept(openDockerArchive(file));
    for (const target of ['app:1', 'docker.io/library/app:1', 'quay.io/team/app:2'])
      await check(archive, target);
    expect(await listed(archive.tags())).toEqual(['app:1', 'quay.io/team/app:2']);
    expect(await archive.onlyManifest()).toBe((await archive.resolve('app:1')).digest);
    expect(await failureOf(archive.manifest('app:3'))).toBe('not-found');
  });

  test('the new form: blobs by digest, with an OCI index beside', async () => {
    await writeMembers(
      [
        { name: `blobs/sha256/${hexOf(plain)}`, body: plain },
        { name: `blobs/sha256/${hexOf(packed)}`, body: packed },
        { name: `blobs/sha256/${hexOf(savedConfig)}`, body: savedConfig },
        { name: 'index.json', body: indexOf() },
        manifestFile({
          Config: `blobs/sha256/${hexOf(savedConfig)}`,
          RepoTags: null,
          Layers: [`blobs/sha256/${hexOf(plain)}`, `blobs/sha256/${hexOf(packed)}`],
        }),
      ],
      gzipSync,
    );
    const archive = await kept(openDockerArchive(file));
    await check(archive, await archive.onlyManifest());
    expect(await listed(archive.tags())).toEqual([]);
  });

  test('a plain layer that is not its diff id is found out when read', async () => {
    await writeMembers([
      { name: 'l', body: plain },
      { name: 'c', body: configOf(digestOf(Buffer.from('other'))) },
      manifestFile({ Config: 'c', Layers: ['l'] }),
    ]);
    const archive = await kept(openDockerArchive(file));
    const { bytes } = await archive.manifest(await archive.onlyManifest());
    const manifest = parseManifest(bytes);
    if (manifest.kind !== 'image') throw new Error('no image');
    expect(await failureOf(collect(archive.blob(manifest.layers[0]!)))).toBe('malformed');
  });

  test.each([
    [
      'a link that leads out of the archive',
      [{ name: 'a/l', type: 'symlink' as const, linkName: '../../etc/passwd' }],
    ],
    [
      'a circle of links',
      [
        { name: 'a/l', type: 'symlink' as const, linkName: 'm' },
        { name: 'a/m', type: 'symlink' as const, linkName: 'l' },
      ],
    ],
    ['a layer that is a directory', [{ name: 'a/l', type: 'directory' as const }]],
    ['a layer that is not there', []],
  ])('%s is malformed', async (_name, members: readonly TarMember[]) => {
    await writeMembers([
      ...members,
      { name: 'c', body: configOf(digestOf(plain)) },
      manifestFile({ Config: 'c', Layers: ['a/l'] }),
    ]);
    expect(await failureOf(openDockerArchive(file))).toBe('malformed');
  });

  test.each([
    ['manifest.json is absent', [{ name: 'x' }]],
    ['manifest.json is no JSON', [{ name: 'manifest.json', body: Buffer.from('{') }]],
    ['manifest.json is no list', [{ name: 'manifest.json', body: Buffer.from('{}') }]],
    [
      'the layers and the config differ in number',
      [
        { name: 'c', body: configOf() },
        { name: 'l', body: plain },
        manifestFile({ Config: 'c', Layers: ['l'] }),
      ],
    ],
  ])('where %s, the archive is malformed', async (_name, members: readonly TarMember[]) => {
    await writeMembers(members);
    expect(await failureOf(openDockerArchive(file))).toBe('malformed');
  });
});
