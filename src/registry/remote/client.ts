import { type Clock, type EventSink, systemClock } from '../../core/index.ts';
import type { Descriptor, Digest } from '../../oci/index.ts';
import { Engine } from '../http/engine.ts';
import type { HostConfigs } from '../http/host-config.ts';
import { defaultLimits, type Limits } from '../http/limits.ts';
import type { Environment } from '../http/proxy.ts';
import type { HostStatistics } from '../http/statistics.ts';
import type {
  BlobSource,
  CallOptions,
  CredentialStore,
  FetchedManifest,
  Quota,
  ResolvedManifest,
  WritableRepository,
} from '../types.ts';
import { Access } from './access.ts';
import { readBlob } from './blobs.ts';
import { fetchManifest, resolveManifest } from './manifests.ts';
import { type Name, nameOf } from './name.ts';
import { type ManifestContent, putManifest } from './put-manifest.ts';
import { listReferrers, type ReferrersOptions } from './referrers.ts';
import { listTags } from './tags.ts';
import { hasBlob, type PutBlobOptions, putBlob } from './uploads.ts';

export interface RegistryClientOptions {
  /** Absent: everything is asked anonymously. */
  readonly credentials?: CredentialStore;
  /** What is configured for a host; `{}` for nothing. */
  readonly hosts?: HostConfigs;
  /** HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE and NODE_EXTRA_CA_CERTS are read. Absent: none. */
  readonly environment?: Environment;
  /** Certificates (PEM) trusted for every host besides the usual ones. */
  readonly ca?: readonly string[];
  readonly clock?: Clock;
  /** A number from 0 up to 1, for the jitter of back-offs. */
  readonly random?: () => number;
  readonly onEvent?: EventSink;
  readonly userAgent?: string;
  readonly limits?: Partial<Limits>;
}

/** Registries, spoken to by the OCI distribution specification 1.1. */
export interface RegistryClient {
  repository(name: Name): WritableRepository;
  /** The request quota that a registry last announced; `undefined` where it announced none. */
  quota(registry: string): Quota | undefined;
  /** Requests sent so far, retries, redirects and tokens included, by host. */
  statistics(): readonly HostStatistics[];
  /** Ends all connections; what is in flight ends with an AbortError. */
  close(): Promise<void>;
}

const nobody: CredentialStore = { lookup: () => Promise.resolve(undefined) };

/** A client that shares connections, tokens and back-offs between all its repositories. Close it when done. */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const engine = new Engine({
    limits: { ...defaultLimits, ...options.limits },
    environment: options.environment ?? {},
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    onEvent: options.onEvent ?? (() => undefined),
    userAgent: options.userAgent ?? 'armload',
    ca: options.ca ?? [],
  });
  const parts = { engine, credentials: options.credentials ?? nobody, hosts: options.hosts ?? (() => ({})) };
  const registries = new Map<string, Access>();
  return {
    repository(name) {
      const access = registries.get(name.registry) ?? new Access(name.registry, parts);
      registries.set(name.registry, access);
      return new RemoteRepository(access, name);
    },
    quota: (registry) => engine.quota(registry),
    statistics: () => engine.statistics(),
    close: () => engine.close(),
  };
}

/** One repository of a registry. */
class RemoteRepository implements WritableRepository {
  readonly name: string;
  readonly #access: Access;
  readonly #name: Name;

  constructor(access: Access, name: Name) {
    this.name = nameOf(name);
    this.#access = access;
    this.#name = name;
  }

  resolve(target: string, options?: CallOptions): Promise<ResolvedManifest | undefined> {
    return resolveManifest(this.#access, this.#name, target, options);
  }

  manifest(target: string, options?: CallOptions): Promise<FetchedManifest> {
    return fetchManifest(this.#access, this.#name, target, options);
  }

  blob(descriptor: Pick<Descriptor, 'digest' | 'size'>, options?: CallOptions): AsyncIterable<Uint8Array> {
    return readBlob(this.#access, this.#name, descriptor, options);
  }

  tags(options?: CallOptions): AsyncIterable<string> {
    return listTags(this.#access, this.#name, options);
  }

  referrers(digest: Digest, options?: ReferrersOptions): Promise<readonly Descriptor[]> {
    return listReferrers(this.#access, this.#name, digest, options);
  }

  hasBlob(descriptor: Pick<Descriptor, 'digest' | 'size'>, options?: CallOptions): Promise<boolean> {
    return hasBlob(this.#access, this.#name, descriptor, options);
  }

  putBlob(
    descriptor: Pick<Descriptor, 'digest' | 'size'>,
    source: BlobSource,
    options: PutBlobOptions = {},
  ): Promise<'uploaded' | 'mounted' | 'exists'> {
    return putBlob(this.#access, this.#name, descriptor, { ...options, source });
  }

  putManifest(manifest: ManifestContent, options?: CallOptions & { readonly tag?: string }): Promise<Digest> {
    return putManifest(this.#access, this.#name, manifest, options);
  }
}
