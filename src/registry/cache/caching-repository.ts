import { type Clock, systemClock } from '../../core/index.ts';
import {
  acceptedManifestTypes,
  type Descriptor,
  type Digest,
  isDigest,
  parseManifest,
} from '../../oci/index.ts';
import type { IdentityOf } from '../credentials/identity.ts';
import { RegistryError } from '../errors.ts';
import type { CallOptions, FetchedManifest, Repository, ResolvedManifest } from '../types.ts';
import { isMediaType } from './content.ts';
import { maxEntryBytes } from './pack-format.ts';
import type { RegistryCache } from './registry-cache.ts';
import { collect } from './small-blob.ts';
import type { TagKey } from './tag-answers.ts';
import type { TagAnswer } from './tag-journal.ts';

/** How long a tag's answer is worth a HEAD: a day. */
export const defaultTagWindowMs = 24 * 60 * 60 * 1000;
/** Clocks of machines that share a cache differ. */
const clockSkewMs = 5 * 60 * 1000;

export interface CachingOptions {
  readonly registry: string;
  readonly repository: string;
  /** Under which identity the repository is asked; answers about tags are kept apart by it. */
  readonly identity: IdentityOf;
  /** Answer from the cache only; what it doesn't hold is a RegistryError `offline`. */
  readonly offline?: boolean;
  /** Milliseconds. */
  readonly tagWindowMs?: number;
  readonly clock?: Clock;
}

/**
 * A repository that asks for nothing twice. Content is known by its digest for good. A tag seen within the window costs a
 * HEAD, which registries don't count as a pull, and a GET only where it has moved; any other tag costs one GET. Blobs up
 * to 4 MiB are kept too, larger ones pass through. It does not see tags that others move during the run.
 */
export function cachingRepository(
  inner: Repository,
  cache: RegistryCache,
  options: CachingOptions,
): Repository {
  return new CachingRepository(inner, cache, options);
}

class CachingRepository implements Repository {
  readonly name: string;
  readonly #inner: Repository;
  readonly #cache: RegistryCache;
  readonly #options: CachingOptions;
  readonly #clock: Clock;

  constructor(inner: Repository, cache: RegistryCache, options: CachingOptions) {
    this.name = inner.name;
    this.#inner = inner;
    this.#cache = cache;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async resolve(target: string, options: CallOptions = {}): Promise<ResolvedManifest | undefined> {
    if (!isDigest(target)) return this.#resolveTag(target, options);
    const held = this.#held(target);
    if (held) return { digest: target, mediaType: held.mediaType, size: held.bytes.length };
    this.#refuseOffline(target);
    return this.#head(target, await this.#identity(options), options);
  }

  async manifest(target: string, options: CallOptions = {}): Promise<FetchedManifest> {
    if (isDigest(target)) {
      const held = this.#held(target);
      if (held) return held;
      this.#refuseOffline(target);
      return this.#get(target, await this.#identity(options), options);
    }
    const key = await this.#tagKey(target, options);
    if (this.#options.offline) return this.#offlineTag(key);
    return this.#cache.flights.manifests.run(
      this.#flight(target, key.identity),
      (signal) => this.#askTag(key, { signal }),
      options.signal,
    );
  }

