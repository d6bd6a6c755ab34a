import * as z from 'zod';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const seconds = z.number().min(0);
const texts = z.record(z.string(), z.string());

const sourceFacts = z.object({ path: z.string(), commit: z.string().optional(), content: z.string() });

const stepFacts = z.object({
  values: texts,
  files: z.record(z.string(), z.object({ path: z.string(), sha256: digest })),
  images: z.record(z.string(), z.object({ reference: z.string(), id: z.string() })),
});

const host = z.object({
  os: z.string(),
  architecture: z.string(),
  emulates: z.array(z.string()),
  id: z.string(),
  version: z.string(),
  kernel: z.string(),
  cpus: z.number(),
  memory: z.number(),
  disk: z.number(),
  user: z.string(),
  isolatesNetwork: z.boolean(),
});

export const auditAnswer = z.object({
  /** Absent where it could not be determined. */
  ok: z.boolean().optional(),
  verdict: z.string(),
  why: z.string(),
});

export const stepEnds = [
  'exited',
  'killed',
  'timed-out',
  'lost',
  'interrupted',
  'output-wrong',
  'unresolved',
] as const;

/** What a run's journal says, in the order in which it came. Those ending in `begun` stand there before the act. */
export const recordSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run-begun'),
    recipe: z.string(),
    product: z.string().optional(),
    title: z.string().optional(),
    recipeSha256: digest,
    planSha256: digest,
    /** Those that are no secrets. */
    parameters: texts,
    /** Of secrets, the parameters' names. */
    secrets: z.array(z.string()),
    executor: z.string(),
    platform: z.string(),
  }),
  /** Somebody took the run up again: from here on, failures are counted anew. */
  z.object({ type: z.literal('run-resumed'), executor: z.string() }),
  z.object({
    type: z.literal('place-acquired'),
    workspace: z.string(),
    enter: z.string(),
    /** Of the workspace's content: where the place has another or none, what was there is gone. */
    mark: z.string(),
    host,
  }),
  z.object({ type: z.literal('place-released'), discarded: z.boolean() }),
  z.object({
    type: z.literal('source-begun'),
    name: z.string(),
    /** From 1, over the whole run. */
    attempt: z.int().min(1),
  }),
  z.object({ type: z.literal('source-done'), name: z.string(), facts: sourceFacts, seconds }),
  z.object({ type: z.literal('source-failed'), name: z.string(), message: z.string() }),
  z.object({
    type: z.literal('step-begun'),
    id: z.string(),
    /** From 1, over the whole run. */
    attempt: z.int().min(1),
    inputHash: z.string(),
    job: z.string(),
    /** Bytes that the step's log had before. */
    log: z.int().min(0),
  }),
  z.object({
    type: z.literal('step-done'),
    id: z.string(),
    attempt: z.int().min(1),
    inputHash: z.string(),
    facts: stepFacts,
    seconds,
  }),
  z.object({
    type: z.literal('step-failed'),
    id: z.string(),
    /** 0 where it wasn't begun. */
    attempt: z.int().min(0),
    how: z.enum(stepEnds),
    code: z.int().optional(),
    signal: z.string().optional(),
    message: z.string(),
    seconds,
  }),
  z.object({ type: z.literal('step-skipped'), id: z.string(), condition: z.string() }),
  z.object({ type: z.literal('step-reused'), id: z.string() }),
  /** A finished step can't be proven any more: it's done again. */
  z.object({ type: z.literal('step-dropped'), id: z.string(), why: z.string() }),
  z.object({
    type: z.literal('check-done'),
    index: z.int().min(0),
    title: z.string(),
    /** Absent where it could not be determined. */
    ok: z.boolean().optional(),
    why: z.string(),
  }),
  z.object({
    type: z.literal('image-saved'),
    step: z.string(),
    output: z.string(),
    reference: z.string(),
    id: z.string(),
    platform: z.string(),
    sha256: digest,
    size: z.int().min(0),
  }),
  z.object({ type: z.literal('image-audited'), sha256: digest, platform: z.string(), answer: auditAnswer }),
  /** All that needs the place is done. */
  z.object({ type: z.literal('built') }),
  z.object({ type: z.literal('publish-begun'), name: z.string(), tag: z.string(), sha256: digest }),
  z.object({
    type: z.literal('publish-done'),
    name: z.string(),
    tag: z.string(),
    sha256: digest,
    reference: z.string(),
    digest: z.string(),
  }),
  z.object({ type: z.literal('run-interrupted'), code: z.string(), message: z.string() }),
  z.object({
    type: z.literal('run-failed'),
    /** What failed: `step`, `source`, `place`, `check`, `audit`, `publish`. */
    kind: z.string(),
    /** Its id or name. */
    of: z.string().optional(),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
  }),
  z.object({ type: z.literal('run-done') }),
]);

export type JournalRecord = z.output<typeof recordSchema>;
export type RecordOf<Type extends JournalRecord['type']> = Extract<JournalRecord, { type: Type }>;
export type AuditAnswer = z.output<typeof auditAnswer>;
export type StepEnd = (typeof stepEnds)[number];

/** A record with its number, from 1, and time, milliseconds since 1970. */
export interface JournalEntry {
  readonly number: number;
  readonly time: number;
  readonly record: JournalRecord;
}
