import { systemClock } from '../core/index.ts';
import type { Observation } from '../results/index.ts';
import type { RemedySource } from '../scan/index.ts';
import type { CatalogSettings } from './catalog-settings.ts';
import type { Io } from './io.ts';

/**
 * Opens the catalog for a scan: its code and its files are read only where something isn't ready.
 * @throws CatalogError for a catalog that can't be read.
 */
export async function openScanCatalog(
  { folders, observations }: CatalogSettings,
  { cwd, environment, signal }: Pick<Io, 'cwd' | 'environment' | 'signal'>,
): Promise<RemedySource> {
  const { defaultObservationsFolder, loadCatalog, readObservations } = await import('../catalog/index.ts');
  const catalog = await loadCatalog({ folders, cwd, signal });
  const folder = observations ?? defaultObservationsFolder(environment);
  const kept = new Map<string, readonly Observation[]>();
  return {
    remediesFor: async (reference, { platform }) => {
      const product = catalog.byImage(reference)?.product.name;
      if (product === undefined) return [];
      if (!kept.has(product))
        kept.set(product, (await readObservations(folder, product, { signal })).observations);
      return catalog.remediesFor(reference, {
        platform,
        observations: (name) => kept.get(name) ?? [],
        now: systemClock.now(),
      });
    },
  };
}
