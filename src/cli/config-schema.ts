import * as z from 'zod';

const count = z.int().min(1).max(1_000_000);
const words = z.union([z.string(), z.array(z.string())]);
/** Bytes, or a text such as `500MB`. */
const size = z.union([z.int().min(1), z.string()]);

/** How registries are reached and what is kept of their answers; of a command, it goes before what all have. */
const access = {
  offline: z.boolean().optional(),
  cache: z.boolean().optional(),
  cacheDirectory: z.string().min(1).optional(),
  authFile: z.string().min(1).optional(),
  maxRequests: z.int().min(0).max(1_000_000).optional(),
  concurrency: count.optional(),
  timeoutSeconds: count.optional(),
};
const accessSchema = z.object(access);
export type AccessValues = z.output<typeof accessSchema>;

/** Where a distribution's packages come from, beside what the image says. */
const packages = {
  mirrors: z.record(z.string(), z.string()).optional(),
  keyrings: z.array(z.string().min(1)).max(100).optional(),
  allowUpgrade: z.boolean().optional(),
  allowUnsigned: z.boolean().optional(),
};

/** Its presence asks for smoke runs. */
const run = z
  .strictObject({
    commands: z.array(z.union([z.string(), z.array(z.string())])).optional(),
    means: z.string().optional(),
    timeoutSeconds: count.optional(),
  })
  .optional();
export type RunValues = NonNullable<z.output<typeof run>>;

/** `armload.yaml`. Options of the command line go before it; relative paths start at its directory. */
export const configSchema = z.strictObject({
  platform: z.string().optional(),
  format: z.string().optional(),
  ...access,
  scan: z
    .strictObject({
      failOn: words.optional(),
      profiles: z.array(z.string()).optional(),
      compareLayers: z.boolean().optional(),
      deep: z.string().optional(),
      deepBytes: size.optional(),
      ...access,
    })
    .optional(),
  audit: z
    .strictObject({
      failOn: words.optional(),
      maxBytes: size.optional(),
      run,
      ...access,
    })
    .optional(),
  port: z
    .strictObject({
      from: z.string().optional(),
      bases: z.array(z.string().min(1)).max(100).optional(),
      knownBases: z.string().min(1).optional(),
      allowBaseDifferences: z.boolean().optional(),
      debian: z.strictObject({ ...packages, snapshot: z.string().optional() }).optional(),
      apk: z.strictObject(packages).optional(),
      rpm: z
        .strictObject({ ...packages, repositories: z.array(z.string().min(1)).max(100).optional() })
        .optional(),
      go: z
        .strictObject({
          enabled: z.boolean().optional(),
          program: z.string().min(1).optional(),
          timeoutSeconds: z.number().int().min(1).max(86_400).optional(),
        })
        .optional(),
      node: z
        .strictObject({
          registry: z.string().min(1).optional(),
          scopes: z.record(z.string(), z.string()).optional(),
        })
        .optional(),
      python: z.strictObject({ indexes: z.array(z.string().min(1)).max(100).optional() }).optional(),
      java: z
        .strictObject({
          repositories: z.array(z.string().min(1)).max(100).optional(),
          allowUpgrade: z.boolean().optional(),
        })
        .optional(),
      dotnet: z.strictObject({ sources: z.array(z.string().min(1)).max(100).optional() }).optional(),
      ruby: z.strictObject({ sources: z.array(z.string().min(1)).max(100).optional() }).optional(),
      run,
      ...access,
    })
    .optional(),
  catalog: z
    .strictObject({
      folders: z.array(z.string().min(1)).max(100).optional(),
      observations: z.string().min(1).optional(),
    })
    .optional(),
  /** Read by the registry room's own schema. */
  registries: z.unknown().optional(),
});

export type ConfigValues = z.output<typeof configSchema>;

/**
 * Members that a file found by itself must not set: with them, whoever wrote the folder that is scanned could send
 * credentials elsewhere, plant answers, have programs run, or have a port built on parts of their own. They count in a file that the person names with
 * `--config`.
 */
export const trustedOnly: readonly (readonly string[])[] = [
  ['registries'],
  ...[[], ['scan'], ['audit'], ['port']].flatMap((command) => [
    [...command, 'authFile'],
    [...command, 'cacheDirectory'],
  ]),
  // Its recipes are run, and its images are recommended.
  ['catalog', 'folders'],
  ['catalog', 'observations'],
  ['audit', 'run'],
  ['port', 'run'],
  // An index that holds the old base and a sibling of its author's making would do.
  ['port', 'bases'],
  ['port', 'knownBases'],
  ['port', 'allowBaseDifferences'],
  ...['mirrors', 'snapshot', 'keyrings', 'allowUnsigned'].map((member) => ['port', 'debian', member]),
  ...['mirrors', 'keyrings', 'allowUnsigned'].map((member) => ['port', 'apk', member]),
  ...['mirrors', 'keyrings', 'allowUnsigned', 'repositories'].map((member) => ['port', 'rpm', member]),
  ['port', 'go', 'program'],
  ['port', 'python', 'indexes'],
  ['port', 'java', 'repositories'],
  ['port', 'dotnet', 'sources'],
  ['port', 'ruby', 'sources'],
  ...['registry', 'scopes'].map((member) => ['port', 'node', member]),
];
