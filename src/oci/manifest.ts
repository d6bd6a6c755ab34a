import * as z from 'zod';
import type { Digest } from './digest.ts';
import {
  check,
  digestSchema,
  isObject,
  list,
  malformed,
  optional,
  parseJsonObject,
  platformFields,
  readPlatform,
  stringMap,
  text,
} from './document.ts';
import { imageConfigTypes, indexTypes, manifestTypes, mediaTypes } from './media-types.ts';
import type { Platform } from './platform.ts';

/** A content descriptor (image-spec descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  /** The content itself, base64, where the producer put it in. To be verified like any other. */
  readonly data?: string;
}

/** One entry of an index. `platform` is absent where the index doesn't say it. */
export interface IndexEntry extends Descriptor {
  readonly platform?: Platform;
}

export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly IndexEntry[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
}

/** A manifest that is no container image: a chart, a signature, an attestation, an SBOM, a wasm module. */
export interface ArtifactManifest {
  readonly kind: 'artifact';
  readonly mediaType: string;
  readonly artifactType: string;
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
}

/** Docker's first format: recognised, its architecture read, its layers not. */
export interface Schema1Manifest {
  readonly kind: 'schema1';
  readonly mediaType: string;
  readonly architecture?: string;
}

export type Manifest = Index | ImageManifest | ArtifactManifest | Schema1Manifest;

const descriptorFields = {
  mediaType: text,
  digest: digestSchema,
  size: z.int().min(0),
  annotations: stringMap,
  artifactType: text,
  data: text,
};
const descriptorSchema = z.object(descriptorFields);
const commonFields = {
  mediaType: text,
  artifactType: text,
  annotations: stringMap,
  subject: descriptorSchema.nullish(),
};
const indexEntrySchema = z.object({ ...descriptorFields, platform: z.object(platformFields).nullish() });
const indexSchema = z.object({ ...commonFields, manifests: list(indexEntrySchema) });
const manifestSchema = z.object({
  ...commonFields,
  config: descriptorSchema,
  layers: list(descriptorSchema),
});
const ociArtifactSchema = z.object({ ...commonFields, blobs: list(descriptorSchema) });

/**
 * Reads a manifest of any kind. The structure decides what it is, and the body's `mediaType` must not contradict it;
 * the Content-Type is a hint only, because registries send wrong ones and OCI 1.0 documents may leave `mediaType` out.
 * A document that one client could take for an index and another for a manifest is refused (CVE-2021-41190).
 * @throws DocumentError `DOCUMENT_TOO_LARGE` or `DOCUMENT_MALFORMED`, naming the member at fault.
 */
export function parseManifest(bytes: Uint8Array, contentType?: string): Manifest {
  const document = parseJsonObject(bytes, 'manifest');
  const declared =
    typeof document['mediaType'] === 'string' && document['mediaType'] !== ''
      ? document['mediaType']
      : undefined;
  const hinted = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  switch (structureOf(document)) {
    case 'schema1':
      return schema1(document);
    case 'index':
      if (declared !== undefined && manifestTypes.has(declared)) throw contradiction('an index', declared);
      return readIndex(document, declared ?? knownHint(hinted, mediaTypes.dockerList) ?? mediaTypes.ociIndex);
    case 'manifest':
      if (declared !== undefined && indexTypes.has(declared)) throw contradiction('a manifest', declared);
      return readImage(
        document,
        declared ?? knownHint(hinted, mediaTypes.dockerManifest) ?? mediaTypes.ociManifest,
      );
    case 'artifact':
      return readOciArtifact(document);
  }
}

/** @throws DocumentError where the members fit several structures, or none. */
function structureOf(document: Record<string, unknown>): 'schema1' | 'index' | 'manifest' | 'artifact' {
  const has = (name: string) => document[name] !== undefined && document[name] !== null;
  const isManifest = has('config') || has('layers');
  if (has('fsLayers') || document['schemaVersion'] === 1) {
    if (isManifest || has('manifests')) throw malformed('manifest', 'it mixes schema 1 with a later schema');
    return 'schema1';
  }
  if (has('manifests') && isManifest)
    throw malformed('manifest', 'it has "manifests" beside "config" or "layers"');
  if (isManifest && isObject(document['config'])) return 'manifest';
  if (isManifest) throw malformed('manifest', 'its "config" is missing');
  if (document['mediaType'] === mediaTypes.ociArtifactManifest) return 'artifact';
  // Go writes an empty list as null.
  if ('manifests' in document) return 'index';
  throw malformed('manifest', 'it has neither "manifests" nor "config"');
}

