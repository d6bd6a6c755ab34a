import * as z from 'zod';
import { severities } from './audit.ts';
import { productStateSchema } from './catalog.ts';
import { channelLookSchema } from './channels.ts';
import { observationResults, observationSchema } from './observation.ts';

/** Raised when a reader of the JSON could break. */
export const catalogCheckSchemaVersion = 1;

/** An image that had the platform, and has it no longer. */
export const regressionSchema = z.object({
  kind: z.enum([
    /** The name exists, and the platform is no longer there. */
    'lost',
    /** The tag itself is no longer there. */
    'gone',
    /** It says it has it, and the bytes are of another machine. */
    'mislabelled',
    /** Something of it is of another machine, or can't run. */
    'partial',
  ]),
  reference: z.string(),
  before: observationSchema,
  after: observationSchema,
  /** A sentence. */
  why: z.string(),
});

export const checkFindingSchema = z.object({
  /** Stable, kebab-case: `mislabelled`, `copies-differ`, `contradicts-claim`, `tags-unknown`, … */
  kind: z.string(),
  /** `error` gives exit code 1. */
  severity: z.enum(severities),
  /** A reference, or a repository. */
  reference: z.string().optional(),
  /** Something could not be found out, which gives exit code 2. */
  undetermined: z.boolean().optional(),
  /** A sentence. */
  why: z.string(),
});

export const checkedProductSchema = z.object({
  product: z.string(),
  before: productStateSchema,
  after: productStateSchema,
  /** What was seen in this run, in the order of images and tags. */
  observations: z.array(observationSchema),
  /** Of a product with channels. */
  channels: z.array(channelLookSchema).optional(),
  regressions: z.array(regressionSchema),
  findings: z.array(checkFindingSchema),
  /** References that were not looked at, because what is known of them is new enough. */
  fresh: z.array(z.object({ reference: z.string(), at: z.iso.datetime() })),
});

export const catalogCheckResultSchema = z.object({
  schemaVersion: z.literal(catalogCheckSchemaVersion),
  platform: z.string(),
  /** False where nothing was written. */
  recorded: z.boolean(),
  summary: z.object({
    products: z.int(),
    observations: z.int(),
    /** Number of observations by result. */
    results: z.record(z.enum(observationResults), z.int()),
    regressions: z.int(),
    /** Number of findings by severity. */
    findings: z.record(z.enum(severities), z.int()),
    /** Products whose state is another one now. */
    moved: z.int(),
  }),
  /** Sorted by name. */
  products: z.array(checkedProductSchema),
});

export type Regression = z.infer<typeof regressionSchema>;
export type CheckFinding = z.infer<typeof checkFindingSchema>;
export type CheckedProduct = z.infer<typeof checkedProductSchema>;
export type CatalogCheckResult = z.infer<typeof catalogCheckResultSchema>;
