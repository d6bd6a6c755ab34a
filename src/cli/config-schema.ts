import * as z from 'zod';

const count = z.int().min(1).max(1_000_000);
const words = z.union([z.string(), z.array(z.string())]);

/** `armload.yaml`. Options of the command line go before it; relative paths start at its directory. */
export const configSchema = z.strictObject({
  platform: z.string().optional(),
  format: z.string().optional(),
  scan: z
    .strictObject({
      failOn: words.optional(),
      profiles: z.array(z.string()).optional(),
      offline: z.boolean().optional(),
      compareLayers: z.boolean().optional(),
      cache: z.boolean().optional(),
      cacheDirectory: z.string().min(1).optional(),
      authFile: z.string().min(1).optional(),
      maxRequests: z.int().min(0).max(1_000_000).optional(),
      concurrency: count.optional(),
      timeoutSeconds: count.optional(),
    })
    .optional(),
  /** Read by the registry room's own schema. */
  registries: z.unknown().optional(),
});

export type ConfigValues = z.output<typeof configSchema>;

/**
 * Members that a file found by itself must not set: with them, whoever wrote the folder that is scanned could send
 * credentials elsewhere or plant answers. They count in a file that the person names with `--config`.
 */
export const trustedOnly: readonly (readonly string[])[] = [
  ['registries'],
  ['scan', 'authFile'],
  ['scan', 'cacheDirectory'],
];
