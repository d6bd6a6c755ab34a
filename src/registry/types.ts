import type { Descriptor, Digest } from '../oci/index.ts';

/** Options of every call that waits. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** A manifest as it came, checked against its digest (the one asked for, or the one announced for a tag). */
export interface FetchedManifest {
  /** The Content-Type, a hint only: see `parseManifest`. */
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  /** When a tag was last seen to be this, milliseconds since the epoch, where a cache answers without asking. */
  readonly seenAt?: number;
}

/** What a HEAD says of a manifest. */
export interface ResolvedManifest {
  readonly digest: Digest;
  readonly mediaType?: string;
  /** Bytes. */
  readonly size?: number;
}

/**
 * A repository one can read: a registry's, an OCI layout's, an archive's. `target` is a tag or a digest.
 * Every call throws RegistryError; everything returned has been checked against its digest and size.
 */
export interface Repository {
  /** For messages: `docker.io/library/nginx`, `oci:./layout`. */
  readonly name: string;
  /** Asks for the digest only. `undefined` where the registry answers a HEAD without a usable digest. */
  resolve(target: string, options?: CallOptions): Promise<ResolvedManifest | undefined>;
  manifest(target: string, options?: CallOptions): Promise<FetchedManifest>;
  /** Streams a blob, checked while it streams: the iteration throws at the end if the content isn't the digest's. */
  blob(descriptor: Pick<Descriptor, 'digest' | 'size'>, options?: CallOptions): AsyncIterable<Uint8Array>;
  tags(options?: CallOptions): AsyncIterable<string>;
  /** Descriptors of the manifests whose `subject` is this digest. */
  referrers(
    digest: Digest,
    options?: CallOptions & { readonly artifactType?: string },
  ): Promise<readonly Descriptor[]>;
}

/** Gives the content afresh at each call, so that an upload can start over. */
export type BlobSource = () => AsyncIterable<Uint8Array>;

/** A repository one can write. All writes are idempotent: what is there already is left alone. */
export interface WritableRepository extends Repository {
  hasBlob(descriptor: Pick<Descriptor, 'digest' | 'size'>, options?: CallOptions): Promise<boolean>;
  /** Uploads unless it's there. `mountFrom` names repositories of the same registry that may hold it. */
  putBlob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    source: BlobSource,
    options?: CallOptions & { readonly mountFrom?: readonly string[] },
  ): Promise<'uploaded' | 'mounted' | 'exists'>;
  /** Puts by digest, or by tag where `tag` is given. Returns the digest of the bytes. */
  putManifest(
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
    options?: CallOptions & { readonly tag?: string },
  ): Promise<Digest>;
}

/** What a registry said of its request quota (Docker Hub's `ratelimit-*` headers). */
export interface Quota {
  readonly limit: number;
  readonly remaining: number;
  readonly windowSeconds: number;
}

/** A user and password, an identity (refresh) token, or a ready bearer token, for one registry. */
export interface Credential {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
  /** Where it was found, for `--verbose`: a file's path, a helper's name. Never secret. */
  readonly source: string;
}

/** Finds credentials. `undefined` means anonymous. */
export interface CredentialStore {
  lookup(
    repository: { readonly registry: string; readonly repository: string },
    options?: CallOptions,
  ): Promise<Credential | undefined>;
}
