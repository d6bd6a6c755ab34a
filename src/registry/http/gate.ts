import type { Clock } from '../../core/index.ts';

/** Longest pause one answer can put on a host, so that an absurd Retry-After can't shut it for good. */
const maxPause = 3_600_000;

/** A host whose pause outlasts what a request may wait. */
export interface TooLong {
  readonly tooLong: true;
  /** Milliseconds until the host may be asked again. */
  readonly pause: number;
}

interface Waiter {
  readonly admit: () => void;
}

/**
 * The turnstile of one host. It lets `limit` requests through at a time; when the host throttles, the limit halves and
 * everybody pauses; answers that come through raise it again, one step for each `limit` good answers
 * (additive increase, multiplicative decrease, as TCP does).
 */
export class HostGate {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #waiters = new Set<Waiter>();
  #limit: number;
  #active = 0;
  #good = 0;
  #pausedUntil = 0;
  #lastCut = 0;
  #streak = 0;
  #unreachable = 0;

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
    this.#limit = max;
  }

  /** Requests allowed at this moment. */
  get limit(): number {
    return this.#limit;
  }

  /** Throttled answers since the last good one. */
  get streak(): number {
    return this.#streak;
  }

  /** True after three failures to connect in a row. */
  get dead(): boolean {
    return this.#unreachable >= 3;
  }

  /** True where a request can pass at once: takes the place. */
  tryEnter(): boolean {
    if (this.#active >= this.#limit || this.#waiters.size > 0) return false;
    if (this.#pausedUntil !== 0 && this.#pausedUntil > this.#clock.now()) return false;
    this.#active += 1;
    return true;
  }

  /**
   * Waits for a place, then for the end of a pause. Gives the milliseconds paused; the turn in the queue isn't counted,
   * because those before it are bounded themselves. The place is taken unless the answer is `TooLong`.
   */
  async enter(patience: number, signal?: AbortSignal): Promise<number | TooLong> {
    const early = this.#pauseLeft();
    if (early > patience) return { tooLong: true, pause: early };
    await this.#place(signal);
    let waited = 0;
    try {
      for (let left = this.#pauseLeft(); left > 0; left = this.#pauseLeft()) {
        if (waited + left > patience) {
          this.leave();
          return { tooLong: true, pause: left };
        }
        await this.#clock.sleep(left, signal);
        waited += left;
      }
    } catch (error) {
      this.leave();
      throw error;
    }
    return waited;
  }

  leave(): void {
    this.#active -= 1;
    this.#admit();
  }

  succeeded(): void {
    this.#streak = 0;
    this.#unreachable = 0;
    if (this.#limit === this.#max) return;
    this.#good += 1;
    if (this.#good < this.#limit) return;
    this.#good = 0;
    this.#limit += 1;
    this.#admit();
  }

  unreachable(): void {
    this.#unreachable += 1;
  }

  /**
   * The host throttled a request that began at `startedAt`. Answers to requests from before the last cut don't cut
   * again: one burst counts once. `pause` is in milliseconds. Gives the pause that's new, 0 where none is.
   */
  throttled(startedAt: number, pause: number): number {
    const now = this.#clock.now();
    if (startedAt >= this.#lastCut) {
      this.#limit = Math.max(1, Math.floor(this.#limit / 2));
      this.#lastCut = now;
      this.#good = 0;
      this.#streak += 1;
    }
    const until = now + Math.min(pause, maxPause);
    if (until <= this.#pausedUntil) return 0;
    this.#pausedUntil = until;
    return until - now;
  }

  #pauseLeft(): number {
    return Math.max(0, this.#pausedUntil - this.#clock.now());
  }

  #place(signal: AbortSignal | undefined): Promise<void> {
    if (this.#active < this.#limit && this.#waiters.size === 0) {
      this.#active += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      if (signal?.aborted) return reject(signal.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  #admit(): void {
    for (const waiter of this.#waiters) {
      if (this.#active >= this.#limit) return;
      this.#waiters.delete(waiter);
      this.#active += 1;
      waiter.admit();
    }
  }
}
