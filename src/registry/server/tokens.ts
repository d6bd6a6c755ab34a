import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../core/index.ts';
import {
  type Action,
  type BearerAuth,
  basicUser,
  covers,
  findUser,
  type Gate,
  type Grant,
  type Identity,
  type Need,
  type RegistryUser,
} from './access.ts';
import { methodNotAllowed } from './context.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';
import { isRepositoryName } from './route.ts';

const service = 'armload';
const maxTokens = 10_000;
const maxFormBytes = 16 * 1024;
const actions: readonly Action[] = ['pull', 'push', 'delete'];

interface Token {
  readonly grants: readonly Grant[];
  readonly expires: number;
}

/**
 * Bearer tokens as Docker Hub and GHCR give them (distribution's "Token Authentication Specification" and "OAuth2"):
 * opaque, for the scopes asked for as far as the user has them, and for a while.
 * @param realm The token endpoint's URL; asked for when the server has its port.
 */
export function bearerGate(auth: BearerAuth, realm: () => string, clock: Clock = systemClock): Gate {
  const tokens = new Map<string, Token>();
  const refreshTokens = new Map<string, RegistryUser>();
  const ttlSeconds = auth.tokenTtlSeconds ?? 300;

  function issue(grants: readonly Grant[]): { token: string; issuedAt: Date } {
    const issuedAt = clock.now();
    forgetOldest(tokens);
    const token = randomBytes(32).toString('base64url');
    tokens.set(token, { grants, expires: issuedAt + ttlSeconds * 1000 });
    return { token, issuedAt: new Date(issuedAt) };
  }

  function admit(exchange: Exchange, need: Need | undefined): Identity {
    const text = /^bearer +(\S{1,4096})$/i.exec(exchange.header('authorization') ?? '')?.[1];
    if (text === undefined) throw challenge(realm(), need, undefined);
    const token = tokens.get(text);
    if (token === undefined || token.expires <= clock.now()) throw challenge(realm(), need, 'invalid_token');
    for (const action of need?.actions ?? [])
      if (need !== undefined && !covers(token.grants, need.repository, action))
        throw challenge(realm(), need, 'insufficient_scope');
    return { allows: (repository, action) => covers(token.grants, repository, action) };
  }

  async function handleToken(exchange: Exchange): Promise<void> {
    const form = await parametersOf(exchange);
    const user = userOf(exchange, form, auth.users, refreshTokens);
    const rights = user === undefined ? (auth.anonymous ?? []) : user.grants;
    const { token, issuedAt } = issue(grantsOf(form.getAll('scope'), rights));
    const wantsRefresh = form.get('offline_token') === 'true' || form.get('access_type') === 'offline';
    exchange.json(200, {
      token,
      access_token: token,
      expires_in: ttlSeconds,
      issued_at: issuedAt.toISOString(),
      ...(wantsRefresh && user !== undefined ? { refresh_token: issueRefresh(refreshTokens, user) } : {}),
    });
  }

  return { admit, handleToken };
}

function challenge(realm: string, need: Need | undefined, error: string | undefined): Refusal {
  const scope = need === undefined ? '' : `,scope="repository:${need.repository}:${need.actions.join(',')}"`;
  const problem = error === undefined ? '' : `,error="${error}"`;
  return new Refusal(401, 'UNAUTHORIZED', 'a token is needed', {
    headers: { 'WWW-Authenticate': `Bearer realm="${realm}",service="${service}"${scope}${problem}` },
  });
}

/** GET has its parameters in the query; POST, the OAuth2 way, in a form. */
async function parametersOf(exchange: Exchange): Promise<URLSearchParams> {
  if (exchange.method === 'GET') return exchange.query;
  if (exchange.method !== 'POST') return methodNotAllowed('GET, POST');
  return new URLSearchParams(Buffer.from(await exchange.readBody(maxFormBytes)).toString());
}

/** `undefined` for nobody in particular. @throws Refusal 401 for credentials that are wrong, rather than none. */
function userOf(
  exchange: Exchange,
  form: URLSearchParams,
  users: readonly RegistryUser[],
  refreshTokens: ReadonlyMap<string, RegistryUser>,
): RegistryUser | undefined {
  const header = exchange.header('authorization');
  const grantType = exchange.method === 'POST' ? form.get('grant_type') : null;
  if (header === undefined && grantType === null) return undefined;
  const user =
    grantType === 'refresh_token'
      ? refreshTokens.get(form.get('refresh_token') ?? '')
      : grantType === 'password'
        ? findUser(users, form.get('username') ?? '', form.get('password') ?? '')
        : basicUser(header, users);
  if (user !== undefined) return user;
  throw new Refusal(401, 'UNAUTHORIZED', 'the credentials are wrong', {
    headers: { 'WWW-Authenticate': 'Basic realm="armload"' },
  });
}

/** Of what was asked for, what the user has: `repository:NAME:pull,push`. Other kinds of scope give nothing. */
function grantsOf(scopes: readonly string[], rights: readonly Grant[] | undefined): readonly Grant[] {
  const asked = scopes.flatMap((scope) => scope.split(' ')).slice(0, 100);
  return asked.flatMap((scope) => {
    const match = /^repository(?:\([a-z0-9]+\))?:([^:]{1,255}):([a-z*,]{1,100})$/.exec(scope);
    const repository = match?.[1] ?? '';
    if (match === null || !isRepositoryName(repository)) return [];
    const wanted = (match[2] ?? '').split(',');
    const granted = actions.filter(
      (action) => (wanted.includes(action) || wanted.includes('*')) && covers(rights, repository, action),
    );
    return granted.length === 0 ? [] : [{ repository, actions: granted }];
  });
}

function issueRefresh(refreshTokens: Map<string, RegistryUser>, user: RegistryUser): string {
  forgetOldest(refreshTokens);
  const token = randomBytes(32).toString('base64url');
  refreshTokens.set(token, user);
  return token;
}

function forgetOldest(tokens: Map<string, unknown>): void {
  const oldest = tokens.keys().next();
  if (tokens.size >= maxTokens && oldest.done !== true) tokens.delete(oldest.value);
}
