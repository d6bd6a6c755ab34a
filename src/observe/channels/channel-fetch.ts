import type { Readable } from 'node:stream';
import { EnvHttpProxyAgent, request } from 'undici';
import { type Clock, messageOf, redact, systemClock } from '../../core/index.ts';
import { ChannelError } from './errors.ts';

/** What is at an address: its text, nothing more than that it's there, or that it isn't there. */
export type ChannelAnswer = { readonly is: 'there'; readonly text: string } | { readonly is: 'absent' };

/**
 * Asks for what is at an address: with `HEAD`, whether it's there; with `GET`, its text.
 * @throws ChannelError where that could not be found out; the signal's reason.
 */
export type ChannelFetch = (
  method: 'GET' | 'HEAD',
  url: string,
  options?: { readonly signal?: AbortSignal | undefined },
) => Promise<ChannelAnswer>;

export interface ChannelFetchOptions {
  /** Where the proxies are named: HTTP_PROXY, HTTPS_PROXY, NO_PROXY, in either case. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Milliseconds for one request, all its redirects included; 30 seconds unless told. */
  readonly time?: number;
}

/** Versions are told in a few lines. */
const maxBytes = 64 * 1024;
const maxRedirects = 5;
const pauseAfterFailure = 1000;
const loopback = 'localhost,127.0.0.1,::1,[::1]';

/** HTTPS with the environment's proxies, and HTTP between programs of this machine. `close` ends its connections. */
export function createChannelFetch({
  environment,
  clock = systemClock,
  time = 30_000,
}: ChannelFetchOptions): {
  readonly fetch: ChannelFetch;
  readonly close: () => Promise<void>;
} {
  const variable = (name: string): string => environment[name] || environment[name.toUpperCase()] || '';
  const agent = new EnvHttpProxyAgent({
    httpProxy: withScheme(variable('http_proxy')),
    httpsProxy: withScheme(variable('https_proxy')),
    noProxy: [variable('no_proxy'), loopback].filter((text) => text !== '').join(','),
    proxyTunnel: false,
    connect: { timeout: Math.min(time, 15_000) },
  });
  const once: ChannelFetch = async (method, url, { signal } = {}) => {
    const limit = AbortSignal.timeout(time);
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    try {
      return await followed(agent, { method, url: new URL(url), signal: either });
    } catch (error) {
      signal?.throwIfAborted();
      throw failureOf(error, { what: `${method} ${redact(url)}`, isLate: limit.aborted });
    }
  };
  const fetch: ChannelFetch = async (method, url, options = {}) => {
    try {
      return await once(method, url, options);
    } catch (error) {
      if (!isPassing(error)) throw error;
      await clock.sleep(pauseAfterFailure, options.signal);
      return once(method, url, options);
    }
  };
  return { fetch, close: () => agent.destroy() };
}

function withScheme(proxy: string): string {
  return proxy === '' || /^[a-z0-9+.-]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

interface Asked {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly signal: AbortSignal;
}

async function followed(dispatcher: EnvHttpProxyAgent, asked: Asked): Promise<ChannelAnswer> {
  let { url } = asked;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const answer = await send(dispatcher, { ...asked, url });
    if (!(answer instanceof URL)) return answer;
    if (!isSafe(answer, url))
      throw new ChannelError('refused', `it leads to ${redact(answer.href)}, which is not asked`);
    url = answer;
  }
  throw new ChannelError('refused', `it was redirected more than ${maxRedirects} times`);
}

async function send(
  dispatcher: EnvHttpProxyAgent,
  { method, url, signal }: Asked,
): Promise<ChannelAnswer | URL> {
  if (!isSafe(url, url)) throw new ChannelError('refused', 'only https addresses are asked');
  const headers = { 'user-agent': 'armload', accept: '*/*' };
  const { statusCode, headers: said, body } = await request(url, { dispatcher, signal, method, headers });
  if (statusCode === 200 && method === 'GET') return { is: 'there', text: await textOf(body) };
  await body.dump({ limit: maxBytes }).catch(() => undefined);
  if (statusCode === 200) return { is: 'there', text: '' };
  if (statusCode === 404 || statusCode === 410) return { is: 'absent' };
  const { location } = said;
  if (statusCode >= 301 && statusCode <= 308 && typeof location === 'string' && URL.canParse(location, url))
    return new URL(location, url);
  throw new ChannelError(codeOf(statusCode), `it answered ${statusCode}`, { facts: { status: statusCode } });
}

function codeOf(status: number): ChannelError['code'] {
  if (status === 401 || status === 403) return 'unauthorized';
  return status === 429 ? 'rate-limited' : 'network';
}

/** Nothing is sent in the clear but between programs of this machine, and no redirect leads to those from outside. */
function isSafe(url: URL, from: URL): boolean {
  return url.protocol === 'https:' || (isLoopback(url) && isLoopback(from));
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const piece = chunk as Uint8Array;
    bytes += piece.length;
    // Leaving the loop destroys the body.
    if (bytes > maxBytes) throw new ChannelError('malformed', `it is larger than ${maxBytes} bytes`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failureOf(
  error: unknown,
  { what, isLate }: { readonly what: string; readonly isLate: boolean },
): ChannelError {
  const { code, facts } = error instanceof ChannelError ? error : { code: 'network' as const, facts: {} };
  const isTimeout = isLate || (error instanceof Error && /Timeout/.test(error.name));
  const why = isTimeout ? 'there was no answer in time' : messageOf(error);
  return new ChannelError(isTimeout ? 'timeout' : code, `${what}: ${why}`, { cause: error, facts });
}

/** Worth one more try. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ChannelError) || error.code !== 'network') return false;
  const { status } = error.facts;
  return typeof status !== 'number' || status >= 500;
}
