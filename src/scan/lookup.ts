import type { Inventory } from '../inventory/index.ts';
import type { Subject } from '../readiness/index.ts';
import {
  cachingRepository,
  createRegistryClient,
  credentialIdentity,
  defaultCacheDirectory,
  firstMatch,
  type IdentityOf,
  type LocalLocation,
  loadHosts,
  memoryCache,
  openCache,
  openCredentials,
  openLocal,
  pullSecretStore,
  type RegistryCache,
  type RegistryClient,
  type RegistryClientOptions,
  type Repository,
  type TracedStore,
} from '../registry/index.ts';
import type { ImageGroup } from './group.ts';
import type { ScanOptions } from './options.ts';
import { type RequestBudget, withinBudget } from './request-budget.ts';

/** What a judgement needs of one group. */
export interface Question {
  readonly subject: Subject;
  readonly repository: Repository;
}

interface Asker {
  readonly client: RegistryClient;
  readonly identity: IdentityOf;
}

/**
 * Everything a scan asks registries with: one cache and one request budget for all, one client for each set of pull
 * secrets, because tokens and answers of one identity are not another's.
 */
export class Lookup {
  readonly #options: ScanOptions;
  readonly #secrets: Inventory['pullSecrets'];
  readonly #cache: RegistryCache;
  readonly #credentials: TracedStore;
  readonly #clientOptions: RegistryClientOptions;
  readonly #budget: RequestBudget;
  readonly #askers = new Map<string, Asker>();
  readonly #opened: { close?(): Promise<void> }[] = [];

  private constructor(parts: {
    options: ScanOptions;
    secrets: Inventory['pullSecrets'];
    cache: RegistryCache;
    credentials: TracedStore;
    clientOptions: RegistryClientOptions;
  }) {
    this.#options = parts.options;
    this.#secrets = parts.secrets;
    this.#cache = parts.cache;
    this.#credentials = parts.credentials;
    this.#clientOptions = parts.clientOptions;
    this.#budget = { left: parts.options.maxRequests ?? Number.POSITIVE_INFINITY };
  }

  /** @throws UsageError for a cache directory, credentials file or certificate that can't be used. */
  static async open(options: ScanOptions, secrets: Inventory['pullSecrets']): Promise<Lookup> {
    const { environment = process.env, onEvent, signal } = options;
    const emit = onEvent === undefined ? {} : { emit: onEvent };
    const cache = await openScanCache(options);
    const credentials = await openCredentials({
      environment,
      ...emit,
      ...(environment['HOME'] === undefined ? {} : { home: environment['HOME'] }),
      ...(options.authFile === undefined ? {} : { authFile: options.authFile }),
      ...(signal === undefined ? {} : { signal }),
    });
    const configured = await loadHosts(
      options.registries ?? {},
      options.configDirectory === undefined ? {} : { baseDirectory: options.configDirectory },
    );
    const { concurrency, timeoutSeconds } = options;
    const clientOptions: RegistryClientOptions = {
      hosts: (registry) => ({
        ...(concurrency === undefined ? {} : { maxConcurrency: concurrency }),
        ...configured(registry),
      }),
      environment,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(onEvent === undefined ? {} : { onEvent }),
      ...(timeoutSeconds === undefined
        ? {}
        : {
            limits: {
              requestTimeout: timeoutSeconds * 1000,
              headTimeout: timeoutSeconds * 1000,
              maxWait: timeoutSeconds * 1000,
            },
          }),
    };
    return new Lookup({ options, secrets, cache, credentials, clientOptions });
  }

  /** @throws RegistryError for a layout or archive that can't be opened. */
  async question(group: ImageGroup): Promise<Question | undefined> {
    if (group.location !== undefined) return this.#local(group.location);
    if (group.reference === undefined) return undefined;
    const { registry, repository } = group.reference;
    const { client, identity } = this.#asker(group.pullSecrets);
    const remote = withinBudget(client.repository({ registry, repository }), this.#budget);
    const offline = this.#options.offline ?? false;
    return {
      subject: group.reference,
      repository: cachingRepository(remote, this.#cache, { registry, repository, identity, offline }),
    };
  }

  async close(): Promise<void> {
    await this.#cache.close();
    for (const { client } of this.#askers.values()) {
      for (const { host, requests } of client.statistics()) {
        this.#options.onEvent?.({ type: 'debug', message: `${host}: ${requests} requests` });
      }
      await client.close();
    }
    for (const opened of this.#opened) await opened.close?.();
  }

  async #local(location: LocalLocation): Promise<Question> {
    const { signal } = this.#options;
    const opened = await openLocal(location, {
      cwd: this.#options.cwd ?? process.cwd(),
      ...(signal === undefined ? {} : { signal }),
    });
    this.#opened.push(opened);
    const { tag, digest } = location;
    if (digest !== undefined) return { subject: { digest }, repository: opened };
    if (tag !== undefined) return { subject: { tag }, repository: opened };
    return { subject: { digest: await opened.onlyManifest() }, repository: opened };
  }

  #asker(keys: readonly string[]): Asker {
    const name = keys.join('\n');
    const known = this.#askers.get(name);
    if (known !== undefined) return known;
    const secrets = keys.flatMap((key) => this.#secrets?.get(key) ?? []);
    const credentials =
      secrets.length === 0 ? this.#credentials : firstMatch([pullSecretStore(secrets), this.#credentials]);
    const asker = {
      client: createRegistryClient({ ...this.#clientOptions, credentials }),
      identity: credentialIdentity(credentials),
    };
    this.#askers.set(name, asker);
    return asker;
  }
}

function openScanCache(options: ScanOptions): Promise<RegistryCache> {
  const emit = options.onEvent === undefined ? {} : { emit: options.onEvent };
  if (options.noCache) return Promise.resolve(memoryCache(emit));
  if (options.cacheDirectory !== undefined)
    return openCache(options.cacheDirectory, { required: true, ...emit });
  return openCache(defaultCacheDirectory(options.environment), emit);
}
