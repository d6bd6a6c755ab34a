interface Watched {
  readonly leavers: Set<() => void>;
  readonly onAbort: () => void;
}

/**
 * Waits for promises or a caller's AbortSignal, with one listener on each signal however many wait: a caller's signal for
 * hundreds of calls is how it's meant, and neither Node's warning of a leak nor the caller's own limit should be touched.
 * The listener is there only while someone waits.
 */
export class AbortWatch {
  readonly #watched = new WeakMap<AbortSignal, Watched>();

  /** The promise's value, or the signal's reason if that comes first. */
  async race<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
    if (!signal) return promise;
    signal.throwIfAborted();
    let leave = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason as Error);
    });
    this.#add(signal, leave);
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      this.#remove(signal, leave);
    }
  }

  #add(signal: AbortSignal, leave: () => void): void {
    const watched = this.#watched.get(signal) ?? this.#listen(signal);
    watched.leavers.add(leave);
  }

  #listen(signal: AbortSignal): Watched {
    const leavers = new Set<() => void>();
    const onAbort = (): void => {
      for (const leave of leavers) leave();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const watched = { leavers, onAbort };
    this.#watched.set(signal, watched);
    return watched;
  }

  #remove(signal: AbortSignal, leave: () => void): void {
    const watched = this.#watched.get(signal);
    if (!watched) return;
    watched.leavers.delete(leave);
    if (watched.leavers.size > 0) return;
    signal.removeEventListener('abort', watched.onAbort);
    this.#watched.delete(signal);
  }
}
