import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '../layout/content.ts';
import { Refusal } from './refusal.ts';

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** Without the query, still percent-encoded. */
  readonly path: string;

  readonly #onAnswer: (status: number) => void;

  /** @param onAnswer Called with the status when the answer begins. */
  constructor(request: IncomingMessage, response: ServerResponse, onAnswer: (status: number) => void) {
    const target = request.url ?? '/';
    const mark = target.indexOf('?');
    this.request = request;
    this.response = response;
    this.#onAnswer = onAnswer;
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  /** `undefined` where the client did not say it. */
  get contentLength(): number | undefined {
    const text = this.request.headers['content-length'];
    return text === undefined ? undefined : Number(text);
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** The request's body. Leaving it early keeps the connection, so that the client can still be answered. */
  body(): AsyncIterable<Uint8Array> {
    return this.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  }

  /** Answers without a body. */
  empty(status: number, headers: Readonly<Record<string, string>> = {}): void {
    // 204 and 304 have no body by definition, and Node refuses a length there.
    const length = status === 204 || status === 304 ? {} : { 'Content-Length': '0' };
    this.#head(status, { ...length, ...headers });
    this.response.end();
  }

  bytes(status: number, body: Uint8Array, headers: Readonly<Record<string, string>>): void {
    this.#head(status, { 'Content-Length': String(body.length), ...headers });
    this.response.end(this.method === 'HEAD' ? undefined : body);
  }

  json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
    const body = Buffer.from(JSON.stringify(value));
    this.bytes(status, body, { 'Content-Type': 'application/json', ...headers });
  }

  /** Sends the head, then the stream. A client that goes away ends it; that is no fault. */
  async stream(
    status: number,
    body: AsyncIterable<Uint8Array>,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    this.#head(status, headers);
    await pipeline(body, this.response).catch((error: unknown) => {
      if (errorCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE' && errorCode(error) !== 'ECONNRESET') throw error;
    });
  }

  /** The request's body. @throws Refusal 413 over `limit` bytes. */
  async readBody(limit: number): Promise<Uint8Array> {
    const tooLarge = new Refusal(413, 'SIZE_INVALID', `the body is over the limit of ${limit} bytes`);
    if ((this.contentLength ?? 0) > limit) throw tooLarge;
    const chunks: Uint8Array[] = [];
    let seen = 0;
    for await (const chunk of this.body()) {
      seen += chunk.length;
      if (seen > limit) throw tooLarge;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** Answers with an error as the specification shapes it ("Error Codes"). */
  async refuse(refusal: Refusal): Promise<void> {
    if (this.response.headersSent) {
      this.response.destroy();
      return;
    }
    const { status, code, message, detail, headers } = refusal;
    const error = { code, message, ...(detail === undefined ? {} : { detail }) };
    const closing = (await this.#takeRest()) ? {} : { Connection: 'close' };
    this.json(status, { errors: [error] }, { ...closing, ...headers });
  }

  #head(status: number, headers: Readonly<Record<string, string>>): void {
    this.#onAnswer(status);
    this.response.writeHead(status, headers);
  }

  /**
   * Reads on a little, so that a client still sending gets to read the answer instead of a reset connection. False where
   * the rest is too much to wait for.
   */
  async #takeRest(): Promise<boolean> {
    if (this.request.readableEnded || this.request.destroyed) return true;
    let taken = 0;
    try {
      for await (const chunk of this.body()) {
        taken += chunk.length;
        if (taken > 16 * 1024 * 1024) return false;
      }
      return true;
    } catch {
      return false;
    }
  }
}
