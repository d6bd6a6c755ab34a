import { describe, expect, test } from 'vitest';
import { ArmloadError } from '../../core/index.ts';
import { type Descriptor, digestOf, mediaTypes } from '../../oci/index.ts';
import { RegistryError, type RegistryFailure } from '../errors.ts';
import type { Repository, WritableRepository } from '../types.ts';

/** One fresh storage: write first, then read what was written. */
export interface ContractStorage {
  readonly writer: WritableRepository;
  /** Ends the writing, where that is a step of its own. */
  reader(): Promise<Repository>;
  dispose(): Promise<void>;
}

export function described(bytes: Uint8Array, mediaType = 'application/octet-stream'): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

export async function* streamOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function listed(stream: AsyncIterable<string>): Promise<string[]> {
  const items: string[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

export interface ManifestParts {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Record<string, string>;
}

export const config = Buffer.from(
  '{"os":"linux","architecture":"arm64","rootfs":{"type":"layers","diff_ids":[]}}',
);
export const layer = Buffer.alloc(700_000, 'layer ');

export function imageManifest(parts: ManifestParts = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: described(config, mediaTypes.ociConfig),
      layers: [described(layer, 'application/vnd.oci.image.layer.v1.tar')],
      ...parts,
    }),
  );
}

export function indexOf(...manifests: readonly Descriptor[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
}

export async function putImage(
  repository: WritableRepository,
  options: ManifestParts & { readonly tag?: string } = {},
): Promise<Descriptor> {
  const { tag, ...parts } = options;
  for (const content of [config, layer])
    await repository.putBlob(described(content), () => streamOf(content));
  const bytes = imageManifest(parts);
  const mediaType = mediaTypes.ociManifest;
  await repository.putManifest({ mediaType, bytes }, tag === undefined ? {} : { tag });
  return described(bytes, mediaType);
}

export async function failureOf(work: Promise<unknown>): Promise<RegistryFailure> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(RegistryError);
  return (thrown as RegistryError).reason;
}

type Open = () => Promise<ContractStorage>;

/** The promises of `Repository` and `WritableRepository`, for every adapter. */
export function repositoryContract(name: string, open: Open): void {
  describe(`${name} as a repository`, () => {
    blobContract(open);
    manifestContract(open);
    lookupContract(open);
  });
}

async function withStorage(open: Open, work: (storage: ContractStorage) => Promise<void>): Promise<void> {
  const storage = await open();
  try {
    await work(storage);
  } finally {
    await storage.dispose();
  }
}

function blobContract(open: Open): void {
  test('a blob is uploaded once and read back whole', () =>
    withStorage(open, async (storage) => {
      const descriptor = described(layer);
      const put = () => storage.writer.putBlob(descriptor, () => streamOf(layer));
      expect(await storage.writer.hasBlob(descriptor)).toBe(false);
      expect(await put()).toBe('uploaded');
      expect(await storage.writer.hasBlob(descriptor)).toBe(true);
      expect(await put()).toBe('exists');
      await putImage(storage.writer, { tag: 'v1' });
      const reader = await storage.reader();
      expect((await collect(reader.blob(descriptor))).equals(layer)).toBe(true);
    }));

  test('an empty blob is a blob', () =>
    withStorage(open, async (storage) => {
      const descriptor = described(Buffer.alloc(0));
      expect(await storage.writer.putBlob(descriptor, () => streamOf())).toBe('uploaded');
      await putImage(storage.writer, { tag: 'v1' });
      const reader = await storage.reader();
      expect(await collect(reader.blob(descriptor))).toHaveLength(0);
    }));

  test('content that is not the digest’s is refused and not kept', () =>
    withStorage(open, async (storage) => {
      const descriptor = described(layer);
      const wrong = Buffer.alloc(layer.length, 'wrong');
      await expect(storage.writer.putBlob(descriptor, () => streamOf(wrong))).rejects.toBeInstanceOf(
        ArmloadError,
      );
      expect(await storage.writer.hasBlob(descriptor)).toBe(false);
    }));

  test('a blob of another size than promised is not believed', () =>
    withStorage(open, async (storage) => {
      await putImage(storage.writer, { tag: 'v1' });
      const reader = await storage.reader();
      const { digest, size } = described(layer);
      await expect(collect(reader.blob({ digest, size: size - 1 }))).rejects.toThrow();
      await expect(collect(reader.blob({ digest, size: size + 1 }))).rejects.toThrow();
    }));

  test('an aborted read ends with an AbortError', () =>
    withStorage(open, async (storage) => {
      await putImage(storage.writer, { tag: 'v1' });
      const reader = await storage.reader();
      const reading = collect(reader.blob(described(layer), { signal: AbortSignal.abort() }));
      await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    }));
}

