import { z } from 'zod';
import { type Digest, isDigest } from './digest.ts';
import { DocumentError } from './errors.ts';
import { imageConfigTypes, mediaTypes } from './media-types.ts';
import { normalizePlatform, type Platform } from './platform.ts';

/** Manifests above 4 MiB are refused (distribution-spec, "Pushing Manifests", names that size). */
export const maxManifestBytes = 4 * 1024 * 1024;
/** Entries of one index, above which it is refused. */
export const maxIndexEntries = 10_000;

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

const digestSchema = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), {
  message: 'is not a sha256 or sha512 digest',
});
// Producers write null for absent members (Go's encoder does); both mean absent.
const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const annotations = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) =>
    value
      ? Object.fromEntries(
          Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
        )
      : undefined,
  );
const descriptorFields = {
  mediaType: text,
  digest: digestSchema,
  size: z.int().min(0),
  annotations,
  artifactType: text,
  data: text,
};
const descriptorSchema = z.object(descriptorFields);
const platformSchema = z.object({
  os: text,
  architecture: text,
  variant: text,
  'os.version': text,
  'os.features': z.array(z.string()).nullish(),
});
const indexEntrySchema = z.object({ ...descriptorFields, platform: platformSchema.nullish() });
const indexSchema = z.object({
  mediaType: text,
  manifests: z.array(indexEntrySchema).max(maxIndexEntries).nullable(),
  annotations,
  artifactType: text,
  subject: descriptorSchema.nullish(),
});
const manifestSchema = z.object({
  mediaType: text,
  artifactType: text,
  config: descriptorSchema,
  layers: z.array(descriptorSchema).nullish(),
  annotations,
  subject: descriptorSchema.nullish(),
});
const ociArtifactSchema = z.object({
  mediaType: text,
  artifactType: text,
  blobs: z.array(descriptorSchema).nullish(),
  annotations,
  subject: descriptorSchema.nullish(),
});

/**
 * Reads a manifest of any kind. The structure decides what it is, then the body's `mediaType`; the Content-Type is a
 * hint only, because registries send wrong ones and OCI 1.0 documents may leave `mediaType` out.
 * @throws DocumentError `DOCUMENT_TOO_LARGE` or `DOCUMENT_MALFORMED`, naming the member at fault.
 */
export function parseManifest(bytes: Uint8Array, contentType?: string): Manifest {
  if (bytes.length > maxManifestBytes) {
    throw new DocumentError(
      'DOCUMENT_TOO_LARGE',
      `the manifest has ${bytes.length} bytes, over the limit of ${maxManifestBytes}`,
    );
  }
  const document = parseJsonObject(bytes, 'manifest');
  const declared =
    typeof document['mediaType'] === 'string' && document['mediaType'] !== ''
      ? document['mediaType']
      : undefined;
  const hinted = contentType?.split(';')[0]?.trim().toLowerCase();
  if (document['schemaVersion'] === 1 || 'fsLayers' in document) return schema1(document, declared ?? hinted);
  const hasConfig = isObject(document['config']);
  const hasManifests = Array.isArray(document['manifests']) || ('manifests' in document && !hasConfig);
  if (hasManifests && hasConfig) throw malformed('manifest', 'it has both "manifests" and "config"');
  if (hasManifests) return readIndex(document, declared, hinted);
  if (hasConfig) return readImage(document, declared, hinted);
  if (declared === mediaTypes.ociArtifactManifest) return readOciArtifact(document);
  throw malformed('manifest', 'it has neither "manifests" nor "config"');
}

function readIndex(document: unknown, declared: string | undefined, hinted: string | undefined): Index {
  const value = check(indexSchema, document, 'index');
  const mediaType = declared ?? (hinted === mediaTypes.dockerList ? hinted : mediaTypes.ociIndex);
  const subject = value.subject ? descriptor(value.subject) : undefined;
  return {
    kind: 'index',
    mediaType,
    manifests: (value.manifests ?? []).map((entry) => ({
      ...descriptor(entry),
      ...optional('platform', readPlatform(entry.platform)),
    })),
    ...optional('annotations', value.annotations),
    ...optional('artifactType', value.artifactType),
    ...optional('subject', subject),
  };
}

