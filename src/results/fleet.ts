import * as z from 'zod';
import { refusalSchema } from './port.ts';
import { problemSchema, readinessSchema } from './scan.ts';

/** Raised when a reader of the JSON could break. */
export const fleetSchemaVersion = 1;

export const fleetOutcomes = [
  /** The destination points to an index with the port. */
  'published',
  /** It did so before: the same image. */
  'unchanged',
  /** Nothing was written: this is what would be. */
  'planned',
  /** Nothing was written: something can't be carried over, or there is no name for it. */
  'refused',
  /** Nothing was written: nobody could tell whether it can be carried over, or something could not be reached. */
  'unknown',
  /** Nothing is known to be written: the image, or what was made of it, could not be read or written. */
  'failed',
  /** The image has the platform after all. */
  'unneeded',
] as const;

/** What was taken from one origin. */
export const fleetOriginSchema = z.object({
  /** `debian`, `python`, `node`, `go`, `release`, … */
  origin: z.string(),
  /** Packages, wheels, programs, files. */
  items: z.int(),
  /** Those whose size is known. */
  bytes: z.int(),
});

export const fleetImageSchema = z.object({
  /** Canonical. */
  reference: z.string(),
  /** Each spelling found, sorted. */
  written: z.array(z.string()),
  /** Of what the reference names. */
  digest: z.string().optional(),
  /** Canonical, with tag; absent where no prefix was given, and where there is no name for it. */
  destination: z.string().optional(),
  outcome: z.enum(fleetOutcomes),
  /** A sentence. */
  why: z.string(),
  /** True where an earlier run did it, and the destination still points to what that published. */
  resumed: z.boolean(),
  base: z
    .object({
      state: z.enum(['found', 'none', 'unknown']),
      reference: z.string().optional(),
      /** What named it: `provenance`, `annotation`, `label`, `known`, `given`. */
      evidence: z.string().optional(),
    })
    .optional(),
  /** Sorted by name. */
  origins: z.array(fleetOriginSchema),
  /** The first ones. */
  refusals: z.array(refusalSchema),
  /** Of all of them. */
  refused: z.object({ sure: z.int(), undetermined: z.int() }),
  /** The new image; absent where it could not be put together, or was made by an earlier run. */
  image: z.object({ digest: z.string(), bytes: z.int(), newBytes: z.int() }).optional(),
  /** Digest of what the destination points to; absent where nothing was published. */
  index: z.string().optional(),
});

/** What was not asked to be ported. */
export const fleetLeftSchema = z.object({
  reference: z.string(),
  written: z.array(z.string()),
  readiness: readinessSchema,
});

export const fleetMappingSchema = z.object({
  /** Canonical. */
  from: z.string(),
  /** Each spelling of it that was found. */
  written: z.array(z.string()),
  /** With tag, without digest. */
  to: z.string(),
  /** Of the index there. */
  digest: z.string(),
});

export const fleetResultSchema = z.object({
  schemaVersion: z.literal(fleetSchemaVersion),
  platform: z.string(),
  /** What every destination begins with; absent in a dry run without one. */
  prefix: z.string().optional(),
  dryRun: z.boolean(),
  summary: z.object({
    /** Those that were to be ported. */
    images: z.int(),
    /** Number of them with each outcome. */
    outcomes: z.record(z.enum(fleetOutcomes), z.int()),
    resumed: z.int(),
    left: z.int(),
    /** Different things of each origin, however many images have them. */
    origins: z.array(fleetOriginSchema),
    problems: z.int(),
  }),
  /** Sorted by reference. */
  images: z.array(fleetImageSchema),
  /** Sorted by reference. */
  left: z.array(fleetLeftSchema),
  /** Of what was published, now or before; sorted. */
  mapping: z.array(fleetMappingSchema),
  /** Files of the fleet that could not be read as what they are. */
  problems: z.array(problemSchema),
});

export type FleetOutcome = (typeof fleetOutcomes)[number];
export type FleetOrigin = z.infer<typeof fleetOriginSchema>;
export type FleetImage = z.infer<typeof fleetImageSchema>;
export type FleetLeft = z.infer<typeof fleetLeftSchema>;
export type FleetMapping = z.infer<typeof fleetMappingSchema>;
export type FleetResult = z.infer<typeof fleetResultSchema>;
