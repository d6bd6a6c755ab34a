import type { Clock } from '../../core/index.ts';

export interface PersistentOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds, for all tries together. */
  readonly time: number;
  /** May the failure be gone with the next try? */
  readonly isPassing: (error: unknown) => boolean;
  /** What is thrown where the time is over. */
  readonly timedOut: () => Error;
}

/** Milliseconds before the second and the third try. */
const pauses = [500, 2000];

/** Tries up to three times where the network may be at fault. @throws what the last try threw, or the signal's reason. */
export async function persistent<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { clock, signal, time, isPassing, timedOut }: PersistentOptions,
): Promise<T> {
  const limit = AbortSignal.timeout(time);
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  for (let tries = 0; ; tries += 1) {
    try {
      either.throwIfAborted();
      return await attempt(either);
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.aborted) throw timedOut();
      const pause = pauses[tries];
      if (pause === undefined || !isPassing(error)) throw error;
      await clock.sleep(pause, signal);
    }
  }
}
