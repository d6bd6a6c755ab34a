import { UsageError } from '../../core/index.ts';
import type { Digest, Reference } from '../../oci/index.ts';
import { cachingRepository } from '../cache/caching-repository.ts';
import { defaultCacheDirectory, memoryCache, openCache } from '../cache/open-cache.ts';
import type { RegistryCache } from '../cache/registry-cache.ts';
import { firstMatch } from '../credentials/chain.ts';
import { openCredentials } from '../credentials/default-store.ts';
import { credentialIdentity, type IdentityOf } from '../credentials/identity.ts';
import { type PullSecret, pullSecretStore } from '../credentials/pull-secrets.ts';
import type { TracedStore } from '../credentials/source.ts';
import { loadHosts } from '../hosts/host-table.ts';
import { formatLocation, type LocalLocation, type Location } from '../location.ts';
import { openLocal } from '../open-local.ts';
import { createRegistryClient, type RegistryClient, type RegistryClientOptions } from '../remote/client.ts';
import type { Repository } from '../types.ts';
import { type Destination, localDestination, remoteDestination } from './destination.ts';
import type { AccessOptions } from './options.ts';
import { type RequestBudget, withinBudget } from './request-budget.ts';

/** An image's repository, and what of it is meant. */
export interface OpenedImage {
  readonly repository: Repository;
  /** The same repository without a cache, unless it's all there is: layers pass through once and are not kept. */
  readonly layers: Pick<Repository, 'name' | 'blob'>;
  /** Which of its images: at least one of tag and digest, and the digest counts. */
  readonly subject: {
    readonly registry?: string;
    readonly repository?: string;
    readonly tag?: string;
    readonly digest?: Digest;
  };
}

/** Opens images of any transport with one cache, one set of connections and one budget of requests. To be closed. */
export interface ImageAccess {
  /**
   * `pullSecrets` are a workload's own credentials, asked before the person's.
   * @throws RegistryError for a layout or archive that can't be opened.
   */
  open(location: Location, pullSecrets?: readonly PullSecret[]): Promise<OpenedImage>;
  /**
   * Opens a place to write to, with the same credentials and settings, but past mirrors and caches: what is decided by
   * what is there now has to be asked of the registry itself.
   * @throws UsageError for a transport that can't be written, or a registry offline; RegistryError for a layout or
   * archive that can't be read.
   */
  openWritable(location: Location): Promise<Destination>;
  close(): Promise<void>;
}

/** @throws UsageError for a cache directory, credentials file or certificate that can't be used. */
export async function openAccess(options: AccessOptions): Promise<ImageAccess> {
  const { environment = process.env, onEvent, signal } = options;
  const emit = onEvent === undefined ? {} : { emit: onEvent };
  const cache = await openAccessCache(options);
  const credentials = await openCredentials({
    environment,
    ...emit,
    ...(environment['HOME'] === undefined ? {} : { home: environment['HOME'] }),
    ...(options.authFile === undefined ? {} : { authFile: options.authFile }),
    ...(signal === undefined ? {} : { signal }),
  });
  return new Access({ options, cache, credentials, clientOptions: await clientOptionsOf(options) });
}

function openAccessCache(options: AccessOptions): Promise<RegistryCache> {
  const emit = options.onEvent === undefined ? {} : { emit: options.onEvent };
  if (options.noCache) return Promise.resolve(memoryCache(emit));
  if (options.cacheDirectory !== undefined)
    return openCache(options.cacheDirectory, { required: true, ...emit });
  return openCache(defaultCacheDirectory(options.environment), emit);
}

async function clientOptionsOf(options: AccessOptions): Promise<RegistryClientOptions> {
  const { environment = process.env, concurrency, timeoutSeconds, clock, onEvent } = options;
  const configured = await loadHosts(
    options.registries ?? {},
    options.configDirectory === undefined ? {} : { baseDirectory: options.configDirectory },
  );
  const patience = (timeoutSeconds ?? 0) * 1000;
  return {
    hosts: (registry) => ({
      ...(concurrency === undefined ? {} : { maxConcurrency: concurrency }),
      ...configured(registry),
    }),
    environment,
    ...(clock === undefined ? {} : { clock }),
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(timeoutSeconds === undefined
      ? {}
      : { limits: { requestTimeout: patience, headTimeout: patience, maxWait: patience } }),
  };
}

