import * as z from 'zod';
import { redact } from '../../../core/index.ts';
import type { FileStore, StoredFile } from '../../fetch/index.ts';
import { isVersion } from './documents.ts';
import { DotnetError } from './errors.ts';
import type { DotnetLimits } from './limits.ts';

const indexSchema = z.object({
  resources: z.array(z.object({ '@id': z.string(), '@type': z.string() })).max(1000),
});
const versionsSchema = z.object({ versions: z.array(z.string()).max(100_000) });
const leafSchema = z.object({ catalogEntry: z.union([z.string(), z.object({ '@id': z.string() })]) });
const entrySchema = z.object({ packageHash: z.string(), packageHashAlgorithm: z.string() });

export interface FetchedPackage extends StoredFile {
  readonly url: string;
}

/** A NuGet source (NuGet Server API, version 3). */
export class NugetSource {
  readonly #url: string;
  readonly #store: FileStore;
  readonly #limits: DotnetLimits;
  #resources: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(url: string, store: FileStore, limits: DotnetLimits) {
    this.#url = url;
    this.#store = store;
    this.#limits = limits;
  }

  get shown(): string {
    return redact(this.#url);
  }

  /** All versions of a package; none where the source has no such package. @throws DotnetError, FetchError, FileError. */
  async versions(name: string): Promise<readonly string[]> {
    const base = await this.#resource('PackageBaseAddress/3.0.0');
    const page = await this.#json(`${base}${name.toLowerCase()}/index.json`, versionsSchema);
    return (page?.versions ?? []).filter(isVersion);
  }

  /**
   * `undefined` where the source has no such package.
   * @throws DotnetError where it says no hash of it; FetchError, FileError, the signal's reason.
   */
  async get(name: string, version: string): Promise<FetchedPackage | undefined> {
    const [id, number] = [name.toLowerCase(), withoutBuild(version).toLowerCase()];
    const registrations = await this.#resource('RegistrationsBaseUrl');
    const leaf = await this.#json(`${registrations}${id}/${number}.json`, leafSchema);
    if (leaf === undefined) return undefined;
    const { catalogEntry } = leaf;
    const entry = typeof catalogEntry === 'string' ? catalogEntry : catalogEntry['@id'];
    const said = await this.#json(this.#own(entry), entrySchema);
    const hex = Buffer.from(said?.packageHash ?? '', 'base64').toString('hex');
    if (said?.packageHashAlgorithm !== 'SHA512' || hex.length !== 128)
      throw new DotnetError('DOTNET_SOURCE', `${this.shown} says no SHA-512 of ${name} ${version}`);
    const base = await this.#resource('PackageBaseAddress/3.0.0');
    const url = `${base}${id}/${number}/${id}.${number}.nupkg`;
    return { url, ...(await this.#store.get(url, { algorithm: 'sha512', hex })) };
  }

  async #resource(type: string): Promise<string> {
    this.#resources ??= this.#readIndex();
    const found = (await this.#resources).get(type);
    if (found === undefined)
      throw new DotnetError('DOTNET_SOURCE', `${this.shown} is no NuGet source of version 3 with ${type}`);
    return found;
  }

  async #readIndex(): Promise<ReadonlyMap<string, string>> {
    const index = await this.#json(this.#url, indexSchema);
    if (index === undefined) throw new DotnetError('DOTNET_SOURCE', `${this.shown} has no index`);
    const resources = new Map<string, string>();
    for (const { '@id': id, '@type': type } of index.resources)
      if (!resources.has(type)) resources.set(type, this.#own(id.endsWith('/') ? id : `${id}/`));
    return resources;
  }

  /** @throws DotnetError for an address that is less safe than the source's own. Its login goes to its own host alone. */
  #own(address: string): string {
    const source = new URL(this.#url);
    const url = URL.canParse(address, source) ? new URL(address, source) : undefined;
    if (url === undefined || (url.protocol !== 'https:' && url.protocol !== source.protocol))
      throw new DotnetError('DOTNET_SOURCE', `${this.shown} leads to ${redact(address)}, which is refused`);
    if (url.host === source.host) {
      url.username = source.username;
      url.password = source.password;
    }
    return url.href;
  }

  async #json<Schema extends z.ZodType>(url: string, schema: Schema): Promise<z.output<Schema> | undefined> {
    const text = await this.#store.text(url, this.#limits.documentBytes);
    if (text === undefined) return undefined;
    try {
      return schema.parse(JSON.parse(text.replace(/^\uFEFF/, '')));
    } catch {
      throw new DotnetError('DOTNET_SOURCE', `GET ${redact(url)} gave no document of a NuGet source`);
    }
  }
}

/** `1.2.3+abc` is the package 1.2.3. */
function withoutBuild(version: string): string {
  return version.split('+')[0] ?? version;
}
