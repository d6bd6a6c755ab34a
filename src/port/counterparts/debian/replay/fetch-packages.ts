import type { OriginContext, Refusal } from '../../../origin-types.ts';
import type { Counterpart } from '../counterparts/index.ts';
import type { InstalledPackage } from '../database/index.ts';
import type { PackageStore, StoredPackage } from '../store/index.ts';
import { storeRefusal } from './package-refusal.ts';

/** An installed package and what was found for it. */
export interface FoundPackage {
  readonly installed: InstalledPackage;
  readonly counterpart: Counterpart;
}

export interface FetchedPackages {
  readonly fetched: readonly (FoundPackage & { readonly stored: StoredPackage })[];
  readonly refusals: readonly Refusal[];
}

/** Gets all of them, as many at a time as the store takes. @throws the signal's reason. */
export async function fetchPackages(
  found: readonly FoundPackage[],
  store: PackageStore,
  { signal, onEvent }: Pick<OriginContext, 'signal' | 'onEvent'>,
): Promise<FetchedPackages> {
  const total = found.length;
  let done = 0;
  const get = async (one: FoundPackage): Promise<FetchedPackages> => {
    try {
      const stored = await store.get(one.counterpart, signal === undefined ? {} : { signal });
      return { fetched: [{ ...one, stored }], refusals: [] };
    } catch (error) {
      signal?.throwIfAborted();
      return { fetched: [], refusals: [storeRefusal(one.installed, error)] };
    } finally {
      done += 1;
      onEvent?.({ type: 'progress', done, total });
    }
  };
  const settled = await Promise.allSettled(found.map(get));
  return {
    fetched: settled.flatMap((one) => settledValue(one).fetched),
    refusals: settled.flatMap((one) => settledValue(one).refusals),
  };
}

function settledValue<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}
