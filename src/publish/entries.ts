import * as z from 'zod';
import type { Digest, Index, IndexEntry, Platform } from '../oci/index.ts';

/** A platform as an index writes it (image-spec image-index.md). */
export interface PlatformDocument {
  readonly architecture: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  readonly variant?: string;
  readonly features?: readonly string[];
}

/** An index entry to be written. */
export interface EntryDocument {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: PlatformDocument;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly data?: string;
}

const texts = z.array(z.string()).nonempty().optional().catch(undefined);
const text = z.string().min(1).optional().catch(undefined);
const writtenSchema = z.object({
  manifests: z.array(
    z.object({
      platform: z
        .object({
          architecture: z.string(),
          os: z.string(),
          'os.version': text,
          'os.features': texts,
          variant: text,
          features: texts,
        })
        .optional()
        .catch(undefined),
    }),
  ),
});

/**
 * The platforms of an index as they are written, in the order of its entries: reading them normalises `arm64/v8` to
 * `arm64`, and an entry that is passed on should say what its publisher said.
 */
function writtenPlatforms(bytes: Uint8Array): readonly (PlatformDocument | undefined)[] {
  const result = writtenSchema.safeParse(JSON.parse(Buffer.from(bytes).toString()));
  return result.success ? result.data.manifests.map(({ platform }) => present(platform)) : [];
}

function present(platform: object | undefined): PlatformDocument | undefined {
  if (platform === undefined) return undefined;
  const entries = Object.entries(platform).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as PlatformDocument;
}

/** A platform that no index has written yet. */
export function platformDocument(platform: Platform): PlatformDocument {
  const { architecture, os, osVersion, osFeatures, variant } = platform;
  return {
    architecture,
    os,
    ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
    ...(osFeatures === undefined ? {} : { 'os.features': osFeatures }),
    ...(variant === undefined ? {} : { variant }),
  };
}

/** The entry as it is to be written again. */
export function entryDocument(
  entry: IndexEntry,
  mediaType: string,
  platform: PlatformDocument | undefined,
): EntryDocument {
  const { digest, size, annotations, artifactType, data } = entry;
  return {
    mediaType,
    digest,
    size,
    ...(platform === undefined ? {} : { platform }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(data === undefined ? {} : { data }),
  };
}

/** The image that BuildKit's attestation manifests speak of. */
export function attestedDigest(entry: IndexEntry): string | undefined {
  return entry.annotations?.['vnd.docker.reference.digest'];
}

/** An index's entries with the platforms as written. */
export function entriesOf(
  index: Index,
  bytes: Uint8Array,
): readonly { readonly entry: IndexEntry; readonly written: PlatformDocument | undefined }[] {
  const written = writtenPlatforms(bytes);
  return index.manifests.map((entry, at) => ({ entry, written: written[at] }));
}
