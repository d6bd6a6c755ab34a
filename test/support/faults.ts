import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/oci/index.ts';

/** What the registry would have answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `http://127.0.0.1:5000` */
  readonly origin: string;
  /** How often this fault has struck before. */
  readonly before: number;
}

/** Changes an answer, or gives it in its own way and says `handled`. */
export type Fault = (answer: Answer, exchange: Exchange) => Answer | 'handled' | Promise<Answer | 'handled'>;

const handled = 'handled' as const;
const jsonType = { 'content-type': 'application/json' };

function errorBody(code: string, message: string): Uint8Array {
  return Buffer.from(JSON.stringify({ errors: [{ code, message }] }));
}

/** Some status, with the registry's own error code in the body where one is given. */
export function status(code: number, registryCode?: string, headers: Answer['headers'] = {}): Fault {
  const body = registryCode === undefined ? new Uint8Array() : errorBody(registryCode, 'as scripted');
  return () => ({ status: code, headers: { ...jsonType, ...headers }, body });
}

/** 429; `retryAfter` in seconds, as a date, as any text, or absent. */
export function tooManyRequests(retryAfter?: number | Date | string): Fault {
  const value = retryAfter instanceof Date ? retryAfter.toUTCString() : retryAfter?.toString();
  return status(429, 'TOOMANYREQUESTS', value === undefined ? {} : { 'retry-after': value });
}

/** Refuses what the method was, as some registries refuse HEAD. */
export function methodNotAllowed(): Fault {
  return status(405, 'UNSUPPORTED');
}

/** Resets the connection after so many bytes of the body; with 0 before any answer. */
export function reset(afterBytes = 0): Fault {
  return async (answer, { response }) => {
    if (afterBytes > 0) await writePart(response, answer, afterBytes);
    response.socket?.resetAndDestroy();
    return handled;
  };
}

/** Promises the whole body and ends the connection in good order after so many bytes. */
export function truncate(afterBytes: number): Fault {
  return async (answer, { response }) => {
    await writePart(response, answer, afterBytes);
    response.socket?.end();
    return handled;
  };
}

async function writePart(response: ServerResponse, answer: Answer, bytes: number): Promise<void> {
  response.writeHead(answer.status, headersOf(answer));
  await new Promise((resolve) => response.write(answer.body.subarray(0, bytes), resolve));
  // Lets the part arrive: a reset may overtake it.
  await delay(20);
}

/** Sends so many bytes every so many milliseconds, until all are sent or the client is gone. */
export function drip(bytes: number, milliseconds: number): Fault {
  return async (answer, { response }) => {
    response.writeHead(answer.status, headersOf(answer));
    response.flushHeaders();
    for (let at = 0; at < answer.body.length && !response.destroyed; at += bytes) {
      response.write(answer.body.subarray(at, at + bytes));
      await delay(milliseconds, undefined, { ref: false });
    }
    response.end();
    return handled;
  };
}

/** Takes the request and never answers. The connection stays open until the registry is closed. */
export function silence(): Fault {
  return () => handled;
}

/** Answers late. */
export function late(milliseconds: number): Fault {
  return async (answer) => {
    await delay(milliseconds, undefined, { ref: false });
    return answer;
  };
}

/** Changes one byte and leaves the digest that was announced. */
export function tamper(): Fault {
  return (answer) => {
    const body = Uint8Array.from(answer.body);
    body[0] = (body[0] ?? 0) ^ 1;
    return { ...answer, body };
  };
}

/** Other content, announced with its own digest. */
export function serve(body: string | Uint8Array): Fault {
  return (answer) => {
    const bytes = Buffer.from(body);
    const announced = 'docker-content-digest' in answer.headers;
    const digest = announced ? { 'docker-content-digest': digestOf(bytes) } : {};
    return { status: 200, headers: { ...answer.headers, ...digest }, body: bytes };
  };
}

/** Headers that replace the right ones; `undefined` takes one away. */
export function headers(changes: Readonly<Record<string, string | readonly string[] | undefined>>): Fault {
  return (answer) => {
    const all = Object.entries({ ...answer.headers, ...changes });
    const kept = all.filter((pair): pair is [string, string] => pair[1] !== undefined);
    return { ...answer, headers: Object.fromEntries(kept) };
  };
}

export function contentType(value: string | undefined): Fault {
  return headers({ 'content-type': value });
}

export function withoutDigest(): Fault {
  return headers({ 'docker-content-digest': undefined });
}

/** More header bytes than any client takes, unless told how many. */
export function headerFlood(bytes = 1024 * 1024): Fault {
  return headers({ 'x-flood': Array.from({ length: Math.ceil(bytes / 1000) }, () => 'x'.repeat(1000)) });
}

/** Compresses the body though nobody asked; digest and type stay those of the plain content. */
export function gzipEncoded(): Fault {
  return (answer) => ({
    ...answer,
    headers: { ...answer.headers, 'content-encoding': 'gzip' },
    body: gzipSync(answer.body),
  });
}

/** To another place, which may be another host: `http://127.0.0.1:5001`. A bare origin keeps the path. */
export function redirect(location: string, code = 307): Fault {
  return (_answer, { request }) => {
    const isOrigin = /^https?:\/\/[^/]+$/.test(location);
    return redirection(isOrigin ? `${location}${request.url ?? '/'}` : location, code);
  };
}

/** To itself, each time with another query, so that no client knows the place again. */
export function redirectLoop(): Fault {
  return (_answer, { request, before }) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    return redirection(`${path}?turn=${before + 1}`, 307);
  };
}

function redirection(location: string, code: number): Answer {
  return { status: code, headers: { location }, body: new Uint8Array() };
}

/** A page of tags, and always a next one: ever other tags behind ever other links, or the same link again. */
export function endlessTags(link: 'new' | 'same' = 'new'): Fault {
  return (answer, { request, before }) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    const page = link === 'new' ? before : 0;
    const tags = Array.from({ length: 10 }, (_, at) => `t${page * 10 + at}`);
    return {
      ...answer,
      status: 200,
      headers: { ...jsonType, link: `<${path}?last=t${page * 10 + 9}&n=10>; rel="next"` },
      body: Buffer.from(JSON.stringify({ name: 'endless', tags })),
    };
  };
}

/** Headers for Node, the length of the whole body among them. */
export function headersOf(answer: Answer): Record<string, string | string[]> {
  const entries = Object.entries(answer.headers).map(([name, value]): [string, string | string[]] => [
    name,
    typeof value === 'string' ? value : [...value],
  ]);
  return { 'content-length': String(answer.body.length), ...Object.fromEntries(entries) };
}
