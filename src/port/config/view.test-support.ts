import { buildImage } from '../../fixture/index.ts';
import { createLayerReader, type MergedView, mergeLayers } from '../../layer/index.ts';
import { type Digest, parseManifest } from '../../oci/index.ts';
import type { TarMember } from '../../tar/index.ts';

const arm64 = { os: 'linux', architecture: 'arm64' };

/** The files of an image of one layer, read as a port reads them. */
export async function viewOf(...members: readonly TarMember[]): Promise<MergedView> {
  const image = await buildImage({ platform: arm64, layers: [members] });
  const manifest = parseManifest(image.manifest.bytes);
  if (manifest.kind !== 'image') throw new TypeError('the fixture is no image');
  const blobs = new Map(image.blobs.map(({ descriptor, bytes }) => [descriptor.digest, bytes]));
  const repository = {
    name: 'example.com/app',
    async *blob({ digest }: { digest: Digest }) {
      yield blobs.get(digest) ?? new Uint8Array();
    },
  };
  const reader = createLayerReader({ workerFile: 'none' });
  const layers = await Promise.all(
    manifest.layers.map((descriptor) => reader.read({ repository, descriptor })),
  );
  await reader.close();
  return mergeLayers(layers);
}
