/** In the order of the items, at most so many at a time. @throws what the first failing step throws, when all have ended. */
export async function inParallel<T, R>(
  items: readonly T[],
  count: number,
  step: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await step(item);
  };
  const settled = await Promise.allSettled(Array.from({ length: Math.min(count, items.length) }, work));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return results;
}
