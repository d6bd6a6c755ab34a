import { setTimeout as delay } from 'node:timers/promises';

/** Time as a dependency, so that tests of waiting need not wait. Milliseconds since the epoch. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal === undefined ? {} : { signal }),
};