function readImage(
  document: unknown,
  declared: string | undefined,
  hinted: string | undefined,
): ImageManifest | ArtifactManifest {
  const value = check(manifestSchema, document, 'manifest');
  const config = descriptor(value.config);
  const mediaType = declared ?? (hinted === mediaTypes.dockerManifest ? hinted : mediaTypes.ociManifest);
  const rest = {
    mediaType,
    config,
    layers: (value.layers ?? []).map(descriptor),
    ...optional('annotations', value.annotations),
    ...optional('subject', value.subject ? descriptor(value.subject) : undefined),
  };
  if (isContainerImage(config, rest.layers)) return { kind: 'image', ...rest };
  return { kind: 'artifact', ...rest, artifactType: value.artifactType ?? foreignType(config, rest.layers) };
}

/**
 * cosign signatures and BuildKit attestations borrow the image config's media type, so the layers are asked too: an
 * image has at least one file system layer, or none at all.
 */
function isContainerImage(config: Descriptor, layers: readonly Descriptor[]): boolean {
  return imageConfigTypes.has(config.mediaType) && (layers.length === 0 || layers.some(isFileSystemLayer));
}

function isFileSystemLayer(layer: Descriptor): boolean {
  return /^application\/vnd\.(oci\.image\.layer|docker\.image\.rootfs)\./.test(layer.mediaType);
}

function foreignType(config: Descriptor, layers: readonly Descriptor[]): string {
  return imageConfigTypes.has(config.mediaType)
    ? (layers[0]?.mediaType ?? config.mediaType)
    : config.mediaType;
}

function readOciArtifact(document: unknown): ArtifactManifest {
  const value = check(ociArtifactSchema, document, 'artifact manifest');
  return {
    kind: 'artifact',
    mediaType: mediaTypes.ociArtifactManifest,
    artifactType: value.artifactType ?? 'unknown',
    layers: (value.blobs ?? []).map(descriptor),
    ...optional('annotations', value.annotations),
    ...optional('subject', value.subject ? descriptor(value.subject) : undefined),
  };
}

function schema1(document: Record<string, unknown>, mediaType: string | undefined): Schema1Manifest {
  const architecture = document['architecture'];
  return {
    kind: 'schema1',
    mediaType: mediaType ?? mediaTypes.dockerSchema1,
    ...optional(
      'architecture',
      typeof architecture === 'string' && architecture !== '' ? architecture : undefined,
    ),
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

/** BuildKit writes `unknown/unknown` for attestations; an entry without both fields has no platform either. */
function readPlatform(value: z.output<typeof platformSchema> | null | undefined): Platform | undefined {
  if (!value?.os || !value.architecture) return undefined;
  if (value.os === 'unknown' || value.architecture === 'unknown')
    return { os: 'unknown', architecture: 'unknown' };
  return normalizePlatform({
    os: value.os,
    architecture: value.architecture,
    ...optional('variant', value.variant),
    ...optional('osVersion', value['os.version']),
    ...optional('osFeatures', value['os.features'] ?? undefined),
  });
}

/** Attestation manifests, as BuildKit stores them beside the images they speak of. */
export function isAttestation(entry: IndexEntry): boolean {
  return (
    entry.annotations?.['vnd.docker.reference.type'] !== undefined ||
    (entry.platform?.os === 'unknown' && entry.platform.architecture === 'unknown')
  );
}

/** @throws DocumentError `DOCUMENT_MALFORMED` with the parser's position. */
export function parseJsonObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new DocumentError(
      'DOCUMENT_MALFORMED',
      `the ${what} is not JSON: ${error instanceof Error ? error.message : ''}`,
      { cause: error },
    );
  }
  if (!isObject(value)) throw malformed(what, 'it is not a JSON object');
  return value;
}

/** Applies a schema; the error names the member. */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw malformed(what, `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'invalid'}`);
}

export function malformed(what: string, problem: string): DocumentError {
  return new DocumentError('DOCUMENT_MALFORMED', `the ${what} is malformed: ${problem}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };
}