function contradiction(structure: string, declared: string): Error {
  return malformed('manifest', `it is built as ${structure}, but its mediaType is ${declared}`);
}

function knownHint(hinted: string | undefined, expected: string): string | undefined {
  return hinted === expected ? hinted : undefined;
}

function readIndex(document: unknown, mediaType: string): Index {
  const value = check(indexSchema, document, 'index');
  return {
    kind: 'index',
    mediaType,
    manifests: value.manifests.map((entry) => ({
      ...descriptor(entry),
      ...optional('platform', readPlatform(entry.platform)),
    })),
    ...common(value),
    ...optional('artifactType', value.artifactType),
  };
}

function readImage(document: unknown, mediaType: string): ImageManifest | ArtifactManifest {
  const value = check(manifestSchema, document, 'manifest');
  const config = descriptor(value.config);
  const layers = value.layers.map(descriptor);
  const rest = { mediaType, config, layers, ...common(value) };
  if (isContainerImage(config, layers)) return { kind: 'image', ...rest };
  return { kind: 'artifact', ...rest, artifactType: value.artifactType ?? foreignType(config, layers) };
}

/** Config types that registries and old Docker versions put in the place of the right one (moby #22378, #30083). */
const defaultedConfigTypes: ReadonlySet<string> = new Set([
  '',
  'application/octet-stream',
  'application/json',
  'text/html',
]);

/**
 * cosign signatures and BuildKit attestations borrow the image config's media type, so the layers are asked too: an
 * image has at least one file system layer, or none at all.
 */
function isContainerImage(config: Descriptor, layers: readonly Descriptor[]): boolean {
  if (imageConfigTypes.has(config.mediaType)) return layers.length === 0 || layers.some(mayBeFileSystem);
  return defaultedConfigTypes.has(config.mediaType) && layers.some(mayBeFileSystem);
}

/** Without a media type nothing speaks against it, and "not an image" would be a guess. */
function mayBeFileSystem(layer: Descriptor): boolean {
  return (
    layer.mediaType === '' ||
    /^application\/vnd\.(oci\.image\.layer|docker\.image\.rootfs)\./.test(layer.mediaType)
  );
}

function foreignType(config: Descriptor, layers: readonly Descriptor[]): string {
  const telling = imageConfigTypes.has(config.mediaType) ? layers[0]?.mediaType : config.mediaType;
  return telling || 'unknown';
}

function readOciArtifact(document: unknown): ArtifactManifest {
  const value = check(ociArtifactSchema, document, 'artifact manifest');
  return {
    kind: 'artifact',
    mediaType: mediaTypes.ociArtifactManifest,
    artifactType: value.artifactType ?? 'unknown',
    layers: value.blobs.map(descriptor),
    ...common(value),
  };
}

/** Registries serve schema 1 under whatever Content-Type; the signatures tell which of the two it is. */
function schema1(document: Record<string, unknown>): Schema1Manifest {
  const value = check(z.object({ architecture: text }), document, 'schema 1 manifest');
  const isSigned = Array.isArray(document['signatures']);
  return {
    kind: 'schema1',
    mediaType: isSigned ? mediaTypes.dockerSchema1Signed : mediaTypes.dockerSchema1,
    ...optional('architecture', value.architecture),
  };
}

function common(value: {
  annotations?: Record<string, string> | undefined;
  subject?: z.output<typeof descriptorSchema> | null | undefined;
}) {
  return {
    ...optional('annotations', value.annotations),
    ...optional('subject', value.subject ? descriptor(value.subject) : undefined),
  };
}

function descriptor(value: z.output<typeof descriptorSchema>): Descriptor {
  return {
    mediaType: value.mediaType ?? '',
    digest: value.digest,
    size: value.size,
    ...optional('annotations', value.annotations),
    ...optional('artifactType', value.artifactType),
    ...optional('data', value.data),
  };
}

/**
 * Attestation manifests, as BuildKit stores them beside the images they speak of: marked by the annotation, by the
 * platform `unknown/unknown`, or both (BuildKit, "Image attestation storage"). No host runs either.
 */
export function isAttestation(entry: IndexEntry): boolean {
  return (
    entry.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest' ||
    (entry.platform?.os === 'unknown' && entry.platform.architecture === 'unknown')
  );
}
