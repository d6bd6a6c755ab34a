import * as z from 'zod';
import { observationResults } from './observation.ts';

/** Raised when a reader of the JSON could break. */
export const catalogSchemaVersion = 1;

/** How far a product is on the target platform; from the least to the most, then the ends. */
export const productStates = [
  /** Nobody has looked, and nobody speaks against it. */
  'unknown',
  /** It isn't there, by what was seen or said, and nobody is known to work on it. */
  'unsupported',
  /** People work on it, or a way around is known that nobody is known to have tried. */
  'tracked',
  /** A way around was tried, and works. */
  'workable',
  /** In a channel or in development builds. */
  'prerelease',
  /** Programs, but no image. */
  'binary-only',
  /** armload read the bytes, and they are right. */
  'supported',
  /** It was there, or is said to be, and what armload sees now is not. */
  'regressed',
  /** Something else took its place. */
  'superseded',
  /** Nobody works on it any more. */
  'archived',
] as const;

export const workaroundStatuses = ['tested', 'untested', 'broken', 'expired', 'retired'] as const;

const age = {
  /** When armload last found out something about it. RFC 3339, UTC; absent where it never did. */
  observed: z.string().optional(),
  /** Whole days since then. */
  age: z.int().min(0).optional(),
};

export const productStateSchema = z.object({
  state: z.enum(productStates),
  /** Sentences; the first is what decides. */
  because: z.array(z.string()),
  /** A date, or a time, where one is known. */
  since: z.string().optional(),
  ...age,
});

export const claimResultSchema = z.object({
  says: z.string(),
  text: z.string(),
  versions: z.string().optional(),
  source: z.string(),
  date: z.string(),
  doubt: z.string().optional(),
});

export const workaroundResultSchema = z.object({
  kind: z.string(),
  text: z.string(),
  versions: z.string().optional(),
  /** It helps what was asked about. */
  applies: z.boolean(),
  status: z.enum(workaroundStatuses),
  /** A sentence: why it has that status. */
  why: z.string(),
  until: z.string().optional(),
  /** Of an image: its name, with a tag where there is one, and who makes it. */
  reference: z.string().optional(),
  trust: z.string().optional(),
  channel: z.string().optional(),
  recipe: z.string().optional(),
  command: z.string().optional(),
});

export const catalogFindingSchema = z.object({
  /** Stable, kebab-case: `copies-disagree`, `copies-differ`, `optional-image`, `workaround-expired`, `workaround-broken`. */
  kind: z.string(),
  /** A sentence. */
  text: z.string(),
});

const around = {
  schemaVersion: z.literal(catalogSchemaVersion),
  /** What was known at this time. RFC 3339, UTC. */
  at: z.string(),
  platform: z.string(),
  /** What a person should know of how the result came about, each a sentence. */
  notes: z.array(z.string()),
};

export const catalogListSchema = z.object({
  ...around,
  /** Number of products in each state. */
  states: z.record(z.enum(productStates), z.int()),
  /** Sorted by name. */
  products: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      delivery: z.array(z.string()),
      state: productStateSchema,
      /** The newest that speaks of the product as it is now; a claim is no state. */
      claim: claimResultSchema.optional(),
      workarounds: z.int(),
      findings: z.array(catalogFindingSchema),
    }),
  ),
});

export const catalogProductSchema = z.object({
  ...around,
  name: z.string(),
  title: z.string(),
  /** The version or range that was asked about. */
  asked: z.string().optional(),
  file: z.string(),
  names: z.array(z.string()),
  homepage: z.string().optional(),
  delivery: z.array(z.string()),
  licence: z.array(
    z.object({ text: z.string(), since: z.string().optional(), source: z.string().optional() }),
  ),
  archived: z.object({ since: z.string().optional(), source: z.string().optional() }).optional(),
  /** Of the catalog where `product` is there. */
  successor: z
    .object({
      product: z.string().optional(),
      title: z.string(),
      url: z.string().optional(),
      since: z.string().optional(),
    })
    .optional(),
  forks: z.array(z.object({ title: z.string(), product: z.string().optional(), url: z.string().optional() })),
  remarks: z.array(z.string()),
  state: productStateSchema,
  /** What people say, newest first. */
  claims: z.array(claimResultSchema),
  workarounds: z.array(workaroundResultSchema),
  images: z.array(
    z.object({
      reference: z.string(),
      role: z.string(),
      optional: z.boolean(),
      /** False where nobody has looked whether the name is right. */
      confirmed: z.boolean(),
      formerly: z.array(z.string()),
      archNames: z.array(z.string()),
      mirrors: z.array(z.string()),
      tag: z.string(),
      /** `good`, `listed`, `single`, `bad`, `unseen`. */
      seen: z.string(),
      note: z.string().optional(),
    }),
  ),
  /** Of what isn't delivered in containers, as people say. */
  channels: z
    .array(
      z.object({
        name: z.string(),
        /** Where its newest version says which it is. */
        address: z.string(),
        since: z.string().optional(),
        source: z.string().optional(),
        doubt: z.string().optional(),
        ended: z.string().optional(),
      }),
    )
    .optional(),
  links: z.array(
    z.object({
      kind: z.string(),
      url: z.string(),
      state: z.string().optional(),
      since: z.string().optional(),
      seen: z.string().optional(),
      note: z.string().optional(),
    }),
  ),
  overrides: z.array(
    z.object({
      tool: z.string(),
      path: z.string(),
      images: z.array(z.string()),
      example: z.string().optional(),
      confirmed: z.boolean(),
    }),
  ),
  /** The newest of each reference and method, newest first. */
  observations: z.array(
    z.object({
      reference: z.string(),
      method: z.string(),
      result: z.enum(observationResults),
      at: z.string(),
      why: z.string(),
      digest: z.string().optional(),
      reason: z.string().optional(),
    }),
  ),
  observationsOmitted: z.int(),
  findings: z.array(catalogFindingSchema),
  /** When it stood on the page that the catalog began as. */
  listings: z.array(
    z.object({
      table: z.string(),
      entered: z.string(),
      left: z.string().optional(),
      because: z.string().optional(),
    }),
  ),
});

/** A part of a line: a text, or one that leads somewhere (`https://…`, `#place`). */
export const pagePartSchema = z.object({ text: z.string(), link: z.string().optional() });

export const catalogPageSchema = z.object({
  ...around,
  table: z.enum(['workarounds', 'supported']),
  /** `page`: as the page had it on that day; `catalog`: made of what the catalog knows. */
  from: z.enum(['page', 'catalog']),
  date: z.string(),
  columns: z.array(z.string()),
  rows: z.array(
    z.object({
      product: z.string(),
      /** One a column, each of lines, each of parts. */
      cells: z.array(z.array(z.array(pagePartSchema))),
      /** Where the catalog made the row. */
      state: productStateSchema.optional(),
    }),
  ),
});

export type ProductStateName = (typeof productStates)[number];
export type ProductState = z.infer<typeof productStateSchema>;
export type WorkaroundStatus = (typeof workaroundStatuses)[number];
export type ClaimResult = z.infer<typeof claimResultSchema>;
export type WorkaroundResult = z.infer<typeof workaroundResultSchema>;
export type CatalogFinding = z.infer<typeof catalogFindingSchema>;
export type CatalogList = z.infer<typeof catalogListSchema>;
export type CatalogProduct = z.infer<typeof catalogProductSchema>;
export type CatalogPage = z.infer<typeof catalogPageSchema>;
export type PagePart = z.infer<typeof pagePartSchema>;
