import { validRange } from 'semver';
import * as z from 'zod';
import { parameterSchema } from '../../recipe/index.ts';

/** Raised when an older armload could misunderstand a port recipe. */
export const portRecipeSchemaVersion = 1;

const name = z
  .string()
  .max(128)
  .regex(/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/, 'a name is of small letters, digits, dots and hyphens');
/** What expressions name. */
const word = z
  .string()
  .max(64)
  .regex(
    /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
    'a name here begins with a small letter; digits and hyphens may follow',
  );
/** May hold `${{ parameters.NAME }}`. */
const text = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0]*$/, 'it holds a NUL character');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits');
const versions = z.string().min(1).max(256).refine(isRange, 'not a range of versions such as ">=1.2.0 <2"');
/** Absolute, in the image. */
const path = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*[^/\0]$/, 'a path in the image begins with / and is that of a file');

function few<Key extends z.ZodString, Value extends z.ZodType>(key: Key, value: Value, most: number) {
  return z
    .record(key, value)
    .refine((members) => Object.keys(members).length <= most, `there are more than ${most}`);
}

/** Where a file's SHA-256 is known from: what the person gives goes before the table. */
const knownSum = z.strictObject({
  /** The parameter that gives it. */
  parameter: word,
  /** A table of `sums`. */
  sums: word.optional(),
  /** Which row. */
  of: text.optional(),
});

const replacement = z.strictObject({
  path,
  /** An https address; or a parameter, whose value may be a file too, or nothing: then the path is not replaced. */
  from: text.regex(
    /^(?:https?:\/\/|\$\{\{)/,
    'an address, or a parameter: a recipe reads no file that nobody named',
  ),
  /** The file in an archive. */
  member: text.optional(),
  sha256: z.union([text, knownSum]).optional(),
  /** Of the product: it has the path in these only. */
  versions: versions.optional(),
});

const waiver = z.strictObject({ path, reason: z.string().min(1).max(2048), versions: versions.optional() });

/** A port recipe: an image put together from the one that is there and from programs that exist, by `armload port`. */
export const portRecipeSchema = z.strictObject({
  schemaVersion: z.literal(portRecipeSchemaVersion),
  kind: z.literal('port'),
  name,
  title: z.string().optional(),
  description: z.string().optional(),
  /** The catalog's product. */
  product: name.optional(),
  /** Of the product, as npm's semver has it. */
  versions: versions.optional(),
  links: z.array(z.string()).max(100).optional(),
  parameters: few(word, parameterSchema, 256).optional(),
  /** Of parameters that the version decides; what a person gives goes before it, the parameter's own default after it. */
  defaults: z
    .array(z.strictObject({ versions, values: few(word, z.string().max(4096), 256) }))
    .max(100)
    .optional(),
  /** Tables of SHA-256, by what the file's version is. */
  sums: few(word, few(z.string().min(1).max(128), sha256, 1000), 100).optional(),
  /** The image that is ported, by its tag. */
  image: text,
  /** What may be its base, first choice first; unless told, port looks for it. */
  bases: z.array(text).max(20).optional(),
  replace: z.array(replacement).min(1).max(1000),
  waive: z.array(waiver).max(1000).optional(),
  /** Below the prefix that the person names. */
  publish: z.strictObject({ name: text, tag: text }),
});

export type PortRecipeDocument = z.output<typeof portRecipeSchema>;
export type PortReplacement = z.output<typeof replacement>;

/** The JSON Schema of port recipes, for editors: the rules that hold parts against each other are not in it. */
export function portRecipeJsonSchema(): Record<string, unknown> {
  return { title: 'armload port recipe', ...z.toJSONSchema(portRecipeSchema, { io: 'input' }) };
}

function isRange(text: string): boolean {
  // An empty text means every version to semver, and a slip to people.
  return text.trim() !== '' && validRange(text) !== null;
}
