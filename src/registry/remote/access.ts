import { isAbort } from '../../core/index.ts';
import { Authorizer } from '../auth/authorizer.ts';
import { RegistryError } from '../errors.ts';
import type { Engine } from '../http/engine.ts';
import { statusFailure } from '../http/failure.ts';
import { type Endpoint, endpointsOf, type HostConfigs } from '../http/host-config.ts';
import type { Headers, HttpAnswer, HttpRequest, RequestBody } from '../http/message.ts';
import type { Hop } from '../http/redirect.ts';
import type { RequestKind } from '../http/statistics.ts';
import type { CredentialStore } from '../types.ts';

/** One call of the distribution API, before it's known which endpoint answers. */
export interface ApiCall {
  readonly method: HttpRequest['method'];
  /** `library/nginx` */
  readonly repository: string;
  /** After the repository's name: `manifests/latest`, or an address that an earlier answer gave. */
  readonly path: string | Hop;
  /** Query without `?`. */
  readonly query?: string | undefined;
  readonly kind: RequestKind;
  readonly what: string;
  readonly headers?: Headers | undefined;
  readonly body?: RequestBody | undefined;
  readonly repeatable?: boolean | undefined;
  readonly maxBytes?: number;
  readonly stream?: boolean | undefined;
  readonly push?: boolean;
  /** Repositories to mount from, which the token must read. */
  readonly alsoPull?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** An answer, with the request that got it, for messages. */
export type ApiAnswer = HttpAnswer;

export interface AccessParts {
  readonly engine: Engine;
  readonly credentials: CredentialStore;
  readonly hosts: HostConfigs;
}

/** The endpoints of one registry, with one authorizer each. */
export class Access {
  readonly registry: string;
  readonly engine: Engine;
  /** Set once the registry turned out to have no referrers API. */
  lacksReferrers = false;
  /** Lists of referrers that this process is writing, with who comes last. */
  readonly listWriters = new Map<string, Promise<void>>();
  readonly #mirrors: readonly EndpointAccess[];
  readonly #home: EndpointAccess;

  constructor(registry: string, parts: AccessParts) {
    this.registry = registry;
    this.engine = parts.engine;
    const all = endpointsOf(registry, parts.hosts).map((endpoint) => new EndpointAccess(endpoint, parts));
    this.#mirrors = all.slice(0, -1);
    this.#home = all.at(-1) as EndpointAccess;
  }

  /** Sends a call to the registry itself. `accept` turns the answer into a value, or throws. */
  async home<Value>(call: ApiCall, accept: (answer: ApiAnswer) => Value): Promise<Value> {
    return accept(await this.#home.send(call));
  }

  /** Reads from the first mirror that gives an acceptable answer, and from the registry itself where none does. */
  async read<Value>(call: ApiCall, accept: (answer: ApiAnswer) => Value): Promise<Value> {
    for (const mirror of this.#mirrors) {
      try {
        return accept(await mirror.send(call));
      } catch (error) {
        if (!(error instanceof RegistryError) || isAbort(error)) throw error;
        this.engine.debug(`${error.message}; asking the next endpoint of ${this.registry}`);
      }
    }
    return this.home(call, accept);
  }
}

/** One endpoint and how it's authorized. */
class EndpointAccess {
  readonly #endpoint: Endpoint;
  readonly #engine: Engine;
  readonly #authorizer: Authorizer;

  constructor(endpoint: Endpoint, { engine, credentials }: AccessParts) {
    this.#endpoint = endpoint;
    this.#engine = engine;
    this.#authorizer = new Authorizer(engine, endpoint, credentials);
  }

  send(call: ApiCall): Promise<ApiAnswer> {
    const { prefix, origin } = this.#endpoint;
    const repository = prefix + call.repository;
    const request = this.#request(call, repository);
    // Content and questions for another host (an upload's Location) carry no authorization of this one.
    if (request.target.origin !== origin) return this.#engine.send(request);
    const alsoPull = (call.alsoPull ?? []).map((name) => prefix + name);
    return this.#authorizer.send(request, { repository, push: call.push ?? false, alsoPull });
  }

  #request(call: ApiCall, repository: string): HttpRequest {
    const { registry, mirrorOf } = this.#endpoint;
    const { method, kind, what, headers, body, repeatable, stream, signal } = call;
    return {
      method,
      target: typeof call.path === 'string' ? this.#target(call, repository, call.path) : call.path,
      endpoint: this.#endpoint,
      kind,
      // A mirror's failure must not read as the registry's own.
      what: mirrorOf === undefined ? what : `${what}, from the mirror ${registry},`,
      repository: `${registry}/${repository}`,
      headers,
      body,
      repeatable,
      maxBytes: call.maxBytes ?? this.#engine.limits.maxErrorBytes,
      stream,
      signal,
    };
  }

  #target({ query }: ApiCall, repository: string, path: string): Hop {
    const { origin, mirrorOf } = this.#endpoint;
    const whole = `/v2/${repository}/${path}`;
    if (!query && mirrorOf === undefined) return { origin, path: whole };
    const parts = [query, mirrorOf && `ns=${encodeURIComponent(mirrorOf)}`].filter((part) => !!part);
    return { origin, path: `${whole}?${parts.join('&')}` };
  }
}

/** @throws RegistryError for any status but these. */
export function expectStatus(answer: ApiAnswer, ...statuses: readonly number[]): void {
  if (statuses.includes(answer.status)) return;
  answer.body?.on('error', () => undefined).destroy();
  throw statusFailure(answer.request, answer);
}
