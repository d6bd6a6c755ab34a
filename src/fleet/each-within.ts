import { setMaxListeners } from 'node:events';

export interface EachOptions {
  /** At a time. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The results in the items' order. Where one throws, the others are aborted and waited for.
 * @throws the signal's reason, or what was thrown first.
 */
export async function eachWithin<Item, Result>(
  items: readonly Item[],
  { limit, signal }: EachOptions,
  work: (item: Item, index: number, signal: AbortSignal) => Promise<Result>,
): Promise<readonly Result[]> {
  const own = new AbortController();
  const either = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
  // Every request of every port listens; Node would take that for a leak.
  setMaxListeners(0, either);
  const results: Result[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (either.aborted) return;
      try {
        results[index] = await work(item, index, either);
      } catch (error) {
        failures.push(error);
        own.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return results;
}