function manifestContract(open: Open): void {
  test('a manifest is the same bytes by tag and by digest', () =>
    withStorage(open, async (storage) => {
      const image = await putImage(storage.writer, { tag: 'v1' });
      const reader = await storage.reader();
      for (const target of ['v1', image.digest]) {
        const fetched = await reader.manifest(target);
        expect(fetched).toMatchObject({ digest: image.digest, mediaType: mediaTypes.ociManifest });
        expect(Buffer.from(fetched.bytes).equals(imageManifest())).toBe(true);
        expect(await reader.resolve(target)).toEqual({
          digest: image.digest,
          mediaType: mediaTypes.ociManifest,
          size: image.size,
        });
      }
    }));

  test('a tag moves, and the manifest it left is still there by digest', () =>
    withStorage(open, async (storage) => {
      const first = await putImage(storage.writer, { tag: 'v1' });
      const second = await putImage(storage.writer, { tag: 'v1', annotations: { build: '2' } });
      const reader = await storage.reader();
      expect((await reader.manifest('v1')).digest).toBe(second.digest);
      expect((await reader.manifest(first.digest)).digest).toBe(first.digest);
    }));

  test('tags are listed once each, sorted', () =>
    withStorage(open, async (storage) => {
      for (const tag of ['v2', 'v10', 'latest', 'v2']) await putImage(storage.writer, { tag });
      expect(await listed((await storage.reader()).tags())).toEqual(['latest', 'v10', 'v2']);
    }));

  test('the images of an index are found by digest', () =>
    withStorage(open, async (storage) => {
      const image = await putImage(storage.writer);
      const index = indexOf({ ...image });
      await storage.writer.putManifest({ mediaType: mediaTypes.ociIndex, bytes: index }, { tag: 'all' });
      const reader = await storage.reader();
      expect((await reader.manifest('all')).mediaType).toBe(mediaTypes.ociIndex);
      expect((await reader.manifest(image.digest)).digest).toBe(image.digest);
      expect(await listed(reader.tags())).toEqual(['all']);
    }));
}

function lookupContract(open: Open): void {
  test('what is not there is not found', () =>
    withStorage(open, async (storage) => {
      await putImage(storage.writer, { tag: 'v1' });
      const reader = await storage.reader();
      const absent = described(Buffer.from('absent'));
      expect(await failureOf(reader.manifest('v2'))).toBe('not-found');
      expect(await failureOf(reader.resolve('v2'))).toBe('not-found');
      expect(await failureOf(reader.manifest(absent.digest))).toBe('not-found');
      expect(await failureOf(collect(reader.blob(absent)))).toBe('not-found');
    }));

  test('referrers are found by subject, described as the specification says, and filtered by type', () =>
    withStorage(open, async (storage) => {
      const image = await putImage(storage.writer, { tag: 'v1' });
      const signature = await putImage(storage.writer, {
        subject: image,
        artifactType: 'application/vnd.example.signature',
        annotations: { by: 'me' },
      });
      const plain = await putImage(storage.writer, { subject: image });
      await putImage(storage.writer, { subject: described(Buffer.from('another')) });
      const reader = await storage.reader();
      const found = await reader.referrers(image.digest);
      expect([...found].sort((a, b) => a.size - b.size)).toMatchObject([
        { digest: plain.digest, artifactType: mediaTypes.ociConfig },
        {
          digest: signature.digest,
          artifactType: 'application/vnd.example.signature',
          annotations: { by: 'me' },
        },
      ]);
      const options = { artifactType: 'application/vnd.example.signature' };
      expect(await reader.referrers(image.digest, options)).toMatchObject([{ digest: signature.digest }]);
      expect(await reader.referrers(signature.digest)).toEqual([]);
    }));
}
