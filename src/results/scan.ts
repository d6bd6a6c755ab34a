import * as z from 'zod';

/** Raised when a reader of the JSON could break. */
export const scanSchemaVersion = 1;

export const sourceKinds = ['kubernetes', 'compose', 'dockerfile', 'list', 'argument'] as const;

/** One place that uses a reference. Lines and columns count from 1, columns in UTF-16 units. */
export const useSchema = z.object({
  source: z.enum(sourceKinds),
  /** As the person gave it, relative where they were; `-` for stdin, absent for a reference on the command line. */
  file: z.string().optional(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
  /** `Deployment shop/web`, `service web`, `stage build`. */
  workload: z.string().optional(),
  container: z.string().optional(),
  /** True where only the field's name suggests an image (custom resources). */
  guess: z.boolean().optional(),
});

export const evidenceSchema = z.object({
  /** Stable, kebab-case: `index-entry`, `config-platform`, `shared-first-layer`, … */
  kind: z.string(),
  /** A sentence. */
  text: z.string(),
});

export const remedySchema = z.object({
  kind: z.enum([
    'use-index-digest',
    'use-tag',
    /** Another repository's image: the product's under another name, or somebody else's. */
    'use-image',
    /** By a recipe of the catalog. */
    'build',
    /** Made out of the image that is there. */
    'port',
    'authenticate',
    'retry',
    'remove-constraint',
    'audit',
    'other',
  ]),
  /** A reference that is ready, where that is the remedy. */
  reference: z.string().optional(),
  /** A command to run, where that is the remedy. */
  command: z.string().optional(),
  /** Who answers for the image of another: `vendor`, `maintainer`, `community`, `personal`. */
  trust: z.string().optional(),
  /** True where armload itself saw that it helps: in this run, or by an audit that the catalog has kept. */
  verified: z.boolean(),
  why: z.string(),
});

export const readinessStates = [
  'ready',
  'suspect',
  'mislabelled',
  'missing',
  'pinned',
  'unresolved',
  'not-an-image',
  'unknown',
] as const;

export const unknownReasons = [
  'unauthorized',
  'not-found',
  'rate-limited',
  'network',
  'timeout',
  'malformed',
  'unsupported',
  'offline',
  'too-large',
] as const;

export const readinessSchema = z.object({
  state: z.enum(readinessStates),
  /** With `unknown` only. */
  reason: z.enum(unknownReasons).optional(),
});

export const imageResultSchema = z.object({
  /** Canonical; the text as written where it is unresolved. */
  reference: z.string(),
  /** Each spelling found, sorted. */
  written: z.array(z.string()),
  digest: z.string().optional(),
  uses: z.array(useSchema),
  readiness: readinessSchema,
  /** Normalised `os/arch[/variant]`, attestations left out, sorted. */
  platforms: z.array(z.string()),
  evidence: z.array(evidenceSchema),
  remedies: z.array(remedySchema),
});

/** What of a workload's own text keeps it on other platforms. */
export const constraintSchema = z.object({
  kind: z.enum(['node-selector', 'node-affinity', 'platform', 'runtime-platform']),
  /** As found, such as `kubernetes.io/arch: amd64`. */
  text: z.string(),
  /** The architectures it allows, normalised; empty where it only prefers. */
  architectures: z.array(z.string()),
  /** False for a preference (`preferredDuringScheduling…`). */
  required: z.boolean(),
  /** Does it keep the workload off the target platform? */
  blocks: z.boolean(),
  file: z.string().optional(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
});

export const workloadResultSchema = z.object({
  /** `Deployment shop/web`, `service web`, `stage build`. */
  name: z.string(),
  source: z.enum(sourceKinds),
  file: z.string().optional(),
  line: z.int().min(1).optional(),
  /** True when all its images are ready. */
  ready: z.boolean(),
  /** Canonical references, sorted. */
  images: z.array(z.string()),
  /** The images that are not ready. */
  blockers: z.array(z.object({ reference: z.string(), readiness: readinessSchema })),
  constraints: z.array(constraintSchema),
});

/** A file that could not be read as what it is; never skipped silently. */
export const problemSchema = z.object({
  file: z.string(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
  message: z.string(),
});

export const scanResultSchema = z.object({
  schemaVersion: z.literal(scanSchemaVersion),
  platform: z.string(),
  summary: z.object({
    images: z.int(),
    uses: z.int(),
    workloads: z.int(),
    readyWorkloads: z.int(),
    /** Number of images in each state. */
    states: z.record(z.enum(readinessStates), z.int()),
    problems: z.int(),
  }),
  /** Sorted by reference. */
  images: z.array(imageResultSchema),
  /** Sorted by file, line, name. */
  workloads: z.array(workloadResultSchema),
  problems: z.array(problemSchema),
});

export type SourceKind = (typeof sourceKinds)[number];
export type Use = z.infer<typeof useSchema>;
export type Evidence = z.infer<typeof evidenceSchema>;
export type Remedy = z.infer<typeof remedySchema>;
export type ReadinessState = (typeof readinessStates)[number];
export type UnknownReason = (typeof unknownReasons)[number];
export type Readiness = z.infer<typeof readinessSchema>;
export type ImageResult = z.infer<typeof imageResultSchema>;
export type Constraint = z.infer<typeof constraintSchema>;
export type WorkloadResult = z.infer<typeof workloadResultSchema>;
export type Problem = z.infer<typeof problemSchema>;
export type ScanResult = z.infer<typeof scanResultSchema>;
