import type { LayerSource, MergedView } from '../../layer/index.ts';
import {
  type Descriptor,
  type Digest,
  digestOf,
  type ImageManifest,
  mediaTypes,
  type Platform,
} from '../../oci/index.ts';
import type { AssembledLayers } from '../assembly/index.ts';
import type { PortableImage } from '../base/index.ts';
import { type ConfigMerge, mergeConfig, type OwnLayer } from '../config/index.ts';
import type { PortBase } from './bases.ts';

/** The image that a port makes, as documents. */
export interface NewImage {
  readonly manifest: { readonly digest: Digest; readonly mediaType: string; readonly bytes: Uint8Array };
  readonly config: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
  readonly merge: ConfigMerge;
  /** Lowest first, the base's too. */
  readonly layers: readonly LayerSource[];
}

export interface NewImageParts {
  readonly source: PortableImage;
  readonly base: PortBase;
  readonly assembled: AssembledLayers;
  /** The new image's files, read back; and the source image's. */
  readonly view: MergedView;
  readonly originalView: MergedView;
  readonly target: Platform;
  /** RFC 3339; the source image's own time unless told. */
  readonly created: string | undefined;
}

const baseDigestKey = 'org.opencontainers.image.base.digest';

/** Config and manifest of the new image. Equal input gives equal bytes. @throws DocumentError where a config can't be merged. */
export function newImage(parts: NewImageParts): NewImage {
  const { base, assembled } = parts;
  const merge = mergedConfig(parts);
  const own = assembled.layers.map(
    ({ descriptor, diffId, blob }): LayerSource => ({
      repository: { name: 'the new image', blob },
      descriptor,
      diffId,
    }),
  );
  const layers = [...base.newLayers, ...own];
  const family = familyOf(parts.source.manifest, layers);
  const config = {
    mediaType: family.config,
    digest: digestOf(merge.bytes),
    size: merge.bytes.length,
  };
  const annotations = annotationsOf(parts.source.manifest, base);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: family.manifest,
      config,
      layers: layers.map(({ descriptor }) => layerDescriptor(descriptor, family)),
      ...(family.manifest === mediaTypes.ociManifest && annotations !== undefined ? { annotations } : {}),
    }),
  );
  return {
    manifest: { digest: digestOf(bytes), mediaType: family.manifest, bytes },
    config: { descriptor: config, bytes: merge.bytes },
    merge,
    layers,
  };
}

function mergedConfig({
  source,
  base,
  assembled,
  view,
  originalView,
  target,
  created,
}: NewImageParts): ConfigMerge {
  const { found } = base;
  return mergeConfig({
    app: source.configBytes,
    ...(found === undefined
      ? {}
      : {
          oldBase: found.source.configBytes,
          newBase: found.target.configBytes,
          baseDigest: found.target.descriptor.digest,
        }),
    platform: target,
    ...{ view, originalView },
    layers: ownLayers(assembled),
    ...(created === undefined ? {} : { created }),
  });
}

function ownLayers({ layers, account }: AssembledLayers): readonly OwnLayer[] {
  const changed = new Map<number, number>();
  for (const { layer, outcome } of account.records)
    if (outcome !== 'kept') changed.set(layer, (changed.get(layer) ?? 0) + 1);
  return layers.map(({ kind, diffId }, original) => {
    if (kind === 'kept') return { diffId, original };
    const count = changed.get(original) ?? 0;
    return {
      diffId,
      original,
      comment: `armload port: ${count === 1 ? '1 path' : `${count} paths`} changed`,
    };
  });
}

interface Family {
  readonly manifest: string;
  readonly config: string;
  readonly layer: 'oci' | 'docker';
}

const oci: Family = { manifest: mediaTypes.ociManifest, config: mediaTypes.ociConfig, layer: 'oci' };
const docker: Family = {
  manifest: mediaTypes.dockerManifest,
  config: mediaTypes.dockerConfig,
  layer: 'docker',
};

/** Docker's manifests know gzip and plain tar only (image manifest v2, schema 2). */
function familyOf({ mediaType }: ImageManifest, layers: readonly LayerSource[]): Family {
  if (mediaType !== mediaTypes.dockerManifest) return oci;
  return layers.some(({ descriptor }) => descriptor.mediaType.endsWith('+zstd')) ? oci : docker;
}

/** The base's layers may come from an image of the other family: the blob is the same. */
function layerDescriptor({ mediaType, digest, size, annotations }: Descriptor, family: Family): Descriptor {
  const kept = annotations === undefined || family.layer === 'docker' ? {} : { annotations };
  return { mediaType: typeIn(mediaType, family), digest, size, ...kept };
}

function typeIn(mediaType: string, { layer }: Family): string {
  const isDocker = mediaType.startsWith('application/vnd.docker.');
  if (isDocker === (layer === 'docker')) return mediaType;
  if (layer === 'docker')
    return `application/vnd.docker.image.rootfs.diff.tar${mediaType.endsWith('+gzip') ? '.gzip' : ''}`;
  return `application/vnd.oci.image.layer.v1.tar${mediaType.endsWith('.gzip') ? '+gzip' : ''}`;
}

function annotationsOf(
  { annotations }: ImageManifest,
  { found }: PortBase,
): Readonly<Record<string, string>> | undefined {
  if (annotations === undefined) return undefined;
  if (found === undefined || annotations[baseDigestKey] === undefined) return annotations;
  return { ...annotations, [baseDigestKey]: found.target.descriptor.digest };
}
