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
      /** Its presence asks for smoke runs. */
      run: z
        .strictObject({
          commands: z.array(z.union([z.string(), z.array(z.string())])).optional(),
          means: z.string().optional(),
          timeoutSeconds: count.optional(),
        })
        .optional(),
      ...access,
    })
    .optional(),
  /** Read by the registry room's own schema. */
  registries: z.unknown().optional(),
});

export type ConfigValues = z.output<typeof configSchema>;

/**
 * Members that a file found by itself must not set: with them, whoever wrote the folder that is scanned could send
 * credentials elsewhere, plant answers, or have programs run. They count in a file that the person names with
 * `--config`.
 */
export const trustedOnly: readonly (readonly string[])[] = [
  ['registries'],
  ...[[], ['scan'], ['audit']].flatMap((command) => [
    [...command, 'authFile'],
    [...command, 'cacheDirectory'],
  ]),
  ['audit', 'run'],
];
