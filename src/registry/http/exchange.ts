import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { ArmloadError, type Clock } from '../../core/index.ts';
import { readErrorBody } from './body.ts';
import { BodyLimitError, type Bounds, collect } from './collect.ts';
import type { Connections } from './connections.ts';
import { failure, isThrottled, isUnreachable } from './failure.ts';
import type { Limits } from './limits.ts';
import { type HttpAnswer, type HttpRequest, isStream, type RequestBody } from './message.ts';
import type { Hop } from './redirect.ts';
import type { Statistics } from './statistics.ts';
import type { Exchange, Throttle } from './throttle.ts';

const noBytes = new Uint8Array();

/** A throttled answer: the host's gate is closed for a while, and the request may try again. */
export class Throttled extends Error {}

/** What a connection threw, and where. */
export class HopError extends Error {
  readonly at: Hop;

  constructor(cause: unknown, at: Hop) {
    super('the connection failed', { cause });
    this.at = at;
  }
}

interface ExchangeParts {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly connections: Connections;
  readonly throttle: Throttle;
  readonly statistics: Statistics;
  readonly life: AbortSignal;
}

/** Sends one request to one host and reads one answer: no retry, no redirect. */
export class Exchanger {
  readonly #parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** @throws HopError, Throttled, RegistryError, an AbortError. */
  async exchange(exchange: Exchange): Promise<HttpAnswer> {
    const { request, hop } = exchange;
    const { throttle, clock, life } = this.#parts;
    const gate = throttle.gate(hop.origin, request);
    if (!gate.tryEnter()) await throttle.enter(gate, exchange, anySignal(request.signal, life));
    // An upload's source may be a download from the same host: it must not wait for a place that the upload holds.
    const held = !isStream(request.body);
    if (!held) gate.leave();
    const startedAt = clock.now();
    try {
      const answer = await this.#dispatch(exchange);
      throttle.noteQuota(request, answer);
      if (isThrottled(answer.status, answer.bytes)) {
        throw throttle.throttled(answer, exchange, startedAt) ?? new Throttled();
      }
      if (answer.status === 503) gate.throttled(startedAt, throttle.retryAfter(answer) ?? 0);
      else gate.succeeded();
      return answer;
    } catch (error) {
      if (error instanceof HopError && isUnreachable(error.cause)) gate.unreachable();
      throw error;
    } finally {
      if (held) gate.leave();
    }
  }

  async #dispatch(exchange: Exchange): Promise<HttpAnswer> {
    const { request, hop } = exchange;
    const { connections, statistics, life } = this.#parts;
    statistics.count(hop.origin, request.method, request.kind);
    const body = request.body === undefined ? null : toBody(request.body);
    const streams = request.stream === true || isStream(request.body);
    try {
      const dispatcher = connections.to(hop.origin, request.endpoint.connection, streams);
      const options = this.#options(exchange, body);
      if (request.stream) return await this.#open(request, dispatcher, options);
      const { status, headers, bytes } = await collect(
        dispatcher,
        options,
        this.#bounds(request),
        request.signal,
      );
      return { request, status, headers, from: hop, bytes };
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      if (life.aborted) throw life.reason;
      if (error instanceof BodyLimitError) throw this.#overLimit(request, error, hop);
      // Also what the source of an upload threw.
      if (error instanceof ArmloadError) throw error;
      throw new HopError(error, hop);
    } finally {
      // A refused upload leaves its source half read.
      if (body instanceof Readable) body.destroy();
    }
  }

  #options(exchange: Exchange, body: Uint8Array | Readable | null): Dispatcher.DispatchOptions {
    const { request, hop } = exchange;
    const { limits } = this.#parts;
    return {
      origin: hop.origin,
      path: hop.path,
      method: request.method,
      headers: this.#headers(exchange),
      body,
      headersTimeout: body === null ? limits.headTimeout : limits.uploadTimeout,
      bodyTimeout: limits.idleTimeout,
      // By default undici closes the connection after each HEAD.
      reset: false,
    };
  }

  #bounds({ maxBytes }: HttpRequest): Bounds {
    const { limits, clock } = this.#parts;
    return { maxBytes, maxErrorBytes: limits.maxErrorBytes, time: limits.requestTimeout, clock };
  }

  /** A good answer's body as a stream; another one's, read. */
  async #open(
    request: HttpRequest,
    dispatcher: Dispatcher,
    options: Dispatcher.DispatchOptions,
  ): Promise<HttpAnswer> {
    const { limits, clock } = this.#parts;
    const {
      statusCode: status,
      headers,
      body,
    } = await dispatcher.request({
      ...options,
      signal: request.signal ?? null,
    });
    const from = { origin: String(options.origin), path: options.path };
    if (status >= 200 && status < 300) return { request, status, headers, from, bytes: noBytes, body };
    const deadline = clock.now() + limits.requestTimeout;
    const bytes = await readErrorBody(body, { maxBytes: limits.maxErrorBytes, deadline, clock });
    return { request, status, headers, from, bytes };
  }

  #headers({ request, hop, authorization }: Exchange): Record<string, string> {
    const headers: Record<string, string> = { 'user-agent': this.#parts.userAgent, ...request.headers };
    if (hop.origin === request.endpoint.origin) Object.assign(headers, request.endpoint.headers);
    if (authorization !== undefined) headers['authorization'] = authorization;
    if (isStream(request.body)) headers['content-length'] = String(request.body.size);
    return headers;
  }

  #overLimit(request: HttpRequest, error: BodyLimitError, at: Hop): ArmloadError {
    if (error.limit === 'time') {
      const seconds = this.#parts.limits.requestTimeout / 1000;
      return failure(request, {
        reason: 'timeout',
        outcome: `sent its answer too slowly: it was not complete after ${seconds} seconds`,
        at,
      });
    }
    return failure(request, {
      reason: 'malformed',
      outcome: `sent an answer over the limit of ${request.maxBytes} bytes`,
      at,
      facts: { maxBytes: request.maxBytes },
    });
  }
}

function toBody(body: RequestBody): Uint8Array | Readable {
  return isStream(body) ? Readable.from(body.content(), { objectMode: false }) : body;
}

/** The caller's signal or the client's end. */
export function anySignal(signal: AbortSignal | undefined, life: AbortSignal): AbortSignal {
  return signal === undefined ? life : AbortSignal.any([signal, life]);
}
