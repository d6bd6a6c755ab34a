import { setMaxListeners } from 'node:events';
import type { Clock, EventSink } from '../../core/index.ts';
import type { Quota } from '../types.ts';
import { Connections } from './connections.ts';
import { anySignal, Exchanger, HopError, Throttled } from './exchange.ts';
import { connectionFailure, failure, isPassing, outcomeOf } from './failure.ts';
import type { Limits } from './limits.ts';
import { type HttpAnswer, type HttpRequest, headerOf, isRepeatable, isStream } from './message.ts';
import type { Environment } from './proxy.ts';
import { type Hop, nextHop, redirectStatuses } from './redirect.ts';
import { backoff, retriedStatuses } from './retry.ts';
import { type HostStatistics, Statistics } from './statistics.ts';
import { type Spent, Throttle } from './throttle.ts';

export interface EngineOptions {
  readonly limits: Limits;
  readonly environment: Environment;
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly onEvent: EventSink;
  readonly userAgent: string;
  /** PEM texts trusted for every host, besides the usual ones. */
  readonly ca: readonly string[];
}

/**
 * Sends requests: bounded in number, time and size; throttled by host; retried where that's safe; redirected without
 * carrying secrets along. It knows nothing of registries' authorization beyond one header.
 */
export class Engine {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly #options: EngineOptions;
  readonly #connections: Connections;
  readonly #throttle: Throttle;
  readonly #exchanger: Exchanger;
  readonly #statistics = new Statistics();
  readonly #life = new AbortController();
  readonly #signals = new WeakSet<AbortSignal>();

  constructor(options: EngineOptions) {
    this.#expectListeners(this.life);
    this.#options = options;
    this.limits = options.limits;
    this.clock = options.clock;
    const warn = (message: string) => options.onEvent({ type: 'warning', message });
    this.#connections = new Connections({ ...options, warn });
    this.#throttle = new Throttle(options);
    this.#exchanger = new Exchanger({
      ...options,
      connections: this.#connections,
      throttle: this.#throttle,
      statistics: this.#statistics,
      life: this.life,
    });
  }

  /** Aborted when the engine closes: work shared between callers runs under it. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  quota(registry: string): Quota | undefined {
    return this.#throttle.quota(registry);
  }

  statistics(): readonly HostStatistics[] {
    return this.#statistics.snapshot();
  }

  debug(message: string): void {
    this.#options.onEvent({ type: 'debug', message });
  }

  /** Ends everything in flight with an AbortError. */
  async close(): Promise<void> {
    this.#life.abort(new DOMException('the registry client was closed', 'AbortError'));
    await this.#connections.destroy();
  }

  /**
   * Any answer but a throttled one is given back, whatever its status.
   * @throws RegistryError `network`, `timeout`, `malformed` (too large, bad redirect) or `rate-limited`; an AbortError.
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    request.signal?.throwIfAborted();
    this.life.throwIfAborted();
    this.#expectListeners(request.signal);
    const spent: Spent = { tries: 0, throttles: 0, waited: 0 };
    for (;;) {
      const answer = await this.#try(request, spent);
      if (answer !== undefined) return answer;
    }
  }

  /** One signal for hundreds of requests is how it's meant, so Node's warning of a leak would mislead. */
  #expectListeners(signal: AbortSignal | undefined): void {
    if (signal === undefined || this.#signals.has(signal)) return;
    this.#signals.add(signal);
    setMaxListeners(0, signal);
  }

  /** One try; `undefined` asks for another one. */
  async #try(request: HttpRequest, spent: Spent): Promise<HttpAnswer | undefined> {
    try {
      spent.tries += 1;
      const { target: hop, authorization } = request;
      let answer = await this.#exchanger.exchange({ request, hop, authorization, spent });
      if (redirectStatuses.has(answer.status)) answer = await this.#follow(answer, spent);
      if (!retriedStatuses.has(answer.status)) return answer;
      return (await this.#again(request, spent, answer)) ? undefined : answer;
    } catch (error) {
      if (error instanceof Throttled) {
        // Bounded by its own count and by the waiting it costs.
        spent.tries -= 1;
        return undefined;
      }
      if (!(error instanceof HopError)) throw error;
      if (isPassing(error.cause) && (await this.#again(request, spent))) return undefined;
      throw connectionFailure(request, error.cause, error.at);
    }
  }

  /** Waits before another try; false where there's none left. */
  async #again(request: HttpRequest, spent: Spent, answer?: HttpAnswer): Promise<boolean> {
    const { limits, clock, random } = this.#options;
    // One try each is enough for a host that nobody reached so far.
    const { dead } = this.#throttle.gate(request.target.origin, request);
    if (!isRepeatable(request) || dead || spent.tries >= limits.attempts) return false;
    const asked = answer && this.#throttle.retryAfter(answer);
    const wait = Math.max(asked ?? 0, backoff(limits.backoff, spent.tries - 1, random));
    if (spent.waited + wait > limits.maxWait) return false;
    spent.waited += wait;
    this.debug(
      `${request.what}: trying again in ${wait} ms${answer ? `; the host ${outcomeOf(answer)}` : ''}`,
    );
    await clock.sleep(wait, anySignal(request.signal, this.life));
    return true;
  }

  async #follow(redirect: HttpAnswer, spent: Spent): Promise<HttpAnswer> {
    const { request } = redirect;
    const seen = new Set<string>();
    let { authorization } = request;
    for (let answer = redirect; ; ) {
      const { from } = answer;
      seen.add(from.origin + from.path);
      const hop = this.#redirected(request, answer, seen);
      // Once dropped it stays dropped: a foreign host must not steer it by redirecting back.
      if (hop.origin !== from.origin) authorization = undefined;
      answer = await this.#exchanger.exchange({ request, hop, authorization, spent });
      if (!redirectStatuses.has(answer.status)) return answer;
    }
  }

  #redirected(request: HttpRequest, answer: HttpAnswer, seen: ReadonlySet<string>): Hop {
    const refuse = (why: string) =>
      failure(request, {
        reason: 'malformed',
        outcome: `sent a redirect that is not followed: ${why}`,
        answer,
      });
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (!reads && answer.status !== 307 && answer.status !== 308)
      throw refuse(`${answer.status} to a change`);
    if (isStream(request.body)) throw refuse('the content of an upload is sent once');
    const next = nextHop(answer.from, headerOf(answer.headers, 'location'), request.body !== undefined);
    if (typeof next === 'string') throw refuse(next);
    if (seen.has(next.origin + next.path)) throw refuse('it goes in a circle');
    if (seen.size > this.limits.maxRedirects) throw refuse(`more than ${this.limits.maxRedirects} in a row`);
    return next;
  }
}
