import * as z from 'zod';

/** Raised when a reader of the JSON could break. */
export const planViewSchemaVersion = 1;

const command = z.object({
  /** Below the workspace; empty for the workspace itself. */
  workdir: z.string(),
  /** As a person types it for `sh`. */
  shell: z.string(),
});

const amounts = {
  cpus: z.int().optional(),
  /** Bytes. */
  memory: z.int().optional(),
  disk: z.int().optional(),
};

const sourceView = z.object({
  name: z.string(),
  kind: z.enum(['git', 'archive', 'file']),
  /** An address, or the path of a file on the machine where armload runs. */
  from: z.string(),
  path: z.string(),
  /** The commit or SHA-256 that it has to be; absent for a branch or tag. */
  pinned: z.string().optional(),
  ref: z.string().optional(),
  commands: z.array(command),
});

const stepView = z.object({
  id: z.string(),
  title: z.string().optional(),
  needs: z.array(z.string()),
  when: z.string().optional(),
  workdir: z.string(),
  environment: z.array(
    z.object({
      name: z.string(),
      /** With `$VARIABLE` in place of a secret, and `${{ … }}` in place of what isn't known yet. */
      value: z.string(),
      secret: z.boolean(),
      /** As a person types it: `export NAME='value'`. */
      shell: z.string(),
    }),
  ),
  command: z.object({
    kind: z.enum(['script', 'words']),
    /** Of words, as a person types them; a script as it is, for `sh -eu`. */
    shell: z.string(),
  }),
  timeoutSeconds: z.int(),
  retries: z.int(),
  network: z.enum(['allowed', 'none']),
  resources: z.object(amounts),
  expected: z
    .object({
      seconds: z.int(),
      on: z.string().optional(),
      cpus: z.int().optional(),
      note: z.string().optional(),
    })
    .optional(),
  values: z.array(z.string()),
  files: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      machine: z.string().optional(),
      sha256: z.string().optional(),
    }),
  ),
  images: z.array(z.object({ name: z.string(), reference: z.string(), platform: z.string() })),
});

/** What a recipe would do, command by command: of `build --dry-run`. */
export const planViewSchema = z.object({
  schemaVersion: z.literal(planViewSchemaVersion),
  kind: z.literal('plan'),
  recipe: z.string(),
  product: z.string().optional(),
  title: z.string().optional(),
  recipeSha256: z.string(),
  parameters: z.record(z.string(), z.string()),
  /** Where their values come from; the values are nowhere. */
  secrets: z.array(z.object({ parameter: z.string(), variable: z.string() })),
  requires: z.object({
    os: z.string().optional(),
    architecture: z.string().optional(),
    emulation: z.boolean(),
    ...amounts,
    networkIsolation: z.boolean(),
    images: z.boolean(),
    tools: z.array(
      z.object({ name: z.string(), version: z.string().optional(), why: z.string().optional() }),
    ),
  }),
  /** Variables that are handed through from the place. */
  passEnvironment: z.array(z.string()),
  sources: z.array(sourceView),
  /** In the order in which they are done. */
  steps: z.array(stepView),
  /** Sum of what the steps say they take; absent where none says. */
  expectedSeconds: z.int().optional(),
  checks: z.array(
    z.object({
      title: z.string(),
      file: z.string().optional(),
      image: z.string().optional(),
      machine: z.string().optional(),
      sha256: z.string().optional(),
      /** A command and the pattern that what it prints has to match. */
      version: z.object({ shell: z.string(), matches: z.string() }).optional(),
    }),
  ),
  publications: z.array(
    z.object({ image: z.string(), step: z.string(), name: z.string(), tag: z.string().optional() }),
  ),
});

export type PlanView = z.output<typeof planViewSchema>;
export type StepView = z.output<typeof stepView>;
export type SourceView = z.output<typeof sourceView>;
