import type { IncomingMessage } from 'node:http';
import type { Answer } from './faults.ts';

export interface TokenDeskOptions {
  /** Who gets a token; everybody unless told. */
  readonly username?: string;
  readonly password?: string;
  /** What the token says of itself; without it the specification's 60 seconds hold. */
  readonly expiresInSeconds?: number;
  /** After so many requests a token is refused, whatever it said of itself. */
  readonly usesPerToken?: number;
  /** The member that carries it; Docker Hub sends both, some send one. */
  readonly member?: 'token' | 'access_token';
  /** Where tokens are given out, if not here at `/token`. */
  readonly realm?: string;
}

/** Gives and checks bearer tokens, one scope each (distribution, "Token Authentication Specification"). */
export class TokenDesk {
  readonly #options: TokenDeskOptions;
  readonly #tokens = new Map<string, { scope: string; uses: number }>();

  constructor(options: TokenDeskOptions) {
    this.#options = options;
  }

  /** The answer where this is about tokens; `undefined` where the request may pass. */
  answer(request: IncomingMessage, origin: string): Answer | undefined {
    const url = new URL(request.url ?? '/', origin);
    if (url.pathname === '/token') return this.#issue(request, url.searchParams.get('scope') ?? '');
    const scope = scopeOf(url.pathname);
    const presented = this.#tokens.get(request.headers.authorization?.replace(/^Bearer /, '') ?? '');
    if (presented !== undefined && (scope === '' || presented.scope === scope) && presented.uses > 0) {
      presented.uses -= 1;
      return undefined;
    }
    const realm = this.#options.realm ?? `${origin}/token`;
    const asked = scope === '' ? '' : `,scope="${scope}"`;
    return refusal({ 'www-authenticate': `Bearer realm="${realm}",service="faulty"${asked}` });
  }

  #issue(request: IncomingMessage, scope: string): Answer {
    const { username, password, usesPerToken = Number.POSITIVE_INFINITY } = this.#options;
    const wanted = Buffer.from(`${username}:${password}`).toString('base64');
    if (username !== undefined && request.headers.authorization !== `Basic ${wanted}`) return refusal({});
    const token = `token-${this.#tokens.size + 1}`;
    this.#tokens.set(token, { scope, uses: usesPerToken });
    const document = {
      [this.#options.member ?? 'token']: token,
      expires_in: this.#options.expiresInSeconds,
    };
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(document)),
    };
  }
}

function scopeOf(path: string): string {
  const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(path)?.[1];
  return repository === undefined ? '' : `repository:${repository}:pull`;
}

function refusal(headers: Answer['headers']): Answer {
  return {
    status: 401,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'),
  };
}
