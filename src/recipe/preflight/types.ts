import * as z from 'zod';

const provision = z.object({
  title: z.string().optional(),
  /** For `sh -eu`, in the place. */
  script: z.string(),
  /** What it changed counts in new sessions only. */
  newSession: z.boolean(),
});

const requirement = z.object({
  kind: z.enum(['os', 'architecture', 'cpus', 'memory', 'disk', 'tool', 'network', 'docker', 'secret']),
  /** Of a tool its name, of a secret its parameter, else the kind again. */
  name: z.string(),
  state: z.enum(['met', 'missing', 'unknown']),
  /** A sentence: what was found, and what is wanted. */
  why: z.string(),
  wanted: z.string().optional(),
  found: z.string().optional(),
  /** What the recipe says of why it's needed. */
  purpose: z.string().optional(),
  /** With `missing`: how the recipe says to get it in a place like this one. */
  get: provision.optional(),
});

/** What a recipe asks of a place, each thing found there, missing, or not known. */
export const preflightSchema = z.object({
  /** `missing` if anything is; else `unknown` if anything is. */
  state: z.enum(['met', 'missing', 'unknown']),
  requirements: z.array(requirement),
});

export type Preflight = z.output<typeof preflightSchema>;
export type Requirement = z.output<typeof requirement>;
export type Provision = z.output<typeof provision>;
