import * as z from 'zod';

export const channelResults = [
  /** Its newest version has the platform, with all its files. */
  'has',
  /** Its newest version has another platform, and not this one. */
  'none',
  /** It publishes nothing, for no platform. */
  'gone',
  /** Nobody could tell; `reason` says why. */
  'unknown',
] as const;

/** What armload saw of one channel of a product that isn't delivered in containers, at one time. */
export const channelLookSchema = z.object({
  channel: z.string(),
  platform: z.string(),
  result: z.enum(channelResults),
  /** The newest for the platform. */
  version: z.string().optional(),
  /** The same of the platform that it was compared with. */
  compared: z.object({ platform: z.string(), version: z.string().optional() }).optional(),
  /** RFC 3339, UTC. */
  at: z.iso.datetime(),
  /** With `unknown`: `unauthorized`, `rate-limited`, `network`, `timeout`, `malformed`, `incomplete`, … */
  reason: z.string().optional(),
  /** A sentence: what the result rests on. */
  why: z.string(),
  /** The first version with the platform, as people say, and whether it's so. */
  since: z
    .object({
      version: z.string(),
      seen: z.enum(['confirmed', 'contradicted', 'unknown']),
      why: z.string(),
    })
    .optional(),
});

export type ChannelLook = z.output<typeof channelLookSchema>;
