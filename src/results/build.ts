import * as z from 'zod';

/** Raised when a reader of the JSON could break. */
export const buildSchemaVersion = 1;

export const runStates = [
  /** Nothing was done yet. */
  'planned',
  'running',
  /** It can go on: somebody stopped it, its process is gone, or its place can't be reached. */
  'interrupted',
  /** It can go on too, when what failed was mended. */
  'failed',
  'done',
] as const;

export const buildStepStates = [
  'waiting',
  'running',
  'done',
  /** Done by an earlier session of the run, and found to be as it was left. */
  'reused',
  /** Its condition is false. */
  'skipped',
  'failed',
  'interrupted',
] as const;

export const buildFailureKinds = [
  'step',
  'source',
  /** The place where steps run: it can't be reached, lacks something, or is full. */
  'place',
  'check',
  'audit',
  'publish',
  'interrupted',
  /** Of armload itself, or of the machine that it runs on. */
  'other',
] as const;

export const buildStepSchema = z.object({
  id: z.string(),
  title: z.string().optional(),
  state: z.enum(buildStepStates),
  /** Over all sessions of the run. */
  attempts: z.int(),
  /** Of the last attempt. */
  seconds: z.number().optional(),
  expected: z
    .object({ seconds: z.number(), on: z.string().optional(), note: z.string().optional() })
    .optional(),
  /** A sentence: why it failed, was skipped, or is done again. */
  why: z.string().optional(),
  /** What its attempts printed: a file. */
  log: z.string().optional(),
  values: z.record(z.string(), z.string()),
  files: z.record(
    z.string(),
    z.object({
      /** Below the workspace. */
      path: z.string(),
      sha256: z.string(),
      /** Where the run keeps it; absent where it's kept no more. */
      kept: z.string().optional(),
    }),
  ),
  images: z.record(z.string(), z.object({ reference: z.string(), id: z.string() })),
});

export const buildSourceSchema = z.object({
  name: z.string(),
  kind: z.enum(['git', 'archive', 'file']),
  /** An address or a file, without passwords. */
  from: z.string(),
  /** Below the workspace. */
  path: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  /** Of git: 40 hexadecimal digits. */
  commit: z.string().optional(),
  /** A git tree, or the SHA-256 of a file. */
  content: z.string().optional(),
  seconds: z.number().optional(),
});

export const buildImageSchema = z.object({
  step: z.string(),
  output: z.string(),
  /** As the place's engine had it. */
  reference: z.string(),
  id: z.string(),
  platform: z.string(),
  /** A `docker save` archive: a file; absent where it's kept no more. */
  archive: z.string().optional(),
  sha256: z.string(),
  /** Bytes. */
  size: z.int(),
  audit: z
    .object({
      /** Absent where it could not be determined. */
      ok: z.boolean().optional(),
      verdict: z.string(),
      why: z.string(),
    })
    .optional(),
  /** Where it's to be published, below the prefix that the person names, and where it was. */
  publish: z.array(
    z.object({
      name: z.string(),
      tag: z.string().optional(),
      reference: z.string().optional(),
      digest: z.string().optional(),
    }),
  ),
});

export const buildFailureSchema = z.object({
  kind: z.enum(buildFailureKinds),
  /** Stable. */
  code: z.string(),
  /** The step's id, the source's name, the check's title. */
  of: z.string().optional(),
  message: z.string(),
  hint: z.string().optional(),
  /** Of a step: as typed. */
  command: z.string().optional(),
  how: z.string().optional(),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  /** The last lines it printed, at most 20. */
  lines: z.array(z.string()),
  log: z.string().optional(),
});

export const runSummarySchema = z.object({
  /** Its id. */
  run: z.string(),
  recipe: z.string(),
  product: z.string().optional(),
  title: z.string().optional(),
  state: z.enum(runStates),
  platform: z.string(),
  /** As a person names it: `ssh://builder@arm.example`. */
  executor: z.string(),
  /** ISO 8601. */
  begun: z.string(),
  /** Of the last that is known of it. */
  last: z.string(),
  /** Of steps. */
  progress: z.object({ total: z.int(), done: z.int() }),
  /** A sentence. */
  why: z.string().optional(),
  /** That its folder takes; of lists only. */
  bytes: z.int().optional(),
});

export const buildResultSchema = z.object({
  schemaVersion: z.literal(buildSchemaVersion),
  ...runSummarySchema.shape,
  /** Of the run: absolute. */
  folder: z.string(),
  recipeSha256: z.string(),
  /** Those that are no secrets. */
  parameters: z.record(z.string(), z.string()),
  /** How often it was taken up, the beginning included. */
  sessions: z.int(),
  /** Where the steps run, as long as it's kept. */
  place: z
    .object({
      workspace: z.string(),
      /** A shell command that ends in the workspace. */
      enter: z.string(),
      discarded: z.boolean(),
      os: z.string(),
      architecture: z.string(),
      id: z.string(),
      version: z.string(),
      cpus: z.number(),
      /** Bytes. */
      memory: z.number(),
    })
    .optional(),
  sources: z.array(buildSourceSchema),
  /** In the plan's order. */
  steps: z.array(buildStepSchema),
  checks: z.array(
    z.object({
      title: z.string(),
      state: z.enum(['waiting', 'passed', 'failed', 'unknown']),
      why: z.string().optional(),
    }),
  ),
  images: z.array(buildImageSchema),
  failure: buildFailureSchema.optional(),
});

export const runListSchema = z.object({
  schemaVersion: z.literal(buildSchemaVersion),
  /** Newest first. */
  runs: z.array(runSummarySchema),
  /** Folders that look like runs and can't be read. */
  problems: z.array(z.object({ run: z.string(), message: z.string() })),
});

export type RunStateName = (typeof runStates)[number];
export type BuildStepState = (typeof buildStepStates)[number];
export type BuildFailureKind = (typeof buildFailureKinds)[number];
export type BuildStep = z.infer<typeof buildStepSchema>;
export type BuildSource = z.infer<typeof buildSourceSchema>;
export type BuildImage = z.infer<typeof buildImageSchema>;
export type BuildFailure = z.infer<typeof buildFailureSchema>;
export type RunSummary = z.infer<typeof runSummarySchema>;
export type BuildResult = z.infer<typeof buildResultSchema>;
export type RunList = z.infer<typeof runListSchema>;
