import { AbortWatch } from '../cache/abort-watch.ts';
import { RegistryError } from '../errors.ts';
import type { Engine } from '../http/engine.ts';
import type { Endpoint } from '../http/host-config.ts';
import type { HttpAnswer, HttpRequest } from '../http/message.ts';
import type { Credential, CredentialStore } from '../types.ts';
import { People } from './people.ts';
import { isExpired, refused } from './refusal.ts';
import { type Demand, readDemand, type Scheme } from './scheme.ts';
import { mergeScopes, type Scope, scopeTexts } from './scope.ts';
import { basicOf } from './token.ts';
import { Tokens } from './tokens.ts';

/** What a request showed, or shows next. */
interface Shown {
  readonly authorization: string | undefined;
  readonly credential: Credential | undefined;
  /** The token's key, and the demand it was got for. */
  readonly key?: string;
  readonly demand?: Demand;
  readonly fresh?: boolean;
}

const nothing: Shown = { authorization: undefined, credential: undefined };

/**
 * Speaks one registry host's authentication. What the first answer teaches (no authentication, Basic, or a token realm)
 * holds for all repositories of the host, so that later ones ask for their token first.
 */
export class Authorizer {
  readonly #engine: Engine;
  readonly #endpoint: Endpoint;
  readonly #people: People;
  readonly #tokens: Tokens;
  readonly #watch = new AbortWatch();
  #scheme: Scheme | undefined;
  #discovery: Promise<void> | undefined;
  #pinged: Promise<Demand | undefined> | undefined;

  constructor(engine: Engine, endpoint: Endpoint, credentials: CredentialStore) {
    this.#engine = engine;
    this.#endpoint = endpoint;
    this.#people = new People(endpoint.registry, credentials, engine.clock);
    this.#tokens = new Tokens(engine);
  }

  /**
   * Sends a request with whatever authorization the host wants.
   * @throws RegistryError `unauthorized` for 401, 403 and expired logins, naming the credential's source; the engine's.
   */
  async send(request: HttpRequest, scope: Scope): Promise<HttpAnswer> {
    const startedAt = this.#engine.clock.now();
    try {
      return await this.#ask(request, scope);
    } catch (error) {
      const refusedNow = error instanceof RegistryError && error.reason === 'unauthorized';
      if (!refusedNow || !(await this.#people.changed(scope.repository, startedAt, request.signal)))
        throw error;
      return this.#ask(request, scope);
    }
  }

  async #ask(request: HttpRequest, scope: Scope): Promise<HttpAnswer> {
    // Decided before anything is awaited: of many first requests, one is the scout.
    const scouts = this.#scheme === undefined && this.#discovery === undefined;
    const knowsNone = this.#scheme?.type === 'none';
    const shown = scouts || knowsNone ? nothing : await this.#present(request, scope);
    const answer = await (scouts ? this.#scout(request) : this.#sendAndLearn(request, shown));
    if (answer.status < 400 || !this.#isOurs(request, answer)) return answer;
    const demand = await this.#demandOf(request, scope, { answer, shown });
    if (demand === undefined) return this.#unlessRefused(request, answer, shown);
    const better = await this.#respond(demand, request, { scope, shown });
    if (better === undefined) throw refused(request, answer, shown.credential);
    const again = await this.#engine.send(withAuthorization(request, better));
    return this.#isOurs(request, again) ? this.#unlessRefused(request, again, better) : again;
  }

  /** What is known to be wanted, before the host says so. */
  async #present(request: HttpRequest, scope: Scope): Promise<Shown> {
    if (this.#scheme === undefined && this.#discovery !== undefined)
      await this.#watch.race(this.#discovery, request.signal);
    const scheme = this.#scheme;
    if (scheme === undefined || scheme.type === 'none') return nothing;
    return this.#show({ scheme, scope: undefined }, request, scope);
  }

  /** The first request to a host finds out what it wants; the others wait for that. */
  async #scout(request: HttpRequest): Promise<HttpAnswer> {
    let done = (): void => undefined;
    this.#discovery = new Promise((resolve) => {
      done = resolve;
    });
    try {
      return await this.#sendAndLearn(request, nothing);
    } finally {
      this.#discovery = undefined;
      done();
    }
  }

  #sendAndLearn(request: HttpRequest, shown: Shown): Promise<HttpAnswer> {
    if (this.#scheme !== undefined) return this.#engine.send(withAuthorization(request, shown));
    return this.#learnFrom(request);
  }

  async #learnFrom(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.#engine.send(request);
    if (this.#scheme === undefined) this.#learn(request, answer);
    return answer;
  }