/** One client for each set of pull secrets, because tokens and answers of one identity are not another's. */
interface Asker {
  readonly client: RegistryClient;
  readonly identity: IdentityOf;
}

interface Parts {
  readonly options: AccessOptions;
  readonly cache: RegistryCache;
  readonly credentials: TracedStore;
  readonly clientOptions: RegistryClientOptions;
}

class Access implements ImageAccess {
  readonly #parts: Parts;
  readonly #budget: RequestBudget;
  readonly #askers = new Map<string, Asker>();
  readonly #opened: { close?(): Promise<void> }[] = [];
  #writer: RegistryClient | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#budget = { left: parts.options.maxRequests ?? Number.POSITIVE_INFINITY };
  }

  async open(location: Location, pullSecrets: readonly PullSecret[] = []): Promise<OpenedImage> {
    return location.transport === 'registry'
      ? this.#remote(location.reference, pullSecrets)
      : this.#local(location);
  }

  async openWritable(location: Location): Promise<Destination> {
    const { cwd = process.cwd(), signal, offline = false } = this.#parts.options;
    if (location.transport !== 'registry') {
      const local = await localDestination(location, { cwd, ...(signal === undefined ? {} : { signal }) });
      this.#opened.push(local);
      return local;
    }
    if (offline)
      throw new UsageError('USAGE', `${formatLocation(location)} can't be written offline`, {
        hint: 'Leave --offline out, or write to an oci: folder or an oci-archive: file.',
      });
    const { registry, repository } = location.reference;
    return remoteDestination(this.#writing().repository({ registry, repository }), location.reference);
  }

  async close(): Promise<void> {
    await this.#parts.cache.close();
    const clients = [...this.#askers.values()].map(({ client }) => client);
    for (const client of [...clients, ...(this.#writer === undefined ? [] : [this.#writer])]) {
      for (const { host, requests } of client.statistics()) {
        this.#parts.options.onEvent?.({ type: 'debug', message: `${host}: ${requests} requests` });
      }
      await client.close();
    }
    for (const opened of this.#opened) await opened.close?.();
  }

  #remote(subject: Reference, pullSecrets: readonly PullSecret[]): OpenedImage {
    const { registry, repository } = subject;
    const { client, identity } = this.#asker(pullSecrets);
    const remote = withinBudget(client.repository({ registry, repository }), this.#budget);
    const { offline = false } = this.#parts.options;
    const cached = cachingRepository(remote, this.#parts.cache, { registry, repository, identity, offline });
    return { subject, repository: cached, layers: offline ? cached : remote };
  }

  async #local(location: LocalLocation): Promise<OpenedImage> {
    const { cwd = process.cwd(), signal } = this.#parts.options;
    const opened = await openLocal(location, { cwd, ...(signal === undefined ? {} : { signal }) });
    this.#opened.push(opened);
    const { tag, digest } = location;
    const named = digest === undefined && tag === undefined ? await opened.onlyManifest() : digest;
    return {
      repository: opened,
      layers: opened,
      subject: named === undefined ? { ...(tag === undefined ? {} : { tag }) } : { digest: named },
    };
  }

  #writing(): RegistryClient {
    const { clientOptions, credentials } = this.#parts;
    const { hosts = () => ({}), ...rest } = clientOptions;
    this.#writer ??= createRegistryClient({
      ...rest,
      credentials,
      hosts: (registry) => ({ ...hosts(registry), mirrors: [] }),
    });
    return this.#writer;
  }

  #asker(secrets: readonly PullSecret[]): Asker {
    const name = JSON.stringify(secrets);
    const known = this.#askers.get(name);
    if (known !== undefined) return known;
    const own = this.#parts.credentials;
    const credentials = secrets.length === 0 ? own : firstMatch([pullSecretStore(secrets), own]);
    const asker = {
      client: createRegistryClient({ ...this.#parts.clientOptions, credentials }),
      identity: credentialIdentity(credentials),
    };
    this.#askers.set(name, asker);
    return asker;
  }
}
