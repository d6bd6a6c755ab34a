import * as z from 'zod';

/** Raised when a reader of the JSON could break. */
export const basesSchemaVersion = 1;

/** What is recorded of one index. */
export const knownBaseSchema = z.object({
  /** Canonical, with the tag that it was found by, if any. */
  reference: z.string(),
  /** Digest of the index. */
  index: z.string(),
  /** When it was recorded, ISO 8601; absent in tables that say nothing of it. */
  added: z.string().optional(),
  images: z.array(
    z.object({
      platform: z.string(),
      manifest: z.string(),
      /** Of all its layers (image-spec config.md, "Layer ChainID"). */
      chainId: z.string(),
      layers: z.int(),
    }),
  ),
});

export const basesResultSchema = z.object({
  schemaVersion: z.literal(basesSchemaVersion),
  /** The table, as a path of this machine. */
  file: z.string(),
  /** Records, one for each platform of an index. */
  added: z.int(),
  removed: z.int(),
  /** References of which nothing was recorded or removed. */
  problems: z.array(
    z.object({
      reference: z.string(),
      why: z.string(),
      /** It could not be reached, so it may be a base all the same. */
      undetermined: z.boolean(),
    }),
  ),
  /** All that is in the table now; sorted. */
  bases: z.array(knownBaseSchema),
});

export type KnownBase = z.infer<typeof knownBaseSchema>;
export type BasesResult = z.infer<typeof basesResultSchema>;
