import type { Engine } from '../http/engine.ts';
import { errorOf, failure, outcomeOf, statusFailure } from '../http/failure.ts';
import type { Endpoint } from '../http/host-config.ts';
import { type HttpAnswer, type HttpRequest, headerOf } from '../http/message.ts';
import type { Credential } from '../types.ts';
import { refused } from './refusal.ts';

/** What is asked of a token realm (distribution-spec's token authentication). */
export interface TokenQuestion {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly endpoint: Endpoint;
  readonly repository: string;
  readonly credential: Credential | undefined;
}

/** A ready Authorization value. */
export interface Token {
  readonly authorization: string;
  /** When to get another one, in the clock's milliseconds. */
  readonly renewAt: number;
}

/** Seconds a token lives where its server doesn't say, and at least: the specification promises 60. */
const minimalLife = 60;
const clientId = 'armload';

/**
 * Gets a token. `signal` is that of all who wait for it.
 * @throws RegistryError `unauthorized`, `rate-limited`, `network`, `timeout` or `malformed`.
 */
export async function fetchToken(
  engine: Engine,
  question: TokenQuestion,
  signal: AbortSignal,
): Promise<Token> {
  const askedAt = engine.clock.now();
  const ask = question.credential?.identityToken ? postRequest : getRequest;
  const request = { ...ask(engine, question), signal };
  let answer = await engine.send(request);
  if (request.method === 'POST' && (answer.status === 404 || answer.status === 405)) {
    // Servers without the OAuth2 flow take the identity token as a password.
    answer = await engine.send({ ...getRequest(engine, question), signal });
  }
  if (answer.status !== 200) throw tokenFailure(request, answer, question.credential);
  return readToken(request, answer, askedAt);
}

function getRequest(engine: Engine, question: TokenQuestion): HttpRequest {
  const { realm, service, scopes, credential } = question;
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return {
    ...common(engine, question),
    method: 'GET',
    target: { origin: url.origin, path: url.pathname + url.search },
    authorization: basicOf(credential),
  };
}

function postRequest(engine: Engine, question: TokenQuestion): HttpRequest {
  const { realm, service, scopes, credential } = question;
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: credential?.identityToken ?? '',
    scope: scopes.join(' '),
    ...(service === undefined ? {} : { service }),
  });
  return {
    ...common(engine, question),
    method: 'POST',
    target: { origin: realm.origin, path: realm.pathname + realm.search },
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  };
}

function common(engine: Engine, { endpoint, repository }: TokenQuestion) {
  return {
    endpoint,
    kind: 'token',
    what: `Getting a token for ${endpoint.registry}/${repository}`,
    repository: `${endpoint.registry}/${repository}`,
    headers: { accept: 'application/json' },
    maxBytes: engine.limits.maxTokenBytes,
    repeatable: true,
  } as const;
}

/** The Authorization for a user and password; `undefined` where the credential holds none. */
export function basicOf(credential: Credential | undefined): string | undefined {
  if (credential === undefined) return undefined;
  const { username, password, identityToken } = credential;
  // "<token>" is the user that Docker's credential helpers report for identity tokens.
  const user = username || (identityToken ? '<token>' : '');
  const secret = password || identityToken;
  if (user === '' || secret === undefined || secret === '') return undefined;
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}

function tokenFailure(request: HttpRequest, answer: HttpAnswer, credential: Credential | undefined) {
  const { status } = answer;
  if (status === 400 || status === 401 || status === 403) return refused(request, answer, credential);
  if (status >= 500 || status === 408) return statusFailure(request, answer);
  const outcome = `${outcomeOf(answer)}, which is no answer of a token server`;
  return failure(request, { reason: 'malformed', outcome, answer });
}

function readToken(request: HttpRequest, answer: HttpAnswer, askedAt: number): Token {
  const document = parseObject(answer.bytes);
  const token = document?.['token'] || document?.['access_token'];
  // It goes into a header as it is.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    const said = errorOf(answer.bytes).message;
    const outcome = `answered 200 without a usable token${said === undefined ? '' : ` (${said})`}`;
    throw failure(request, { reason: 'malformed', outcome, answer });
  }
  const life = lifeOf(document, headerOf(answer.headers, 'date'));
  return { authorization: `Bearer ${token}`, renewAt: askedAt + (life - Math.min(15, life / 5)) * 1000 };
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds the token has left. `issued_at` is measured by the server's own clock, because ours may be wrong. */
function lifeOf(document: Record<string, unknown> | undefined, date: string | undefined): number {
  const stated = Number(document?.['expires_in']);
  const life = Number.isFinite(stated) ? Math.min(Math.max(stated, minimalLife), 86_400) : minimalLife;
  const age = (Date.parse(date ?? '') - Date.parse(String(document?.['issued_at']))) / 1000;
  return age > 0 && age < life ? Math.max(life - age, 10) : life;
}
