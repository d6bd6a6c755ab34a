import * as z from 'zod';

/** Raised when a reader of the JSON could break. */
export const assetsSchemaVersion = 1;

/** A program of upstream's release. */
export const releaseAssetSchema = z.object({
  /** Path of the main module. */
  module: z.string(),
  /** Any, where absent. */
  version: z.string().optional(),
  /** Of `main`; any of the module, where absent. */
  package: z.string().optional(),
  platform: z.string(),
  /** An address or a file of this machine, with `!/MEMBER` behind for a file in an archive; without passwords. */
  from: z.string(),
  /** Of what is named, hexadecimal. */
  sha256: z.string(),
  /** When it was recorded, ISO 8601. */
  added: z.string().optional(),
});

export const assetsResultSchema = z.object({
  schemaVersion: z.literal(assetsSchemaVersion),
  /** The table, as a path of this machine. */
  file: z.string(),
  added: z.int(),
  removed: z.int(),
  /** What was to be removed and isn't in the table. */
  problems: z.array(z.object({ asset: z.string(), why: z.string() })),
  /** All that is in the table now; sorted. */
  assets: z.array(releaseAssetSchema),
});

export type ReleaseAsset = z.infer<typeof releaseAssetSchema>;
export type AssetsResult = z.infer<typeof assetsResultSchema>;
