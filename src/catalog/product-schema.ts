import { Range } from 'semver';
import * as z from 'zod';
import { messageOf } from '../core/index.ts';
import { canonicalRepository } from './repositories.ts';

/** Raised when an older armload could misunderstand a product. */
export const productSchemaVersion = 1;

const maxList = 200;

const name = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'a name is of small letters, digits and hyphens');
/** What people call it; found whatever its case. */
const label = z.string().min(1).max(128);
const sentence = z.string().min(1).max(2048);
const date = z.iso.date('a date is written YYYY-MM-DD');
const url = z
  .string()
  .max(2048)
  .refine(isWebAddress, 'an address starts with https:// or http:// and holds no password');
/** As npm's semver has it; tags of four numbers or of dates count as their first three numbers. */
const versions = z
  .string()
  .max(256)
  .refine(isRange, 'not a range of versions such as ">=1.2.0 <2"; versions stand in quotes');
const reference = z
  .string()
  .max(512)
  .superRefine((text, context) => {
    try {
      const canonical = canonicalRepository(text);
      if (canonical !== text) context.addIssue(`the repository's full name is "${canonical}", without a tag`);
    } catch (error) {
      context.addIssue(messageOf(error));
    }
  });
const list = <Item extends z.ZodType>(item: Item) => z.array(item).max(maxList).optional();

export const deliveryWords = ['image', 'binary', 'package', 'service', 'machine-image'] as const;
export const trustWords = ['vendor', 'maintainer', 'community', 'personal'] as const;

export const workaroundKinds = [
  /** A later version of the product has the platform. */
  'newer-tag',
  /** The product's own image under another name, such as one with the architecture in it. */
  'other-name',
  'third-party-image',
  /** A channel that has it before the others: alpha, edge, nightly. */
  'channel',
  /** `armload port`. */
  'port',
  /** `armload build`, by a recipe of the catalog. */
  'recipe',
  /** A build by hand: from source, from a branch. */
  'source',
  /** Other values for a chart or an installer. */
  'settings',
  'pin-to-amd64',
  'none',
] as const;

export const claimWords = [
  'supported',
  'unsupported',
  'partial',
  /** In a channel or development builds only. */
  'prerelease',
  /** Programs, but no image. */
  'binary-only',
  /** In the source, but in no release yet. */
  'merged',
] as const;

const successor = z
  .strictObject({
    /** One of the catalog; else `title` and `url` say what it is. */
    product: name.optional(),
    title: label.optional(),
    url: url.optional(),
    since: date.optional(),
  })
  .refine(
    ({ product, title }) => (product === undefined) !== (title === undefined),
    'name a product or a title',
  );

const link = z.strictObject({
  kind: z.enum(['issue', 'pull-request', 'release', 'announcement', 'page']),
  url,
  /** `fault`: of something that was wrong once, and not of getting the platform. */
  about: z.enum(['support', 'fault']).optional(),
  state: z.enum(['open', 'closed', 'merged', 'published']).optional(),
  /** When it came to that state. */
  since: date.optional(),
  /** When somebody last looked. */
  seen: date.optional(),
  note: sentence.optional(),
});

const image = z.strictObject({
  /** Registry and repository, no tag. `{region}` may stand for the region of an ECR registry. */
  reference,
  role: z.enum(['server', 'agent', 'cli', 'sidecar', 'init', 'helper', 'dependency']),
  /** The product is whole without it. What it only depends on is always so. */
  optional: z.boolean().optional(),
  /** False where nobody has looked whether the name is right. */
  confirmed: z.boolean().optional(),
  /** Names it had before. */
  formerly: list(reference),
  /** Names with the architecture in them, for one platform each. */
  archNames: list(reference),
  /** Other registries' copies, which should hold the same. */
  mirrors: list(reference),
  /** How a version becomes a tag: `v{version}`; `{version}` unless told. */
  tag: z
    .string()
    .max(64)
    .regex(/^(?:\w[\w.-]*)?\{version\}[\w.-]*$/, 'a tag holds {version} once')
    .optional(),
  note: sentence.optional(),
});

