import type { Clock, EventSink } from '../../core/index.ts';
import type { RegistryError } from '../errors.ts';
import type { Quota } from '../types.ts';
import { failure, outcomeOf } from './failure.ts';
import { HostGate } from './gate.ts';
import type { Limits } from './limits.ts';
import { type HttpAnswer, type HttpRequest, headerOf, isRepeatable } from './message.ts';
import { parseQuota } from './quota.ts';
import type { Hop } from './redirect.ts';
import { backoff, parseRetryAfter } from './retry.ts';

interface ThrottleOptions {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onEvent: EventSink;
}

/** What one request has spent so far. */
export interface Spent {
  tries: number;
  throttles: number;
  /** Milliseconds. */
  waited: number;
}

/** One hop of one request. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly hop: Hop;
  readonly authorization: string | undefined;
  readonly spent: Spent;
}

/** Keeps to what hosts allow: a gate an origin, and the quotas that registries announce. */
export class Throttle {
  readonly #options: ThrottleOptions;
  readonly #gates = new Map<string, HostGate>();
  readonly #quotas = new Map<string, Quota>();

  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  gate(origin: string, request: HttpRequest): HostGate {
    const known = this.#gates.get(origin);
    if (known !== undefined) return known;
    const gate = new HostGate(this.#options.clock, request.endpoint.connection.maxConcurrency);
    this.#gates.set(origin, gate);
    return gate;
  }

  quota(registry: string): Quota | undefined {
    return this.#quotas.get(registry);
  }

  /** Waits until the host takes the request. @throws RegistryError `rate-limited` where that's too long. */
  async enter(gate: HostGate, { request, hop, spent }: Exchange, signal: AbortSignal): Promise<void> {
    const { maxWait } = this.#options.limits;
    const entered = await gate.enter(maxWait - spent.waited, signal);
    if (typeof entered === 'number') {
      spent.waited += entered;
      return;
    }
    const seconds = Math.ceil(entered.pause / 1000);
    throw failure(request, {
      reason: 'rate-limited',
      outcome: `asks for a pause of ${seconds} more seconds; armload waits ${maxWait / 1000} seconds at most`,
      at: hop,
      hint: this.#hint(request),
      facts: { retryAfterSeconds: seconds },
    });
  }

  /** Notes a throttled answer. `undefined` where the request may try again, else the error it ends with. */
  throttled(answer: HttpAnswer, exchange: Exchange, startedAt: number): RegistryError | undefined {
    const { limits, random, onEvent } = this.#options;
    const { request, spent, hop } = exchange;
    const gate = this.gate(hop.origin, request);
    const asked = this.retryAfter(answer) ?? backoff(limits.backoff * 2, gate.streak, random);
    // A registry that says "0 seconds" still gets a breath.
    const pause = Math.max(asked, 100);
    const fresh = gate.throttled(startedAt, pause);
    spent.throttles += 1;
    if (fresh > 0) {
      onEvent({ type: 'throttled', registry: request.endpoint.registry, seconds: Math.ceil(fresh / 1000) });
    }
    const patient = spent.waited + pause <= limits.maxWait && spent.throttles < limits.throttledAttempts;
    if (patient && isRepeatable(request)) return undefined;
    return failure(request, {
      reason: 'rate-limited',
      outcome: `${outcomeOf(answer)}; waited ${Math.round(spent.waited / 1000)} seconds for it so far`,
      answer,
      hint: this.#hint(request),
      facts: { retryAfterSeconds: Math.ceil(pause / 1000) },
    });
  }

  retryAfter(answer: HttpAnswer): number | undefined {
    const header = headerOf(answer.headers, 'retry-after');
    return header === undefined ? undefined : parseRetryAfter(header, this.#options.clock.now());
  }

  noteQuota({ endpoint }: HttpRequest, answer: HttpAnswer): void {
    const limit = headerOf(answer.headers, 'ratelimit-limit');
    if (limit === undefined) return;
    const quota = parseQuota(limit, headerOf(answer.headers, 'ratelimit-remaining'));
    if (quota === undefined) return;
    const before = this.#quotas.get(endpoint.registry);
    this.#quotas.set(endpoint.registry, quota);
    if (before?.remaining === quota.remaining && before.limit === quota.limit) return;
    this.#options.onEvent({ type: 'quota', registry: endpoint.registry, ...quota });
  }

  #hint({ endpoint, authorization }: HttpRequest): string {
    const quota = this.#quotas.get(endpoint.registry);
    const known =
      quota && `${quota.remaining} of ${quota.limit} requests are left per ${quota.windowSeconds} seconds. `;
    const signIn = authorization === undefined ? 'Sign in for a higher limit, ask' : 'Ask';
    return `${known ?? ''}${signIn} again later, or configure a mirror of ${endpoint.registry}.`;
  }
}
