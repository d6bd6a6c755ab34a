import { buildImage, type ImageSpec } from '../fixture/index.ts';
import { createLayerReader, mergeLayers } from '../layer/index.ts';
import { parseConfig, parseManifest, parsePlatform, parseRunSettings } from '../oci/index.ts';
import type { StartOverride, Subject } from './types.ts';

export interface SubjectSpec extends Omit<ImageSpec, 'platform'> {
  /** What the image is audited for; `linux/arm64` unless told. */
  readonly platform?: string;
  readonly override?: StartOverride;
}

/** A real image, made and read in memory: tar, gzip, layer reader and merged view are those of an audit. */
export async function subjectOf(spec: SubjectSpec): Promise<Subject> {
  const { override = {}, platform: written = 'linux/arm64', ...rest } = spec;
  const platform = parsePlatform(written);
  if (platform === undefined) throw new TypeError(`${written} is no platform`);
  const image = await buildImage({ ...rest, platform });
  const manifest = parseManifest(image.manifest.bytes);
  if (manifest.kind !== 'image') throw new TypeError('the fixture is no image');
  const config = parseConfig(image.config.bytes);
  const blobs = new Map(image.blobs.map((blob) => [blob.descriptor.digest, blob.bytes]));
  const repository = {
    name: 'example.com/app',
    async *blob({ digest }: { digest: string }) {
      yield blobs.get(digest as never) ?? new Uint8Array();
    },
  };
  const reader = createLayerReader({ workerFile: 'none' });
  const layers = await Promise.all(
    manifest.layers.map((descriptor) => reader.read({ repository, descriptor })),
  );
  await reader.close();
  const history = config.history.filter(({ emptyLayer }) => !emptyLayer);
  return {
    platform,
    config,
    run: parseRunSettings(image.config.bytes),
    override,
    view: mergeLayers(layers),
    layers: manifest.layers.map((descriptor, index) => {
      const createdBy = history[index]?.createdBy;
      return {
        descriptor,
        diffId: layers[index]?.diffId ?? descriptor.digest,
        ...(createdBy === undefined ? {} : { createdBy }),
      };
    }),
  };
}
