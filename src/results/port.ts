import * as z from 'zod';
import { findingLayerSchema, imageAuditSchema } from './audit.ts';
import { publishResultSchema } from './publish.ts';

/** Raised when a reader of the JSON could break. */
export const portSchemaVersion = 1;

export const portOutcomes = [
  /** The destination points to an index with the port. */
  'published',
  /** It did so before: the same image. */
  'unchanged',
  /** Nothing was written: this is what would be. */
  'planned',
  /** Nothing was written: something can't be carried over, or the result is not right. */
  'refused',
  /** Nothing was written: nobody could tell whether it can be carried over. */
  'unknown',
  /** The image has the platform already. */
  'unneeded',
] as const;

export const portOrigins = ['kept', 'replaced', 'mapped', 'dropped', 'added'] as const;

export const baseResultSchema = z.object({
  /** `none`: the whole image counts as above the base. `unknown`: what may name a base could not be read. */
  state: z.enum(['found', 'none', 'unknown']),
  /** A sentence. */
  why: z.string(),
  reference: z.string().optional(),
  /** What named it: `provenance`, `annotation`, `label`, `known`, `given`. */
  evidence: z.string().optional(),
  /** Digest of the index with the sibling. */
  index: z.string().optional(),
  /** Digest of the base that the image was made from, and of its sibling for the target. */
  source: z.string().optional(),
  target: z.string().optional(),
  /** Number of the image's layers that are the base's. */
  layers: z.int().optional(),
  parity: z
    .object({
      verdict: z.enum(['equal', 'newer-patch', 'different', 'unknown']),
      acceptable: z.boolean(),
      /** A person accepted what the policy doesn't. */
      accepted: z.boolean(),
      differences: z.array(
        z.object({
          kind: z.string(),
          name: z.string(),
          old: z.string().optional(),
          new: z.string().optional(),
          weight: z.enum(['harmless', 'newer', 'different']),
          why: z.string(),
        }),
      ),
      uncompared: z.array(z.object({ what: z.string(), why: z.string() })),
    })
    .optional(),
  /** Everything that was considered. */
  candidates: z.array(
    z.object({
      reference: z.string(),
      evidence: z.string(),
      outcome: z.enum(['accepted', 'rejected', 'unknown']),
      why: z.string(),
    }),
  ),
  /** What a person may try with `--base`; nothing of it was checked. */
  proposals: z.array(z.object({ reference: z.string(), why: z.string() })),
});

export const portLayerSchema = z.object({
  /** `base`: of the base's sibling. `kept`: the image's own blob. `rewritten`: a new one. */
  kind: z.enum(['base', 'kept', 'rewritten']),
  digest: z.string(),
  diffId: z.string(),
  /** Bytes, compressed. */
  size: z.int(),
  /** The digest of the layer that it takes the place of; absent for those of the base. */
  from: z.string().optional(),
  /** Paths that are no longer as they were. */
  changes: z.int(),
});

export const refusalSchema = z.object({
  /** `no-counterpart`, `altered`, `package`, `base`, `counterpart`, `assembly`, `config`, `audit`, `image`. */
  kind: z.string(),
  /** Absolute; absent where it's about the image as a whole. */
  path: z.string().optional(),
  /** The layer that gives the path. */
  layer: findingLayerSchema.optional(),
  /** Nobody could tell. */
  undetermined: z.boolean(),
  /** Where the file seems to be from. */
  guess: z.string().optional(),
  why: z.string(),
  /** What would lift it. */
  lift: z.string(),
});

export const materialSchema = z.object({
  origin: z.string(),
  name: z.string(),
  version: z.string().optional(),
  architecture: z.string().optional(),
  /** Without passwords. */
  uri: z.string(),
  sha256: z.string(),
  size: z.int().optional(),
  purl: z.string().optional(),
  /** Fingerprints of the keys that vouch for it. */
  signers: z.array(z.string()).optional(),
  notes: z.array(z.string()).optional(),
});

export const accountRecordSchema = z.object({
  /** Counted from the first layer above the base. */
  layer: z.int(),
  /** In the layer's tar, without a leading slash. */
  path: z.string(),
  kind: z.string(),
  outcome: z.enum(portOrigins),
  to: z.string().optional(),
  sha256: z.string().optional(),
  linkName: z.string().optional(),
  origin: z.string().optional(),
  why: z.string(),
});

export const portResultSchema = z.object({
  schemaVersion: z.literal(portSchemaVersion),
  /** The target. */
  platform: z.string(),
  source: z.object({
    /** Canonical. */
    reference: z.string(),
    written: z.string(),
    platform: z.string(),
    /** Of the one platform's image that is ported; absent where there is none. */
    digest: z.string().optional(),
  }),
  /** Canonical; absent where nothing was to be written. */
  destination: z.string().optional(),
  outcome: z.enum(portOutcomes),
  /** A sentence. */
  why: z.string(),
  base: baseResultSchema.optional(),
  /** Lowest first; of the new image. */
  layers: z.array(portLayerSchema),
  /** Paths above the base by what became of them. */
  totals: z.record(z.enum(portOrigins), z.int()),
  refusals: z.array(refusalSchema),
  /** Paths that a person decided to carry over; `used` where something would have refused them. */
  waivers: z.array(z.object({ path: z.string(), reason: z.string(), used: z.boolean() })),
  /** What was taken from elsewhere. */
  materials: z.array(materialSchema),
  /** Sentences: what was decided that people may want to know. */
  notes: z.array(z.string()),
  /** What became of the config's members. */
  config: z.array(z.object({ member: z.string(), action: z.string(), why: z.string() })),
  /** Of the new image. */
  audit: imageAuditSchema.optional(),
  /** The new image; absent where it could not be put together. */
  image: z
    .object({
      digest: z.string(),
      mediaType: z.string(),
      /** Compressed bytes of its layers, and those of them that are new. */
      bytes: z.int(),
      newBytes: z.int(),
    })
    .optional(),
  /** What is attached to the new image: provenance, the account, SBOM, signatures. */
  attachments: z.array(
    z.object({
      /** `provenance`, `account`, `sbom`; signed ones are of kind `signature` too. */
      kind: z.string(),
      digest: z.string(),
      artifactType: z.string(),
      signed: z.boolean(),
    }),
  ),
  publish: publishResultSchema.optional(),
  /** Every path above the base; empty where the layers could not be put together. */
  account: z.array(accountRecordSchema),
});

export type PortOutcome = (typeof portOutcomes)[number];
export type BaseResult = z.infer<typeof baseResultSchema>;
export type PortLayer = z.infer<typeof portLayerSchema>;
export type PortRefusal = z.infer<typeof refusalSchema>;
export type PortMaterial = z.infer<typeof materialSchema>;
export type PortResult = z.infer<typeof portResultSchema>;