  async *blob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    options: CallOptions = {},
  ): AsyncIterable<Uint8Array> {
    if (descriptor.size > maxEntryBytes) {
      this.#refuseOffline(descriptor.digest);
      yield* this.#inner.blob(descriptor, options);
      return;
    }
    const bytes = await this.#smallBlob(descriptor, options);
    if (bytes.length > 0) yield bytes;
  }

  async *tags(options: CallOptions = {}): AsyncIterable<string> {
    this.#refuseOffline('the list of its tags');
    yield* this.#inner.tags(options);
  }

  async referrers(
    digest: Digest,
    options: CallOptions & { readonly artifactType?: string } = {},
  ): Promise<readonly Descriptor[]> {
    this.#refuseOffline(`the referrers of ${digest}`);
    return this.#inner.referrers(digest, options);
  }

  async #resolveTag(tag: string, options: CallOptions): Promise<ResolvedManifest | undefined> {
    const key = await this.#tagKey(tag, options);
    const seen = this.#options.offline ? await this.#cache.tags.get(key) : this.#cache.tags.inThisRun(key);
    if (seen) return { digest: seen.digest, ...(seen.mediaType === '' ? {} : { mediaType: seen.mediaType }) };
    this.#refuseOffline(`the tag ${tag}`);
    const resolved = await this.#head(tag, key.identity, options);
    if (resolved) await this.#remember(key, resolved);
    return resolved;
  }

  /** One tag, asked for the first time in this run or again. */
  async #askTag(key: TagKey, options: CallOptions): Promise<FetchedManifest> {
    const { tags } = this.#cache;
    const seen = tags.inThisRun(key) ?? (await this.#confirm(key, await tags.get(key), options));
    if (seen) {
      const found = await this.#byDigest(seen.digest, key.identity, options);
      if (found) return found;
    }
    const fetched = await this.#inner.manifest(key.tag, options);
    this.#keep(fetched);
    await this.#remember(key, fetched);
    return fetched;
  }

  /** What the tag is now, by a HEAD; undefined where a HEAD isn't worth it or says nothing. */
  async #confirm(
    key: TagKey,
    known: TagAnswer | undefined,
    options: CallOptions,
  ): Promise<ResolvedManifest | undefined> {
    if (!known || !this.#isLive(known) || !this.#held(known.digest)) return undefined;
    try {
      const resolved = await this.#head(key.tag, key.identity, options);
      if (resolved) await this.#remember(key, resolved);
      return resolved;
    } catch (error) {
      if (error instanceof RegistryError && error.reason === 'unsupported') return undefined;
      throw error;
    }
  }

  /** Undefined where the registry announced a digest that it then doesn't have: the tag moved on, or it errs. */
  async #byDigest(
    digest: Digest,
    identity: string,
    options: CallOptions,
  ): Promise<FetchedManifest | undefined> {
    const held = this.#held(digest);
    if (held) return held;
    try {
      return await this.#get(digest, identity, options);
    } catch (error) {
      if (error instanceof RegistryError && error.reason === 'not-found') return undefined;
      throw error;
    }
  }

  #get(digest: Digest, identity: string, { signal }: CallOptions): Promise<FetchedManifest> {
    const ask = async (shared: AbortSignal): Promise<FetchedManifest> => {
      const held = this.#held(digest);
      if (held) return held;
      const fetched = await this.#inner.manifest(digest, { signal: shared });
      this.#keep(fetched);
      return fetched;
    };
    return this.#cache.flights.manifests.run(this.#flight(digest, identity), ask, signal);
  }

  #head(target: string, identity: string, { signal }: CallOptions): Promise<ResolvedManifest | undefined> {
    return this.#cache.flights.heads.run(
      this.#flight(target, identity),
      (shared) => this.#inner.resolve(target, { signal: shared }),
      signal,
    );
  }

  async #offlineTag(key: TagKey): Promise<FetchedManifest> {
    const known = await this.#cache.tags.get(key);
    if (!known) throw this.#miss(`the tag ${key.tag}`);
    const held = this.#held(known.digest);
    if (!held) throw this.#miss(known.digest);
    return { ...held, seenAt: known.seenAt };
  }

  #keep({ digest, bytes, mediaType }: FetchedManifest): void {
    this.#cache.content.put(digest, { bytes, mediaType: manifestType(bytes, mediaType) });
  }

  /** A manifest in the cache. Content of that digest that is no manifest is for the registry to judge. */
  #held(digest: Digest): FetchedManifest | undefined {
    const content = this.#cache.content.get(digest);
    return content && content.mediaType !== '' ? { digest, ...content } : undefined;
  }

  async #smallBlob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    options: CallOptions,
  ): Promise<Uint8Array> {
    const { digest, size } = descriptor;
    const { content, flights } = this.#cache;
    const held = content.get(digest)?.bytes;
    // Another size than the descriptor's is for the repository to refuse.
    if (held?.length === size) return held;
    this.#refuseOffline(digest);
    const ask = async (signal: AbortSignal): Promise<Uint8Array> => {
      const meanwhile = content.get(digest)?.bytes;
      if (meanwhile?.length === size) return meanwhile;
      const bytes = await collect(this.#inner, descriptor, { signal });
      content.put(digest, { bytes, mediaType: '' });
      return bytes;
    };
    const identity = await this.#identity(options);
    return flights.blobs.run(this.#flight(`${digest} ${size}`, identity), ask, options.signal);
  }

  async #remember(key: TagKey, { digest, mediaType = '' }: ResolvedManifest): Promise<void> {
    await this.#cache.tags.record(key, { digest, mediaType, seenAt: this.#clock.now() });
  }

  #isLive(answer: TagAnswer): boolean {
    const age = this.#clock.now() - answer.seenAt;
    return age > -clockSkewMs && age < (this.#options.tagWindowMs ?? defaultTagWindowMs);
  }

  #identity(options: CallOptions): Promise<string> {
    return this.#options.identity(this.#options.registry, this.#options.repository, options);
  }

  async #tagKey(tag: string, options: CallOptions): Promise<TagKey> {
    const { registry, repository } = this.#options;
    return { registry, repository, tag, identity: await this.#identity(options) };
  }

  #flight(target: string, identity: string): string {
    return [this.#options.registry, this.#options.repository, identity, target].join('\n');
  }

  #refuseOffline(what: string): void {
    if (this.#options.offline) throw this.#miss(what);
  }

  #miss(what: string): RegistryError {
    const { registry: host, repository } = this.#options;
    return new RegistryError(
      'offline',
      `${what} of ${this.name} is not in the cache, and offline nothing is asked for`,
      { host, repository },
      { hint: 'Run once without --offline, with the same cache directory and credentials.' },
    );
  }
}

/**
 * The media type to keep a manifest under; empty for what is none. One that the registry and the document agree on needs
 * no parsing: what else is wrong with it is found by whoever reads it, now as from the cache.
 */
function manifestType(bytes: Uint8Array, contentType: string): string {
  if (acceptedManifestTypes.includes(contentType) && says(bytes, contentType)) return contentType;
  try {
    const { mediaType } = parseManifest(bytes, contentType);
    return isMediaType(mediaType) ? mediaType : '';
  } catch {
    return '';
  }
}

function says(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(`"${text}"`);
}
