import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach } from 'vitest';
import type { Clock } from '../../core/index.ts';

/** A request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Uint8Array;
}

export type Script = (
  seen: Seen,
  response: ServerResponse,
  count: number,
) => Reply | undefined | Promise<Reply | undefined>;

/** A server on loopback that answers by script and records what it saw. */
export interface ScriptedServer {
  readonly origin: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly seen: Seen[];
  /** `GET /v2/…` of each request. */
  lines(): string[];
  count(method: string, path?: string | RegExp): number;
  /** Most requests that were open at one time. */
  readonly peak: { value: number };
  close(): Promise<void>;
}

const open = new Set<ScriptedServer>();
afterEach(async () => {
  await Promise.all([...open].map((server) => server.close()));
  open.clear();
});

/** A script that gives nothing back has written to the response itself. */
export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  const peak = { value: 0 };
  let active = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    active += 1;
    peak.value = Math.max(peak.value, active);
    response.on('close', () => {
      active -= 1;
    });
    const body = await collect(request);
    const url = new URL(request.url ?? '/', 'http://server');
    const entry = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body,
    };
    seen.push(entry);
    const reply = await script(entry, response, seen.length);
    if (reply !== undefined) write(response, reply, request.method === 'HEAD');
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const scripted: ScriptedServer = {
    origin: `http://${host}`,
    host,
    seen,
    peak,
    lines: () => seen.map(({ method, path }) => `${method} ${path}`),
    count: (method, path) =>
      seen.filter(
        (entry) =>
          entry.method === method &&
          (path === undefined || (typeof path === 'string' ? entry.path === path : path.test(entry.path))),
      ).length,
    close: async () => {
      open.delete(scripted);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  open.add(scripted);
  return scripted;
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function write(response: ServerResponse, reply: Reply, head: boolean): void {
  const body = Buffer.from(reply.body ?? '');
  response.writeHead(reply.status ?? 200, { 'content-length': String(body.length), ...reply.headers });
  response.end(head ? undefined : body);
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** The error document of registries. */
export function registryError(status: number, code: string, message = code.toLowerCase()): Reply {
  return json({ errors: [{ code, message }] }, status);
}

/** A clock that jumps instead of waiting, and writes down each jump. */
export class JumpingClock implements Clock {
  time = Date.UTC(2026, 0, 1);
  readonly sleeps: number[] = [];

  now(): number {
    return this.time;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(milliseconds);
    this.time += milliseconds;
    await nextTurn();
  }
}
