import type { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { EnvHttpProxyAgent, request } from 'undici';
import { messageOf, redact } from '../../core/index.ts';
import { FetchError } from './errors.ts';
import type { Spool } from './spool.ts';

/**
 * Opens what is at an address. Rejects with a FetchError, or the signal's reason. The stream may fail with the same.
 */
export type Fetch = (
  url: string,
  options: {
    readonly signal: AbortSignal;
    /** Is told the address that answered, after all redirects. */
    readonly answered?: (url: string) => void;
  },
) => Promise<AsyncIterable<Uint8Array>>;

export interface FetchOptions {
  /** Where the proxies are named: HTTP_PROXY, HTTPS_PROXY, NO_PROXY, in either case. `process.env` unless told. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds for a connection, and between two pieces of an answer. */
  readonly connectTimeout?: number;
  readonly idleTimeout?: number;
  /** Which redirects are followed; unless told, all to HTTPS, and from HTTP to HTTP. */
  readonly mayRedirect?: (from: URL, to: URL) => boolean;
  /** The header `Accept`; anything unless told. */
  readonly accept?: string;
  /** The header `Authorization` for an address, before one that the address itself has; never for what redirects lead to. */
  readonly authorize?: (url: URL) => string | undefined;
  /** Certificates that vouch for hosts besides the usual ones, PEM. */
  readonly certificates?: string;
  /** What others of this run fetched is taken from here, and what is fetched is left here for them. */
  readonly spool?: Spool | undefined;
}

const maxRedirects = 5;
const loopback = 'localhost,127.0.0.1,::1,[::1]';

/** The default: HTTP and HTTPS with the environment's proxies. `close` ends its connections. */
export function createFetch(options: FetchOptions = {}): {
  readonly fetch: Fetch;
  readonly close: () => Promise<void>;
} {
  const { environment = process.env, connectTimeout = 15_000, idleTimeout = 30_000 } = options;
  const { mayRedirect = isNoWayBack, accept = '*/*', certificates, authorize } = options;
  const ca = certificates === undefined ? {} : { ca: [...rootCertificates, certificates] };
  const variable = (name: string): string => environment[name] || environment[name.toUpperCase()] || '';
  const agent = new EnvHttpProxyAgent({
    httpProxy: withScheme(variable('http_proxy')),
    httpsProxy: withScheme(variable('https_proxy')),
    noProxy: [variable('no_proxy'), loopback].filter((text) => text !== '').join(','),
    // Many proxies allow CONNECT to port 443 only.
    proxyTunnel: false,
    connect: { timeout: connectTimeout, ...ca },
    requestTls: ca,
    headersTimeout: idleTimeout,
    bodyTimeout: idleTimeout,
  });

  async function fetch(
    url: string,
    { signal, answered }: Parameters<Fetch>[1],
  ): Promise<AsyncIterable<Uint8Array>> {
    let at = url;
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const authorization = redirects === 0 ? authorize?.(new URL(at)) : undefined;
      const answer = await send(agent, at, { signal, accept, authorization });
      if (answer.kind === 'body') {
        answered?.(at);
        return guarded(answer.body, at, signal);
      }
      at = redirected(at, answer.location, mayRedirect);
    }
    throw new FetchError('FETCH_UNREACHABLE', `GET ${url} was redirected more than ${maxRedirects} times`);
  }

  const { spool } = options;
  return {
    fetch: spool === undefined ? fetch : spooled(fetch, spool, options),
    close: () => agent.destroy(),
  };
}

/** The same question by the same person, under the same rules, gives the same within a run. */
function spooled(fetch: Fetch, spool: Spool, options: FetchOptions): Fetch {
  const { accept = '', authorize, certificates = '', mayRedirect } = options;
  return async (url, { signal, answered }) => {
    const rule = mayRedirect?.name ?? '';
    const key = JSON.stringify([url, accept, authorize?.(new URL(url)) ?? '', rule, certificates]);
    const start = async (shared: AbortSignal) => {
      let note = url;
      const tell = (at: string): void => {
        note = at;
      };
      const body = await fetch(url, { signal: shared, answered: tell });
      return { body, note };
    };
    const { body, note = url } = await spool.through(key, start, { signal, isLasting: isAbsence });
    answered?.(note);
    return body;
  };
}

function isAbsence(error: unknown): boolean {
  return error instanceof FetchError && error.code === 'FETCH_NOT_FOUND';
}

function withScheme(proxy: string): string {
  return proxy === '' || /^[a-z0-9+.-]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

type Answer =
  | { readonly kind: 'body'; readonly body: Readable }
  | { readonly kind: 'redirect'; readonly location: string };

async function send(
  dispatcher: EnvHttpProxyAgent,
  url: string,
  {
    signal,
    accept,
    authorization,
  }: {
    readonly signal: AbortSignal;
    readonly accept: string;
    readonly authorization: string | undefined;
  },
): Promise<Answer> {
  const { statusCode, headers, body } = await request(url, {
    dispatcher,
    signal,
    headers: {
      'user-agent': 'armload',
      accept,
      ...(authorization === undefined ? authorizationIn(url) : { authorization }),
    },
  }).catch((error: unknown) => {
    throw unreachable(url, error, signal);
  });
  if (statusCode === 200) return { kind: 'body', body };
  await body.dump({ limit: 64 * 1024 }).catch(() => undefined);
  const { location } = headers;
  if (statusCode >= 301 && statusCode <= 308 && typeof location === 'string')
    return { kind: 'redirect', location };
  const isAbsent = statusCode === 404 || statusCode === 410;
  throw new FetchError(
    isAbsent ? 'FETCH_NOT_FOUND' : 'FETCH_UNREACHABLE',
    `GET ${url} answered ${statusCode}`,
    { facts: { url: redact(url), status: statusCode } },
  );
}

/** A redirect to another host has none. */
function authorizationIn(url: string): { readonly authorization?: string } {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** From HTTPS, the way back to HTTP is refused. */
function isNoWayBack(from: URL, to: URL): boolean {
  return to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
}

function redirected(from: string, location: string, mayRedirect: (from: URL, to: URL) => boolean): string {
  const target = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (target === undefined || !mayRedirect(new URL(from), target))
    throw new FetchError('FETCH_UNREACHABLE', `GET ${from} was redirected to ${location}, which is refused`, {
      facts: { redirect: true },
    });
  // The same host goes on getting what it was given.
  if (target.origin === new URL(from).origin && target.username === '' && target.password === '') {
    const { username, password } = new URL(from);
    target.username = username;
    target.password = password;
  }
  return target.href;
}

async function* guarded(
  body: Readable,
  url: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of body) yield chunk as Uint8Array;
  } catch (error) {
    throw unreachable(url, error, signal);
  } finally {
    body.destroy();
  }
}

function unreachable(url: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof FetchError) return error;
  const isTimeout = error instanceof Error && /Timeout/.test(error.name);
  const code = isTimeout ? 'FETCH_TIMEOUT' : 'FETCH_UNREACHABLE';
  return new FetchError(code, `GET ${url} failed: ${messageOf(error)}`, {
    cause: error,
    facts: { url: redact(url) },
  });
}
