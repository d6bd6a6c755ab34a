import { type Descriptor, digestOf, mediaTypes } from '../../oci/index.ts';
import type { Attachment, AttestedImage } from './types.ts';

/** A document to be attached, and how it is announced. */
export interface Referring {
  readonly kind: string;
  readonly signed: boolean;
  /** Of the referrer and of its one layer. */
  readonly artifactType: string;
  readonly bytes: Uint8Array;
  /** Of the manifest: registries show them in the list of referrers. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly layerAnnotations?: Readonly<Record<string, string>>;
}

/** There is no configuration to speak of (image-spec manifest.md, "Guidance for an Empty Descriptor"). */
const emptyConfig = new TextEncoder().encode('{}');

/** A referrer of an image that holds one document (image-spec manifest.md, "Guidelines for Artifact Usage"). */
export function referrer(image: AttestedImage, document: Referring): Attachment {
  const { kind, signed, artifactType, bytes, annotations, layerAnnotations } = document;
  const config = describe(mediaTypes.ociEmpty, emptyConfig);
  const layer = describe(artifactType, bytes, layerAnnotations);
  const { mediaType, digest, size } = image.descriptor;
  const manifest = new TextEncoder().encode(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType,
      config,
      layers: [layer],
      subject: { mediaType, digest, size },
      ...(annotations === undefined ? {} : { annotations }),
    }),
  );
  return {
    kind,
    signed,
    artifactType,
    manifest: { digest: digestOf(manifest), mediaType: mediaTypes.ociManifest, bytes: manifest },
    blobs: [
      { descriptor: config, bytes: emptyConfig },
      { descriptor: layer, bytes },
    ],
  };
}

function describe(
  mediaType: string,
  bytes: Uint8Array,
  annotations?: Readonly<Record<string, string>>,
): Descriptor {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  return annotations === undefined ? descriptor : { ...descriptor, annotations };
}
