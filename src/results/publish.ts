import * as z from 'zod';

/** Raised when a reader of the JSON could break. */
export const publishSchemaVersion = 1;

export const publishOutcomes = [
  /** The name points to the index now. */
  'published',
  /** It did so before. */
  'unchanged',
  /** Nothing was written: this is what would be. */
  'planned',
  /** Nothing was written: an audit speaks against an image. */
  'refused',
] as const;

export const blobActions = [
  /** There already. */
  'exists',
  /** Taken over from another repository of the same registry. */
  'mounted',
  'uploaded',
  /** Not for others to distribute: clients fetch it elsewhere. */
  'withheld',
] as const;

export const publishedImageSchema = z.object({
  /** `os/architecture[/variant]`, normalised. */
  platform: z.string(),
  digest: z.string(),
  mediaType: z.string(),
  /** The source, as named; the destination for what is kept there. */
  source: z.string(),
  /** It was in the destination's index before. */
  kept: z.boolean(),
  audit: z.object({
    state: z.enum(['passed', 'refused', 'unknown', 'not-audited']),
    /** A sentence. */
    why: z.string(),
  }),
});

export const publishResultSchema = z.object({
  schemaVersion: z.literal(publishSchemaVersion),
  /** Canonical. */
  destination: z.string(),
  outcome: z.enum(publishOutcomes),
  /** A sentence. */
  why: z.string(),
  index: z.object({
    digest: z.string(),
    mediaType: z.string(),
    /** Bytes. */
    size: z.int(),
    /** It is a source's own index, byte by byte. */
    unchanged: z.boolean(),
  }),
  /** What the name pointed to when the work began; absent for nothing. */
  previous: z.string().optional(),
  /** In the index's order. */
  images: z.array(publishedImageSchema),
  /** The other entries of the index: attestations and artifacts. */
  others: z.array(
    z.object({
      kind: z.enum(['attestation', 'artifact']),
      digest: z.string(),
      /** The image that an attestation speaks of. */
      of: z.string().optional(),
      source: z.string(),
    }),
  ),
  /** Signatures, SBOMs and the like that refer to the images. */
  referrers: z.array(
    z.object({
      digest: z.string(),
      subject: z.string(),
      artifactType: z.string().optional(),
      source: z.string(),
    }),
  ),
  /** What sources have and the index or its referrers do not. */
  omitted: z.array(
    z.object({
      digest: z.string(),
      platform: z.string().optional(),
      source: z.string(),
      /** A sentence. */
      why: z.string(),
    }),
  ),
  /** Every blob once; empty where nothing was to be done. */
  blobs: z.array(
    z.object({
      digest: z.string(),
      /** Bytes. */
      size: z.int(),
      action: z.enum(blobActions),
    }),
  ),
  /** Of the blobs, by what became of them. */
  totals: z.record(z.enum(blobActions), z.object({ blobs: z.int(), bytes: z.int() })),
});

export type PublishOutcome = (typeof publishOutcomes)[number];
export type BlobAction = (typeof blobActions)[number];
export type PublishedImage = z.infer<typeof publishedImageSchema>;
export type PublishResult = z.infer<typeof publishResultSchema>;
