import * as z from 'zod';
import { type Clock, messageOf } from '../../../../core/index.ts';
import { type Fetch, FetchError, persistent } from '../../../fetch/index.ts';
import type { RegistryChoice } from '../configuration/index.ts';
import { NodeError } from '../errors.ts';
import type { NodeLimits } from '../limits.ts';
import { manifestSchema, parseJson } from '../manifest.ts';

const recordSchema = manifestSchema.extend({
  dist: z.object({
    tarball: z.string().max(4096),
    integrity: z.string().max(4096).optional(),
    shasum: z.string().max(100).optional(),
  }),
});

/** What a registry says of one version of a package. */
export interface VersionRecord extends z.output<typeof recordSchema> {
  /** All of it, as it was written. */
  readonly written: Readonly<Record<string, unknown>>;
}

export interface RegistryParts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly limits: NodeLimits;
  readonly signal: AbortSignal | undefined;
}

/** Asks registries about versions of packages, each once. */
export class Registry {
  readonly #parts: RegistryParts;
  readonly #known = new Map<string, Promise<VersionRecord>>();

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  /** @throws NodeError `NODE_NOT_FOUND`, `NODE_METADATA`, `NODE_UNREACHABLE`, `NODE_LIMIT`; the signal's reason. */
  version(name: string, version: string, { url }: RegistryChoice): Promise<VersionRecord> {
    const key = `${url} ${name}@${version}`;
    const known = this.#known.get(key) ?? this.#ask(name, version, url);
    this.#known.set(key, known);
    return known;
  }

  async #ask(name: string, version: string, registry: string): Promise<VersionRecord> {
    const address = `${registry}${name.replace('/', '%2f')}`;
    const { recordBytes, packumentBytes } = this.#parts.limits;
    const direct = await this.#document(`${address}/${encodeURIComponent(version)}`, recordBytes);
    if (direct !== undefined) return recordOf(direct, name, version);
    // Some registries know packages as a whole alone.
    const all = await this.#document(address, packumentBytes);
    const versions = z.object({ versions: z.record(z.string(), z.unknown()) }).safeParse(all);
    const found = versions.success ? versions.data.versions[version] : undefined;
    if (found !== undefined) return recordOf(found, name, version);
    throw new NodeError('NODE_NOT_FOUND', `the registry has no ${name} ${version}`);
  }

  /** `undefined` where the registry says that there's no such thing, or no such question. */
  async #document(url: string, limit: number): Promise<unknown> {
    const { fetch, clock, signal, limits } = this.#parts;
    try {
      return await persistent((either) => this.#read(fetch, { url, limit, signal: either }), {
        ...{ clock, signal, isPassing, time: limits.questionTime },
        timedOut: () => timedOut(url, limits.questionTime),
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (isUnknownQuestion(error)) return undefined;
      throw asNodeError(error);
    }
  }

  async #read(
    fetch: Fetch,
    { url, limit, signal }: { readonly url: string; readonly limit: number; readonly signal: AbortSignal },
  ): Promise<unknown> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of await fetch(url, { signal })) {
      size += chunk.length;
      if (size > limit)
        throw new NodeError('NODE_LIMIT', `GET ${url} gives more than ${limit} bytes, the limit`);
      chunks.push(Uint8Array.from(chunk));
    }
    const document = parseJson(Buffer.concat(chunks), limit);
    if (document !== undefined) return document;
    throw new NodeError('NODE_METADATA', `GET ${url} gives no JSON`);
  }
}

function recordOf(document: unknown, name: string, version: string): VersionRecord {
  const parsed = recordSchema.safeParse(document);
  if (!parsed.success)
    throw new NodeError('NODE_METADATA', `what the registry says of ${name} ${version} makes no sense`);
  if (parsed.data.name !== name || parsed.data.version !== version)
    throw new NodeError(
      'NODE_METADATA',
      `the registry was asked for ${name} ${version}, and speaks of ${parsed.data.name} ${parsed.data.version}`,
    );
  return { ...parsed.data, written: document as VersionRecord['written'] };
}

function isUnknownQuestion(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false;
  return error.code === 'FETCH_NOT_FOUND' || [400, 405, 501].includes(Number(error.facts['status']));
}

export function isPassing(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false;
  const status = error.facts['status'];
  if (typeof status === 'number') return status >= 500 || status === 429;
  return error.code !== 'FETCH_NOT_FOUND' && error.facts['redirect'] === undefined;
}

export function timedOut(url: string, time: number): FetchError {
  return new FetchError('FETCH_TIMEOUT', `GET ${url} was not done after ${time / 1000} seconds`);
}

/** What went wrong on the way to a registry. */
export function asNodeError(error: unknown): unknown {
  if (!(error instanceof FetchError)) return error;
  const code = error.code === 'FETCH_NOT_FOUND' ? 'NODE_NOT_FOUND' : 'NODE_UNREACHABLE';
  return new NodeError(code, messageOf(error), { cause: error, facts: error.facts });
}
