/** One at a time for each key: who comes second finds done what the first did. Nothing is remembered afterwards. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** @throws what the work throws, or the signal's reason where that comes before its turn. */
  async take<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const before = this.#last.get(key);
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    // One who gave up waiting lets nobody past those before.
    const own = before === undefined ? left : before.then(() => left);
    this.#last.set(key, own);
    try {
      if (before !== undefined) await unlessAborted(before, signal);
      return await work();
    } finally {
      leave();
      if (this.#last.get(key) === own) this.#last.delete(key);
    }
  }
}

async function unlessAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
