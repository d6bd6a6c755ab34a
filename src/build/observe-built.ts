import { appendObservations, type Observation, readObservations } from '../catalog/index.ts';
import type { BuildResult } from '../results/index.ts';

/**
 * Writes down what a run published in registries for its product: built by armload, its bytes audited. What was written
 * down already is not written again.
 * @throws CatalogError where the folder can't be read or written
 */
export async function observeBuilt(result: BuildResult, folder: string): Promise<void> {
  const { product } = result;
  const seen = observationsOf(result);
  if (product === undefined || seen.length === 0) return;
  const { observations } = await readObservations(folder, product);
  const known = new Set(observations.map(keyOf));
  await appendObservations(
    folder,
    product,
    seen.filter((one) => !known.has(keyOf(one))),
  );
}

function observationsOf({ recipe, images, last }: BuildResult): readonly Observation[] {
  return images.flatMap(({ audit, platform, publish }) =>
    publish.flatMap(({ reference, digest }): Observation[] => {
      if (reference === undefined || digest === undefined || audit?.ok !== true) return [];
      // A folder of one's own tells nobody else anything.
      if (/^oci(?:-archive)?:/.test(reference)) return [];
      const why = `built and published; the bytes say ${audit.verdict}: ${audit.why}`.slice(0, 2048);
      return [{ reference, platform, digest, at: last, method: 'build', recipe, result: 'multi-arch', why }];
    }),
  );
}

function keyOf({ reference, digest = '', method, at }: Observation): string {
  return JSON.stringify([reference, digest, method, at]);
}
