interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/** A bounded number at a time. The biggest go first, so that none of them is at work alone in the end. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<Waiting>();

  constructor(count: number) {
    this.#free = count;
  }

  async enter(bytes: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(waiting);
        reject(signal?.reason as Error);
      };
      const enter = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const waiting = { bytes, enter };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  leave(): void {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) if (next === undefined || waiting.bytes > next.bytes) next = waiting;
    if (next === undefined) this.#free++;
    else {
      this.#waiting.delete(next);
      next.enter();
    }
  }
}
