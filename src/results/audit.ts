import * as z from 'zod';
import { unknownReasons } from './scan.ts';

/** Raised when a reader of the JSON could break. */
export const auditSchemaVersion = 1;

export const severities = ['error', 'warning', 'note'] as const;

/** What an audit says of one platform's image. */
export const auditVerdicts = [
  /** What it starts and what that uses is of the platform, and its documents say so. */
  'right',
  /** Right in what it starts, but it holds machine code of others that is, or may be, used. */
  'mixed',
  /** The bytes are of another machine than the documents say. */
  'mislabelled',
  /** The bytes are right; a document says otherwise. */
  'metadata-wrong',
  /** Of the right machine, but what it starts can't start: a loader, library or program is not there. */
  'broken',
  /** The reference has no image for the platform. */
  'missing',
  'not-an-image',
  'unknown',
] as const;

/** What becomes of machine code that the platform can't run. */
export const foreignVerdicts = ['reachable', 'shadowed', 'inert', 'unknown'] as const;

export const findingLayerSchema = z.object({
  /** From 0, lowest first. */
  index: z.int().min(0),
  digest: z.string(),
  diffId: z.string().optional(),
  /** The line of the image's history that made it. */
  history: z.string().optional(),
});

export const findingSchema = z.object({
  /** Stable, kebab-case: `foreign-code`, `missing-library`, `entry-not-found`, … */
  kind: z.string(),
  severity: z.enum(severities),
  /** Of `foreign-code` only. */
  verdict: z.enum(foreignVerdicts).optional(),
  /** What the file is to the image: `entrypoint`, `path-program`, `library`, `java-library`, … */
  role: z.string().optional(),
  /** Absolute; inside archives joined by `!/`. Absent where it is about the image as a whole. */
  path: z.string().optional(),
  /** The layer that gives the path. */
  layer: findingLayerSchema.optional(),
  found: z.string(),
  expected: z.string(),
  /** A sentence: why it matters. */
  why: z.string(),
});

/** What a container starts with, and where that ends. */
export const entrySchema = z.object({
  role: z.enum(['entrypoint', 'command', 'healthcheck']),
  /** As written. */
  words: z.array(z.string()),
  /** Absolute paths from the first program to the machine code, interpreters included. */
  chain: z.array(z.string()),
  /** `linux/arm64` of the machine code it ends in, or why it ends otherwise. */
  ends: z.string(),
  ok: z.boolean().optional(),
});

export const labelSchema = z.object({
  /** What the index says; absent where there is none. */
  index: z.string().optional(),
  /** What the image's config says; absent where it leaves it empty. */
  config: z.string().optional(),
  /** Of what the image starts; absent where nothing was found to tell. */
  bytes: z.string().optional(),
  /** Files with Linux machine code that may be used, by architecture. */
  code: z.record(z.string(), z.int()),
});

export const smokeRunSchema = z.object({
  command: z.array(z.string()),
  /** `native`, `docker`, `user-namespace`. */
  means: z.string(),
  result: z.enum(['passed', 'failed', 'emulator-fault', 'not-run']),
  exitCode: z.int().optional(),
  seconds: z.number().optional(),
  /** The last of what it wrote, at most 4 KiB. */
  output: z.string().optional(),
  why: z.string(),
});

export const imageAuditSchema = z.object({
  /** Canonical. */
  reference: z.string(),
  written: z.string(),
  /** The platform it was audited for. */
  platform: z.string(),
  /** Of what the reference names. */
  digest: z.string().optional(),
  /** Of the one platform's image that was read. */
  manifest: z.string().optional(),
  verdict: z.enum(auditVerdicts),
  /** With `unknown` only. */
  reason: z.enum(unknownReasons).optional(),
  /** A sentence. */
  why: z.string(),
  label: labelSchema.optional(),
  entries: z.array(entrySchema),
  /** Worst first, then by path. */
  findings: z.array(findingSchema),
  /** Findings beyond those listed. */
  findingsOmitted: z.int(),
  /** Likely root causes, best known first, each a sentence. */
  causes: z.array(z.string()),
  /** Platforms the reference has, normalised, attestations left out, sorted. */
  platforms: z.array(z.string()),
  /** Number of files, all layers applied. */
  files: z.int().optional(),
  /** Compressed, of all layers. */
  bytes: z.int().optional(),
  runs: z.array(smokeRunSchema).optional(),
});

export const auditResultSchema = z.object({
  schemaVersion: z.literal(auditSchemaVersion),
  /** The target. */
  platform: z.string(),
  summary: z.object({
    images: z.int(),
    /** Number of images by verdict. */
    verdicts: z.record(z.enum(auditVerdicts), z.int()),
    /** Number of findings by severity. */
    findings: z.record(z.enum(severities), z.int()),
  }),
  /** Sorted by reference, then platform. */
  images: z.array(imageAuditSchema),
});

export type Severity = (typeof severities)[number];
export type AuditVerdict = (typeof auditVerdicts)[number];
export type ForeignVerdict = (typeof foreignVerdicts)[number];
export type Finding = z.infer<typeof findingSchema>;
export type FindingLayer = z.infer<typeof findingLayerSchema>;
export type EntryResult = z.infer<typeof entrySchema>;
export type Label = z.infer<typeof labelSchema>;
export type SmokeRun = z.infer<typeof smokeRunSchema>;
export type ImageAudit = z.infer<typeof imageAuditSchema>;
export type AuditResult = z.infer<typeof auditResultSchema>;