const claim = z.strictObject({
  text: sentence,
  says: z.enum(claimWords),
  /** Of which it is said; of all unless told. */
  versions: versions.optional(),
  source: url,
  /** When it was said, or seen to be said. */
  date,
  author: label.optional(),
  /** Why one may not believe it. */
  doubt: sentence.optional(),
});

const tested = z.strictObject({
  date,
  version: label.optional(),
  /** Where that is told. */
  source: url.optional(),
  note: sentence.optional(),
});

const workaround = z
  .strictObject({
    kind: z.enum(workaroundKinds),
    /** It helps these; all unless told. */
    versions: versions.optional(),
    text: sentence,
    image: z
      .strictObject({
        reference,
        tag: z
          .string()
          .regex(/^\w[\w.-]{0,127}$/, 'not a tag')
          .optional(),
        trust: z.enum(trustWords),
        confirmed: z.boolean().optional(),
      })
      .optional(),
    channel: label.optional(),
    recipe: name.optional(),
    command: sentence.optional(),
    source: url.optional(),
    /** The day after which it isn't offered any more, unless somebody renews it. */
    until: date.optional(),
    /** Who tried it, and when. */
    tested: list(tested),
  })
  .superRefine((value, context) => {
    for (const member of neededBy[value.kind] ?? [])
      if (value[member] === undefined)
        context.addIssue({
          code: 'custom',
          path: ['kind'],
          message: `a workaround of kind ${value.kind} needs "${member}"`,
        });
    for (const [member, kinds] of Object.entries(onlyFor))
      if (value[member as keyof typeof onlyFor] !== undefined && !kinds.includes(value.kind))
        context.addIssue({
          code: 'custom',
          path: [member],
          message: `it says nothing for the kind ${value.kind}`,
        });
  });

type WorkaroundKind = (typeof workaroundKinds)[number];
const neededBy: Readonly<
  Partial<Record<WorkaroundKind, readonly ('image' | 'until' | 'channel' | 'recipe')[]>>
> = {
  'third-party-image': ['image', 'until'],
  'other-name': ['image'],
  channel: ['channel'],
  recipe: ['recipe'],
};
const onlyFor: Readonly<Record<'image' | 'channel' | 'recipe', readonly WorkaroundKind[]>> = {
  image: ['third-party-image', 'other-name'],
  channel: ['channel'],
  recipe: ['recipe'],
};

const override = z.strictObject({
  tool: z.enum(['helm', 'kustomize', 'manifest', 'operator', 'command', 'environment', 'terraform']),
  /** Where the name is set: a value's path, an option, a variable. */
  path: label,
  /** Of the images, those that it sets; all unless told. */
  images: list(reference),
  example: sentence.optional(),
  confirmed: z.boolean().optional(),
});

/** With `{channel}`, `{architecture}` (OCI's word) and `{version}` in it. */
const channelAddress = z
  .string()
  .max(2048)
  .refine(isWebAddress, 'an address starts with https:// or http:// and holds no password')
  .refine(
    (text) => ['{channel}', '{architecture}', '{version}'].every((word) => text.includes(word)),
    'the address needs {channel}, {architecture} and {version}',
  );
const channelVersion = z
  .string()
  .max(64)
  .regex(/^\d[\w.+-]*$/, 'not a version');

