import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareText } from '../../core/index.ts';
import { type Descriptor, type Digest, isDigest } from '../../oci/index.ts';
import { BlobFolder } from '../layout/blob-folder.ts';
import { type Content, errorCode, readDocument } from '../layout/content.ts';
import { IndexFile, type IndexFileEntry, refNameOf, toDescriptor, withEntry } from '../layout/index-file.ts';
import { type ManifestFacts, walkManifests } from '../layout/referrers.ts';
import { makeFolders } from '../make-folders.ts';
import type { ManifestCache } from './manifest-cache.ts';
import { isTag } from './route.ts';

type Found = Pick<Descriptor, 'digest' | 'mediaType' | 'size'>;

/** What the entries of one state of `index.json` come to. */
interface View {
  readonly tags: ReadonlyMap<string, IndexFileEntry>;
  readonly manifests: ReadonlyMap<Digest, IndexFileEntry>;
  /** In lexical order. */
  readonly sortedTags: readonly string[];
}

/**
 * One repository: an OCI layout folder of its own, whose `index.json` lists every manifest, tagged or not. The folder
 * is the truth; what is kept in memory follows from one state of `index.json` and goes with it.
 */
export class RepositoryStore {
  readonly blobs: BlobFolder;
  readonly #directory: string;
  readonly #index: IndexFile;
  readonly #content: Content;
  readonly #views = new WeakMap<readonly IndexFileEntry[], View>();
  readonly #cache: ManifestCache;

  constructor(name: string, directory: string, cache: ManifestCache) {
    this.#cache = cache;
    this.#directory = directory;
    this.blobs = new BlobFolder(directory);
    this.#index = new IndexFile(directory);
    this.#content = {
      name,
      entries: async () => (await this.#index.entries()).map(toDescriptor),
      size: (digest) => this.blobs.size(digest),
      read: (digest) => this.blobs.read(digest),
    };
  }

  /** Makes the folder a layout that other tools can read, from its first blob on. */
  async create(): Promise<void> {
    await makeFolders(join(this.#directory, 'blobs', 'sha256'));
    await writeFile(join(this.#directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}', {
      flag: 'wx',
    }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    await this.#index.update((entries) => entries);
  }

  /** The manifest a tag or digest means. */
  async find(reference: string): Promise<Found | undefined> {
    const view = await this.#view();
    if (!isDigest(reference)) return found(view.tags.get(reference));
    return found(view.manifests.get(reference)) ?? this.#findChild(reference);
  }

  /** Checked when it was read. @throws RegistryError where the file is damaged or gone. */
  async manifest(digest: Digest): Promise<Uint8Array> {
    const cached = this.#cache.document(digest);
    if (cached !== undefined && (await this.blobs.size(digest)) === cached.length) return cached;
    const bytes = await readDocument(this.#content, digest);
    this.#cache.keep(digest, bytes);
    return bytes;
  }

  async tags(): Promise<readonly string[]> {
    return (await this.#view()).sortedTags;
  }

  async referrers(subject: Digest): Promise<readonly Descriptor[]> {
    const descriptors: Descriptor[] = [];
    for await (const { facts } of this.#walk())
      if (facts.referrer?.subject === subject) descriptors.push(facts.referrer.descriptor);
    return descriptors;
  }

  /** Lists a manifest whose content is among the blobs, and moves the tags to it. */
  async list(manifest: Found & { readonly facts: ManifestFacts }, tags: readonly string[]): Promise<void> {
    const { digest, mediaType, size, facts } = manifest;
    this.#cache.facts.set(digest, facts);
    const entry = { mediaType, digest, size };
    await this.#index.update((entries) => {
      const view = this.#viewOf(entries);
      if (tags.length === 0) return withEntry(entries, entry);
      // A retried or repeated push must not rewrite a long index.
      if (tags.every((tag) => view.tags.get(tag)?.digest === digest)) return entries;
      const moved = tags.reduce<readonly IndexFileEntry[]>(
        (list, tag) => withEntry(list, entry, tag),
        entries,
      );
      // What a tag leaves stays, without a name.
      return tags.reduce((list, tag) => withUntagged(list, view.tags.get(tag)), moved);
    });
  }

  /** Takes a tag away; its manifest stays. False where there is none. */
  async untag(tag: string): Promise<boolean> {
    let removed = false;
    await this.#index.update((entries) => {
      const entry = this.#viewOf(entries).tags.get(tag);
      removed = entry !== undefined;
      if (entry === undefined) return entries;
      const rest = entries.filter((other) => refNameOf(other) !== tag);
      return withUntagged(rest, entry);
    });
    return removed;
  }

  /** Removes a manifest and all its tags. False where there is none. */
  async removeManifest(digest: Digest): Promise<boolean> {
    if ((await this.find(digest)) === undefined) return false;
    await this.#index.update((entries) => {
      const rest = entries.filter((entry) => entry.digest !== digest);
      return rest.length === entries.length ? entries : rest;
    });
    await this.blobs.remove(digest);
    return true;
  }

  /** Is this content a manifest here, so that it goes by the manifest endpoints? */
  async isManifest(digest: Digest): Promise<boolean> {
    return (await this.#view()).manifests.has(digest);
  }

  /** Layouts that other tools wrote list the index only; its images are manifests too. */
  async #findChild(digest: Digest): Promise<Found | undefined> {
    const size = await this.blobs.size(digest);
    if (size === undefined) return undefined;
    for await (const { descriptor } of this.#walk())
      if (descriptor.digest === digest) return { digest, size, mediaType: descriptor.mediaType };
    return undefined;
  }

  #walk(): ReturnType<typeof walkManifests> {
    this.#cache.trim();
    return walkManifests(this.#content, { known: this.#cache.facts });
  }

  async #view(): Promise<View> {
    return this.#viewOf(await this.#index.entries());
  }

  #viewOf(entries: readonly IndexFileEntry[]): View {
    const known = this.#views.get(entries);
    if (known !== undefined) return known;
    const tags = new Map<string, IndexFileEntry>();
    for (const entry of entries) {
      const tag = refNameOf(entry);
      if (tag !== undefined && isTag(tag)) tags.set(tag, entry);
    }
    const manifests = new Map(entries.map((entry) => [entry.digest, entry]));
    const view = { tags, manifests, sortedTags: [...tags.keys()].sort(compareTags) };
    this.#views.set(entries, view);
    return view;
  }
}

/** Lists the entry's manifest, if nothing there does any more. */
function withUntagged(
  entries: readonly IndexFileEntry[],
  entry: IndexFileEntry | undefined,
): readonly IndexFileEntry[] {
  if (entry === undefined) return entries;
  const { digest, size, mediaType } = entry;
  return withEntry(entries, { digest, size, mediaType: mediaType ?? '' });
}

function found(entry: IndexFileEntry | undefined): Found | undefined {
  return entry === undefined ? undefined : toDescriptor(entry);
}

/** "Lexical order (i.e. case-insensitive alphanumeric order)", says distribution-spec; spellings decide a tie. */
export function compareTags(left: string, right: string): number {
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  if (a !== b) return a < b ? -1 : 1;
  return compareText(left, right);
}
