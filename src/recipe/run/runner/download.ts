import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { type Clock, messageOf, redact } from '../../../core/index.ts';
import { RunError } from '../errors.ts';
import { writeAll } from '../store/objects.ts';
import type { DownloadArchive } from './types.ts';

const maxRedirects = 5;
const loopback = 'localhost,127.0.0.1,::1,[::1]';
const connectTimeout = 15_000;
const idleTimeout = 60_000;
/** Milliseconds before another try; each goes on where the last one came to. */
const pauses = [500, 2000, 5000, 10_000];

export interface DownloadOptions {
  /** Where the proxies are named. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** A failure that another try may not meet. */
class Passing extends Error {}

/** By HTTP or HTTPS with the environment's proxies, or from a file of this machine. */
export function createDownload(options: DownloadOptions): DownloadArchive {
  return async (url, { file, maxBytes, signal }) => {
    if (new URL(url).protocol === 'file:') return copyFile(url, { file, maxBytes, signal });
    const agent = agentOf(options.environment);
    try {
      await persist(options.clock, signal, () => transfer({ url, file, maxBytes, signal, agent }));
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RunError) throw error;
      throw failed(url, messageOf(error), error);
    } finally {
      await agent.destroy();
    }
  };
}

interface Transfer {
  readonly url: string;
  readonly file: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly agent: Dispatcher;
}

async function persist(
  clock: Clock,
  signal: AbortSignal | undefined,
  attempt: () => Promise<void>,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      const pause = pauses[tries];
      if (pause === undefined || !(error instanceof Passing)) throw error;
      await clock.sleep(pause, signal);
    }
  }
}

async function transfer(what: Transfer): Promise<void> {
  const handle = await open(what.file, 'a', 0o600);
  try {
    const have = (await handle.stat()).size;
    const { body, isRest } = await ask(what, have);
    if (!isRest) await handle.truncate(0);
    await receive(body, { ...what, handle, have: isRest ? have : 0 });
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function receive(
  body: Dispatcher.ResponseData['body'],
  { url, file, maxBytes, handle, have }: Transfer & { readonly handle: FileHandle; readonly have: number },
): Promise<void> {
  let size = have;
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((error: unknown) => {
      throw new Passing(messageOf(error), { cause: error });
    });
    if (next.done === true) return;
    const chunk: Uint8Array = next.value;
    size += chunk.length;
    if (size > maxBytes) throw failed(url, `it has more than ${maxBytes} bytes`);
    await writeAll(handle, chunk, file);
  }
}

async function ask(
  { url, signal, agent }: Transfer,
  have: number,
): Promise<{ readonly body: Dispatcher.ResponseData['body']; readonly isRest: boolean }> {
  let at = url;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const headers = {
      'user-agent': 'armload',
      'accept-encoding': 'identity',
      ...(have > 0 ? { range: `bytes=${have}-` } : {}),
    };
    const answer = await request(at, {
      dispatcher: agent,
      headers,
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      throw new Passing(messageOf(error), { cause: error });
    });
    const { statusCode, body } = answer;
    if (statusCode === 200) return { body, isRest: false };
    if (statusCode === 206 && startsAt(answer.headers['content-range'], have)) return { body, isRest: true };
    await body.dump({ limit: 64 * 1024 }).catch(() => undefined);
    // All of it was there already; or the file isn't what is had of it: its checksum tells.
    if (statusCode === 416 && have > 0) return { body: emptyBody, isRest: true };
    at = redirected(at, { statusCode, location: answer.headers['location'] });
  }
  throw failed(url, `it was redirected more than ${maxRedirects} times`);
}

const emptyBody = (async function* () {})() as unknown as Dispatcher.ResponseData['body'];

function startsAt(range: string | readonly string[] | undefined, have: number): boolean {
  return typeof range === 'string' && range.startsWith(`bytes ${have}-`);
}

/** From HTTPS, the way back to HTTP is refused. */
function redirected(
  from: string,
  {
    statusCode,
    location,
  }: { readonly statusCode: number; readonly location: string | readonly string[] | undefined },
): string {
  const isRedirect = [301, 302, 303, 307, 308].includes(statusCode) && typeof location === 'string';
  if (!isRedirect) {
    const isPassing = statusCode >= 500 || statusCode === 429 || statusCode === 408;
    throw isPassing ? new Passing(`answered ${statusCode}`) : failed(from, `the answer was ${statusCode}`);
  }
  const target = URL.canParse(location, from) ? new URL(location, from) : undefined;
  const isAllowed =
    target?.protocol === 'https:' || (target?.protocol === 'http:' && new URL(from).protocol === 'http:');
  if (target === undefined || !isAllowed)
    throw failed(from, `it was redirected to ${location}, which is refused`);
  return target.href;
}

async function copyFile(
  url: string,
  {
    file,
    maxBytes,
    signal,
  }: { readonly file: string; readonly maxBytes: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const path = fileURLToPath(url);
  try {
    if ((await stat(path)).size > maxBytes) throw failed(url, `it has more than ${maxBytes} bytes`);
    const handle = await open(file, 'w', 0o600);
    try {
      const stream = createReadStream(path, signal === undefined ? {} : { signal });
      for await (const chunk of stream) await writeAll(handle, chunk as Uint8Array, file);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RunError) throw error;
    throw failed(url, messageOf(error), error);
  }
}

function agentOf(environment: DownloadOptions['environment']): EnvHttpProxyAgent {
  const variable = (name: string): string => environment[name] || environment[name.toUpperCase()] || '';
  const withScheme = (proxy: string): string =>
    proxy === '' || /^[a-z0-9+.-]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  return new EnvHttpProxyAgent({
    httpProxy: withScheme(variable('http_proxy')),
    httpsProxy: withScheme(variable('https_proxy')),
    noProxy: [variable('no_proxy'), loopback].filter((text) => text !== '').join(','),
    // Many proxies allow CONNECT to port 443 only.
    proxyTunnel: false,
    connect: { timeout: connectTimeout },
    headersTimeout: idleTimeout,
    bodyTimeout: idleTimeout,
  });
}

function failed(url: string, why: string, cause?: unknown): RunError {
  return new RunError('SOURCE_FAILED', `GET ${url} failed: ${why}`, { cause, facts: { url: redact(url) } });
}
