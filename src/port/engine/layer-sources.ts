import type { LayerSource } from '../../layer/index.ts';
import type { ImageConfig, ImageManifest } from '../../oci/index.ts';

/** The layers of an image, with what its config says of them. */
export function layerSources(
  repository: LayerSource['repository'],
  manifest: ImageManifest,
  { diffIds }: ImageConfig,
): readonly LayerSource[] {
  return manifest.layers.map((descriptor, index) => {
    const diffId = diffIds[index];
    return { repository, descriptor, ...(diffId === undefined ? {} : { diffId }) };
  });
}