/** Where the channels of what isn't delivered in containers are published. */
const channels = z.strictObject({
  /** A text of `NAME=VALUE` lines that says which version the files beside it are. */
  version: channelAddress,
  /** The name of that line. */
  variable: z
    .string()
    .max(64)
    .regex(/^[A-Z][A-Z0-9_]*$/, 'a variable is of capital letters, digits and underscores'),
  /** What stands in the place of `{version}` for the newest. */
  latest: z
    .string()
    .max(64)
    .regex(/^\w[\w.-]*$/, 'a word'),
  /** What a version has to have to be there. */
  files: z.array(channelAddress).min(1).max(20),
  list: z
    .array(
      z.strictObject({
        name: z
          .string()
          .max(64)
          .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'a channel is of small letters, digits and hyphens'),
        /** The first version with the platform, as people say. */
        since: channelVersion.optional(),
        /** The last one without. */
        before: channelVersion.optional(),
        source: url.optional(),
        /** Why one may not believe it. */
        doubt: sentence.optional(),
        /** It is published no more. */
        ended: sentence.optional(),
      }),
    )
    .min(1)
    .max(50),
});

/** A cell of a page: a text, or one that leads somewhere. */
const cell = z.union([
  z.string().max(2048),
  z.strictObject({
    text: z.string().min(1).max(2048),
    link: z.string().max(2048).refine(isLink, 'not an address or #place'),
  }),
]);

const row = z
  .strictObject({
    /** The first day it stood there as it is. */
    from: date.optional(),
    /** Where that isn't known: a day it was seen to. */
    seen: date.optional(),
    name: label,
    url: cell.optional(),
    workaround: cell.optional(),
    image: cell.optional(),
    comment: cell.optional(),
  })
  .refine(({ from, seen }) => (from === undefined) !== (seen === undefined), 'a row has "from" or "seen"');

const listing = z.strictObject({
  table: z.enum(['workarounds', 'supported']),
  /** `short`: the cells tell what the page said, in fewer words. */
  wording: z.enum(['exact', 'short']),
  /** Oldest first. */
  rows: z.array(row).min(1).max(maxList),
  /** The first day it stood there no more. */
  left: date.optional(),
  /** How it left. */
  because: sentence.optional(),
});

/** One file of `catalog/products`: what people say of a product, and what helps. What armload sees is kept apart. */
export const productSchema = z.strictObject({
  schemaVersion: z.literal(productSchemaVersion),
  kind: z.literal('product'),
  /** The file's name, too. */
  name,
  title: label,
  aliases: list(label),
  formerNames: list(label),
  homepage: url.optional(),
  delivery: z.array(z.enum(deliveryWords)).min(1).max(deliveryWords.length),
  licence: list(z.strictObject({ text: sentence, since: date.optional(), source: url.optional() })),
  /** Nobody works on it any more. */
  archived: z.strictObject({ since: date.optional(), source: url.optional() }).optional(),
  /** What took its place. */
  successor: successor.optional(),
  forks: list(z.strictObject({ title: label, product: name.optional(), url: url.optional() })),
  notes: list(sentence),
  links: list(link),
  images: list(image),
  channels: channels.optional(),
  claims: list(claim),
  workarounds: list(workaround),
  overrides: list(override),
  listings: list(listing),
});

export type ProductDocument = z.output<typeof productSchema>;
export type ProductImage = z.output<typeof image>;
export type Channels = z.output<typeof channels>;
export type Claim = z.output<typeof claim>;
export type Workaround = z.output<typeof workaround>;
export type UpstreamLink = z.output<typeof link>;
export type Listing = z.output<typeof listing>;
export type ListingRow = z.output<typeof row>;
export type ListingCell = z.output<typeof cell>;

/** The JSON Schema of a product file, for editors; `schemas/product.schema.json` holds it. */
export function productJsonSchema(): unknown {
  return { title: 'A product of the armload catalog', ...z.toJSONSchema(productSchema, { io: 'input' }) };
}

function isRange(text: string): boolean {
  try {
    new Range(text);
    // An empty text means every version to semver, and a slip to people.
    return text.trim() !== '';
  } catch {
    return false;
  }
}

/** `https://…` or `http://…`, safe to write into a page. */
export function isWebAddress(text: string): boolean {
  if (!/^https?:\/\/[^\s<>"`|\\]+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

function isLink(text: string): boolean {
  return /^#[\w-]{1,128}$/.test(text) || isWebAddress(text);
}
