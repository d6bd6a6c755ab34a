import { AbortWatch } from './abort-watch.ts';

interface Flight<Value> {
  readonly promise: Promise<Value>;
  readonly controller: AbortController;
  waiting: number;
  settled: boolean;
}

/**
 * The same question asked several times at once goes out once. Each asker may leave by its own AbortSignal; the work is
 * aborted when the last one has left. Nothing is remembered afterwards.
 */
export class SharedFlights<Value> {
  readonly #flights = new Map<string, Flight<Value>>();
  readonly #watch: AbortWatch;

  constructor(watch = new AbortWatch()) {
    this.#watch = watch;
  }

  async run(
    key: string,
    start: (signal: AbortSignal) => Promise<Value>,
    signal?: AbortSignal,
  ): Promise<Value> {
    signal?.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#launch(key, start);
    flight.waiting++;
    try {
      return await this.#watch.race(flight.promise, signal);
    } finally {
      flight.waiting--;
      if (flight.waiting === 0 && !flight.settled) {
        this.#forget(key, flight);
        flight.controller.abort(signal?.reason);
      }
    }
  }

  #launch(key: string, start: (signal: AbortSignal) => Promise<Value>): Flight<Value> {
    const controller = new AbortController();
    const flight: Flight<Value> = {
      promise: start(controller.signal).finally(() => {
        flight.settled = true;
        this.#forget(key, flight);
      }),
      controller,
      waiting: 0,
      settled: false,
    };
    // Everyone may have left by the time it fails.
    flight.promise.catch(() => undefined);
    this.#flights.set(key, flight);
    return flight;
  }

  #forget(key: string, flight: Flight<Value>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