  #learn(request: HttpRequest, answer: HttpAnswer): void {
    if (answer.status >= 500) return;
    if (answer.status === 401 && this.#isOurs(request, answer)) {
      const demand = readDemand(request, answer);
      if (demand !== undefined) this.#scheme = demand.scheme;
      return;
    }
    this.#scheme ??= { type: 'none' };
  }

  /** Answers of a host we were redirected to say nothing of this registry's authentication. */
  #isOurs(request: HttpRequest, answer: HttpAnswer): boolean {
    return answer.from.origin === request.target.origin;
  }

  /** What the answer asks for; `undefined` where it asks for nothing. */
  async #demandOf(
    request: HttpRequest,
    scope: Scope,
    { answer, shown }: { answer: HttpAnswer; shown: Shown },
  ): Promise<Demand | undefined> {
    if (answer.status === 401) return readDemand(request, answer) ?? this.#ping(request);
    const asSomebody = shown.authorization !== undefined;
    if (asSomebody && isExpired(answer)) return this.#scheme && { scheme: this.#scheme, scope: undefined };
    // Some registries hide private repositories from anonymous requests without a challenge.
    if (asSomebody || (answer.status !== 403 && answer.status !== 404)) return undefined;
    const { credential } = await this.#people.of(scope.repository, request.signal);
    return credential === undefined ? undefined : this.#ping(request);
  }

  /** Asks `/v2/`, once, for the challenge that an answer lacked. */
  #ping(request: HttpRequest): Promise<Demand | undefined> {
    this.#pinged ??= this.#sendPing(request).catch((error: unknown) => {
      this.#pinged = undefined;
      throw error;
    });
    return this.#watch.race(this.#pinged, request.signal);
  }

  async #sendPing({ endpoint, what, maxBytes }: HttpRequest): Promise<Demand | undefined> {
    const target = { origin: this.#endpoint.origin, path: '/v2/' };
    const ping: HttpRequest = { method: 'GET', target, endpoint, kind: 'ping', what, maxBytes };
    const answer = await this.#engine.send(ping);
    return answer.status === 401 && this.#isOurs(ping, answer) ? readDemand(ping, answer) : undefined;
  }

  /** Something better to show than what was refused; `undefined` where there's nothing. */
  async #respond(
    demand: Demand,
    request: HttpRequest,
    { scope, shown }: { scope: Scope; shown: Shown },
  ): Promise<Shown | undefined> {
    this.#scheme = demand.scheme;
    if (shown.key !== undefined && shown.authorization !== undefined) {
      const { key, fresh } = shown;
      const before = shown.demand && this.#askedFor(shown.demand, scope);
      // Got for this request, for just this demand, and still refused: another one would be the same.
      if (fresh && before === this.#askedFor(demand, scope)) return undefined;
      this.#tokens.drop(key, shown.authorization);
    }
    const better = await this.#show(demand, request, scope);
    const isNew = better.authorization !== undefined && better.authorization !== shown.authorization;
    return isNew ? better : undefined;
  }

  async #show(demand: Demand, request: HttpRequest, scope: Scope): Promise<Shown> {
    const { credential, identity } = await this.#people.of(scope.repository, request.signal);
    if (demand.scheme.type === 'none') return nothing;
    if (demand.scheme.type === 'basic') return { authorization: basicOf(credential), credential };
    const { realm, service } = demand.scheme;
    if (credential?.registryToken) return { authorization: `Bearer ${credential.registryToken}`, credential };
    const { repository } = scope;
    const key = this.#keyFor(scope, identity);
    const scopes = mergeScopes(scopeTexts(scope), demand.scope);
    const question = { realm, service, scopes, endpoint: this.#endpoint, repository, credential };
    const { token, fresh } = await this.#tokens.get(key, question, request.signal);
    return { authorization: token.authorization, credential, key, demand, fresh };
  }

  /** A token that may push also pulls, so an existing one serves. */
  #keyFor(scope: Scope, identity: string): string {
    const who = `${identity} ${scope.repository} ${scope.alsoPull?.join(' ') ?? ''}`;
    return scope.push || this.#tokens.has(`push ${who}`) ? `push ${who}` : `pull ${who}`;
  }

  #askedFor({ scheme, scope }: Demand, own: Scope): string {
    const place = scheme.type === 'bearer' ? [scheme.realm.href, scheme.service] : [];
    return JSON.stringify([place, ...mergeScopes(scopeTexts(own), scope)]);
  }

  #unlessRefused(request: HttpRequest, answer: HttpAnswer, shown: Shown): HttpAnswer {
    const no = answer.status === 401 || answer.status === 403 || isExpired(answer);
    if (no) throw refused(request, answer, shown.credential);
    return answer;
  }
}

function withAuthorization(request: HttpRequest, { authorization }: Shown): HttpRequest {
  return authorization === undefined ? request : { ...request, authorization };
}
