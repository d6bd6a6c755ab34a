import { type Descriptor, type Digest, DigestChecker, isDigest, parseManifest } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import type { CallOptions, FetchedManifest, Repository, ResolvedManifest } from '../types.ts';
import { believed, type Content, localError, readDocument } from './content.ts';
import { entryNames, findEntry, findOnlyEntry } from './find-entry.ts';
import { type StoredManifest, walkManifests } from './referrers.ts';

/** A repository in a folder or file, where a location may leave the tag out. */
export interface LocalRepository extends Repository {
  /** The digest of the only top-level manifest. @throws RegistryError `not-found` where there are none or several. */
  onlyManifest(options?: CallOptions): Promise<Digest>;
}

/** Reads any Content as a Repository: names resolved, every byte checked. */
export class StoredRepository implements LocalRepository {
  readonly #content: Content;

  constructor(content: Content) {
    this.#content = content;
  }

  get name(): string {
    return this.#content.name;
  }

  async onlyManifest(options: CallOptions = {}): Promise<Digest> {
    const entries = await this.#content.entries(options);
    const several = new Set(entries.map((entry) => entry.digest)).size > 1;
    return findOnlyEntry(this.name, several ? await this.#withoutReferrers(entries, options) : entries)
      .digest;
  }

  async resolve(target: string, options: CallOptions = {}): Promise<ResolvedManifest> {
    const { digest, mediaType } = await this.#find(target, options);
    const size = await this.#content.size(digest, options);
    if (size === undefined) throw this.#missing(digest);
    return { digest, size, ...(mediaType === '' ? {} : { mediaType }) };
  }

  async manifest(target: string, options: CallOptions = {}): Promise<FetchedManifest> {
    const { digest, mediaType } = await this.#find(target, options);
    const bytes = await readDocument(this.#content, digest, options);
    // Without an entry, only the content itself says what it is, and a layer asked for by digest is found out.
    if (mediaType !== '') return { mediaType, digest, bytes };
    const parsed = await believed(this.name, `reading the manifest ${digest}`, () =>
      Promise.resolve().then(() => parseManifest(bytes)),
    );
    return { mediaType: parsed.mediaType, digest, bytes };
  }

  async *blob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    options: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { digest, size } = descriptor;
    if ((await this.#content.size(digest, options)) === undefined) throw this.#missing(digest);
    try {
      const checker = new DigestChecker(digest, size);
      for await (const chunk of this.#content.read(digest, options)) {
        options.signal?.throwIfAborted();
        checker.update(chunk);
        yield chunk;
      }
      checker.finish();
    } catch (error) {
      throw localError(this.name, `reading ${digest}`, error);
    }
  }

  async *tags(options: CallOptions = {}): AsyncGenerator<string, void, undefined> {
    yield* entryNames(await this.#content.entries(options));
  }

  async referrers(
    digest: Digest,
    options: CallOptions & { readonly artifactType?: string } = {},
  ): Promise<readonly Descriptor[]> {
    const found: Descriptor[] = [];
    for await (const stored of this.#manifests(options)) {
      const { referrer } = stored.facts;
      if (referrer?.subject !== digest) continue;
      if (options.artifactType !== undefined && referrer.descriptor.artifactType !== options.artifactType)
        continue;
      found.push(referrer.descriptor);
    }
    return found;
  }

  /** Signatures and the like stand beside the image they speak of, and are not what a bare location means. */
  async #withoutReferrers(
    entries: readonly Descriptor[],
    options: CallOptions,
  ): Promise<readonly Descriptor[]> {
    const referrers = new Set<Digest>();
    for await (const stored of this.#manifests(options))
      if (stored.facts.referrer !== undefined) referrers.add(stored.descriptor.digest);
    return entries.filter((entry) => !referrers.has(entry.digest));
  }

  async *#manifests(options: CallOptions): AsyncGenerator<StoredManifest, void, undefined> {
    try {
      yield* walkManifests(this.#content, options);
    } catch (error) {
      throw localError(this.name, 'reading the manifests', error);
    }
  }

  async #find(target: string, options: CallOptions): Promise<{ digest: Digest; mediaType: string }> {
    const entries = await this.#content.entries(options);
    if (!isDigest(target)) return findEntry(this.name, entries, target);
    return entries.find((entry) => entry.digest === target) ?? { digest: target, mediaType: '' };
  }

  #missing(digest: Digest): RegistryError {
    return new RegistryError('not-found', `${this.name} has no ${digest}`, { repository: this.name });
  }
}
