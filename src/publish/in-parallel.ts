export interface ParallelOptions {
  /** Pieces of work at a time. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does `work` on every item, some at a time, and gives the results in the items' order. Where one fails the others are
 * aborted and waited for, so that nothing goes on behind the caller's back.
 * @throws the first error, or the signal's reason.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  { limit, signal }: ParallelOptions,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const own = new AbortController();
  const either = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
  const results: Result[] = new Array<Result>(items.length);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  async function worker(): Promise<void> {
    for (let at = next++; at < items.length && !either.aborted; at = next++) {
      try {
        results[at] = await work(items[at] as Item, either);
      } catch (error) {
        failure ??= { error };
        own.abort();
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  signal?.throwIfAborted();
  if (failure !== undefined) throw failure.error;
  return results;
}
