import * as z from 'zod';

/** What was seen of the target platform. */
export const observationResults = [
  /** An index that has it. */
  'multi-arch',
  /** One image, for the target alone; its name says so (`metrics-server-arm64`) or not. */
  'single-arch',
  /** The name exists, and has no such platform. */
  'none',
  /** It says it has it, and the bytes are of another machine. */
  'mislabelled',
  /** Some of what it starts or uses is of another machine, or can't run. */
  'partial',
  /** The registry says that there's no such name or tag. */
  'gone',
  /** Nobody could tell; `reason` says why. */
  'unknown',
] as const;

/** What armload itself saw of one reference, at one time. Written by armload only; claims are people's. */
export const observationSchema = z.strictObject({
  /** Canonical, with its tag. */
  reference: z.string().max(1024),
  platform: z.string().max(64),
  /** Of what the tag named: the index, or the one image. */
  digest: z.string().max(128).optional(),
  /** Of the target's image in it. */
  image: z.string().max(128).optional(),
  /** RFC 3339, UTC. */
  at: z.iso.datetime(),
  /** `manifest`: the registry's documents; `audit`: the bytes; `run`: it was tried out; `build`: armload built it. */
  method: z.enum(['manifest', 'audit', 'run', 'build']),
  /** Of a build: by which recipe. */
  recipe: z.string().max(128).optional(),
  result: z.enum(observationResults),
  /** With `unknown`: `unauthorized`, `rate-limited`, … */
  reason: z.string().max(64).optional(),
  /** A sentence: what the result rests on. */
  why: z.string().max(2048),
});

export type Observation = z.output<typeof observationSchema>;
export type ObservationResult = (typeof observationResults)[number];
