import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, systemClock, UsageError } from '../../core/index.ts';
import {
  type Descriptor,
  type Digest,
  digestOf,
  type Manifest,
  parseManifest,
  verifyDigest,
} from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import { makeFolders } from '../make-folders.ts';
import type { BlobSource, CallOptions, WritableRepository } from '../types.ts';
import { BlobFolder } from './blob-folder.ts';
import { believed, type Content, errorCode } from './content.ts';
import { isRefName } from './find-entry.ts';
import { IndexFile, refNameOf, toDescriptor, withEntry } from './index-file.ts';
import { type LocalRepository, StoredRepository } from './stored-repository.ts';

export interface LayoutOptions extends CallOptions {
  /** Makes the folder a layout if it isn't one yet. */
  readonly create?: boolean;
  readonly clock?: Clock;
  /** For messages, where the folder is only a stage of something else. */
  readonly name?: string;
}

/**
 * Opens a folder in the OCI image layout (image-spec image-layout.md), the one that skopeo calls `oci:DIR`. Its tags
 * are the `org.opencontainers.image.ref.name` of `index.json`.
 * @throws RegistryError `not-found` where the folder is no layout and `create` isn't set; `malformed` where it is of
 * another version.
 */
export async function openLayout(directory: string, options: LayoutOptions = {}): Promise<Layout> {
  const name = options.name ?? `oci:${directory}`;
  return believed(name, 'opening the OCI layout', async () => {
    if (options.create === true) await createLayout(directory, options.clock ?? systemClock);
    else await checkLayout(directory, name);
    return new Layout(name, resolve(directory));
  });
}

const versionFile = 'oci-layout';

async function createLayout(directory: string, clock: Clock): Promise<void> {
  await makeFolders(join(directory, 'blobs', 'sha256'));
  await new BlobFolder(directory).removeAbandoned(clock.now());
  await writeFile(join(directory, versionFile), '{"imageLayoutVersion":"1.0.0"}', { flag: 'wx' }).catch(
    (error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    },
  );
  await new IndexFile(directory).update((entries) => entries);
}

/** A folder with an `index.json` alone is taken too, as skopeo takes it. */
async function checkLayout(directory: string, name: string): Promise<void> {
  const text = await readIfThere(join(directory, versionFile));
  if (text === undefined && (await readIfThere(join(directory, 'index.json'))) === undefined)
    throw new RegistryError(
      'not-found',
      `${name} is not an OCI image layout: there is neither an oci-layout file nor an index.json`,
    );
  if (text !== undefined && !/"imageLayoutVersion"\s*:\s*"1\./.test(text.slice(0, 1000)))
    throw new RegistryError('malformed', `${name} is not an OCI image layout of version 1`);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

class LayoutContent implements Content {
  readonly name: string;
  readonly blobs: BlobFolder;
  readonly index: IndexFile;

  constructor(name: string, directory: string) {
    this.name = name;
    this.blobs = new BlobFolder(directory);
    this.index = new IndexFile(directory);
  }

  entries(): Promise<readonly Descriptor[]> {
    return believed(this.name, 'reading index.json', async () =>
      (await this.index.entries()).map(toDescriptor),
    );
  }

  size(digest: Digest): Promise<number | undefined> {
    return believed(this.name, `looking for ${digest}`, () => this.blobs.size(digest));
  }

  read(digest: Digest, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    return this.blobs.read(digest, options);
  }
}

/** One OCI image layout folder. Writers in other processes are waited for (see `withFileLock`). */
export class Layout extends StoredRepository implements WritableRepository, LocalRepository {
  /** Absolute. */
  readonly directory: string;
  readonly #content: LayoutContent;

  constructor(name: string, directory: string) {
    const content = new LayoutContent(name, directory);
    super(content);
    this.directory = directory;
    this.#content = content;
  }

  /** A file of another size than promised is not the blob, whatever its name. */
  async hasBlob(descriptor: Pick<Descriptor, 'digest' | 'size'>): Promise<boolean> {
    return (await this.#content.size(descriptor.digest)) === descriptor.size;
  }

  async putBlob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    source: BlobSource,
    options: CallOptions = {},
  ): Promise<'uploaded' | 'exists'> {
    if (await this.hasBlob(descriptor)) return 'exists';
    await believed(this.name, `writing ${descriptor.digest}`, () =>
      this.#content.blobs.write(descriptor, source(), options),
    );
    return 'uploaded';
  }

  /**
   * The top level lists what nothing else there refers to: an untagged manifest is listed until an index that contains
   * it is put. So `oci:DIR` without a tag still means one image after an index has been copied.
   */
  async putManifest(
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
    options: CallOptions & { readonly tag?: string } = {},
  ): Promise<Digest> {
    const { mediaType, bytes } = manifest;
    const { tag } = options;
    if (tag !== undefined && !isRefName(tag))
      throw new UsageError('USAGE', `"${tag}" can't name an image in ${this.name}`);
    const digest = digestOf(bytes);
    await believed(this.name, `writing the manifest ${digest}`, async () => {
      const children = childrenOf(parseManifest(bytes, mediaType));
      await this.#putDocument(digest, bytes, options);
      await this.#content.index.update((entries) => {
        const listed = withEntry(entries, { mediaType, digest, size: bytes.length }, tag);
        const roots = listed.filter((entry) => refNameOf(entry) !== undefined || !children.has(entry.digest));
        return roots.length === entries.length && listed === entries ? entries : roots;
      }, options);
    });
    return digest;
  }

  /** Manifests are small: a damaged one that's already there is found out and replaced. */
  async #putDocument(digest: Digest, bytes: Uint8Array, options: CallOptions): Promise<void> {
    const descriptor = { digest, size: bytes.length };
    if ((await this.hasBlob(descriptor)) && (await this.#isIntact(digest))) return;
    verifyDigest(bytes, digest);
    await this.#content.blobs.write(descriptor, once(bytes), options);
  }

  async #isIntact(digest: Digest): Promise<boolean> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#content.read(digest)) chunks.push(chunk);
    return digestOf(Buffer.concat(chunks)) === digest;
  }
}

function childrenOf(manifest: Manifest): ReadonlySet<Digest> {
  return new Set(manifest.kind === 'index' ? manifest.manifests.map((entry) => entry.digest) : []);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
