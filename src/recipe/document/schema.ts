import * as z from 'zod';

/** Raised when an older armload could misunderstand a recipe. */
export const recipeSchemaVersion = 1;

const name = z
  .string()
  .max(128)
  .regex(/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/, 'a name is of small letters, digits, dots and hyphens');
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'an environment variable is of letters, digits and underscores');
/** What expressions name: a path in an expression is told apart at its dots, and keeps its place among others by its letter. */
const word = z
  .string()
  .max(64)
  .regex(
    /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
    'a name here begins with a small letter; digits and hyphens may follow',
  );
/** No program can be handed a NUL. */
const noNul = /^[^\0]*$/;
/** May hold `${{ … }}`: a parameter, a source's commit, what an earlier step gave. */
const text = z.string().max(16_384).regex(noNul, 'it holds a NUL character');
/** Evaluated: `parameters.channel == 'stable' && host.os == 'linux'`. */
const condition = z.string().max(4096);
/** `90s`, `15m`, `2h`. */
const duration = z.string().regex(/^[1-9]\d{0,5}[smh]$/, 'a duration is a number and s, m or h, such as 15m');
/** `512MiB`, `16GiB`. */
const size = z.string().regex(/^[1-9]\d{0,5}(?:MiB|GiB|TiB)$/, 'a size is a number and MiB, GiB or TiB');
/** Below the workspace: no leading slash and no `..`, once it's resolved. */
const path = text.min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits');
/** Members with names, not more than anybody writes. */
function few<Key extends z.ZodString, Value extends z.ZodType>(key: Key, value: Value, most: number) {
  return z
    .record(key, value)
    .refine((members) => Object.keys(members).length <= most, `there are more than ${most}`);
}
const environment = few(variable, text, 512);

export const parameterSchema = z.strictObject({
  description: z.string().optional(),
  /** Of a secret, the name of the environment variable that holds it where armload runs. */
  default: z.string().max(4096).regex(noNul, 'it holds a NUL character').optional(),
  /** `commit` is 40 hexadecimal digits; a `secret`'s value is never recorded. */
  type: z.enum(['text', 'commit', 'secret']).optional(),
  /** What values must match as a whole. */
  pattern: z.string().max(1024).optional(),
  /** The only values there are. */
  oneOf: z.array(z.string().max(4096)).min(1).max(1024).optional(),
});

/** A way to get what's missing, as commands for the place where steps run. */
const provision = z.strictObject({
  title: z.string().optional(),
  /** `host.id == 'ubuntu'`; the first that holds is used. */
  when: condition.optional(),
  /** What its script is told: parameters, as a rule. */
  environment: environment.optional(),
  /** A script for `sh -eu`, without expressions. */
  run: z.string().min(1).max(65_536).regex(noNul, 'it holds a NUL character'),
  /** What it changed counts in new sessions only, such as a group: the connection is made anew after it. */
  newSession: z.boolean().optional(),
});

const tool = z.strictObject({
  name: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/, 'a program is named by its file name'),
  /** A range as npm's semver has it: `>=1.16.5`. */
  version: z.string().max(256).optional(),
  /** Prints the version; `NAME --version` unless told. */
  command: z.array(z.string().min(1).max(1024).regex(noNul)).min(1).max(64).optional(),
  why: z.string().optional(),
  get: z.array(provision).max(64).optional(),
});

const amounts = { cpus: z.int().min(1).max(1024).optional(), memory: size.optional(), disk: size.optional() };

const requires = z.strictObject({
  os: z.enum(['linux']).optional(),
  /** Of the place where steps run. */
  architecture: z.enum(['arm64', 'amd64']).optional(),
  /** Is a place of another architecture good enough if it runs such programs by emulation? */
  emulation: z.boolean().optional(),
  ...amounts,
  tools: z.array(tool).max(64).optional(),
});

const gitSource = z.strictObject({
  git: text,
  /** 40 hexadecimal digits; or `ref`. */
  commit: text.optional(),
  /** A branch or tag; what it resolved to is recorded. */
  ref: text.optional(),
  /** The local branch that is made to point there; none unless told. */
  branch: z.string().max(255).optional(),
  submodules: z.boolean().optional(),
  path,
});

const archiveSource = z.strictObject({
  url: text,
  sha256: text,
  path,
  /** `path` becomes a folder with the archive's members; unless told, it's the file itself. */
  unpack: z.enum(['tar']).optional(),
  /** Leading folders of members that are left out. */
  strip: z.int().min(0).max(8).optional(),
  executable: z.boolean().optional(),
});

/** A file beside the recipe. */
const fileSource = z.strictObject({
  file: text.min(1),
  sha256: sha256.optional(),
  path,
  executable: z.boolean().optional(),
});

const fileOutput = z.strictObject({
  path,
  /** What its machine code must be; unless told, anything. */
  machine: z.enum(['arm64', 'amd64', 'none']).optional(),
  sha256: text.optional(),
  executable: z.boolean().optional(),
});

const imageOutput = z.strictObject({
  /** As the place's Docker engine has it after the step. */
  reference: text,
  /** `linux/arm64` unless told. */
  platform: z.string().optional(),
});

const outputs = z.strictObject({
  /** Names that the step writes to the file `$ARMLOAD_VALUES`, as `name=value` lines. */
  values: z.array(word).max(256).optional(),
  files: few(word, fileOutput, 256).optional(),
  images: few(word, imageOutput, 256).optional(),
});

const step = z.strictObject({
  title: z.string().optional(),
  description: z.string().optional(),
  /** Steps that have to be done before; unless told, the one above. `[]` for none. */
  needs: z.array(word).max(1024).optional(),
  when: condition.optional(),
  /** One variable and its values: the step is done once for each, in order, as `foreach.VARIABLE`. */
  foreach: few(word, z.array(text).min(1).max(10_000), 16).optional(),
  /** Where it's run, below the workspace. */
  workdir: path.optional(),
  /** Words of one command, which may hold `${{ … }}`; or a script for `sh -eu`, which takes them from its environment only. */
  run: z.union([
    z.string().min(1).max(65_536).regex(noNul, 'it holds a NUL character'),
    z.array(text).min(1).max(4096),
  ]),
  /** Named sets of the recipe's `environments`, in order. */
  environments: z.array(word).max(64).optional(),
  environment: environment.optional(),
  /** Two hours unless told. */
  timeout: duration.optional(),
  /** More attempts after a failed one. */
  retries: z.int().min(0).max(10).optional(),
  /** What the place must have for this step alone. */
  resources: z.strictObject(amounts).optional(),
  /** How long it took somewhere, for people: `15m` on `m6g.4xlarge`. */
  expected: z
    .strictObject({
      time: duration,
      on: z.string().optional(),
      cpus: z.int().optional(),
      note: z.string().optional(),
    })
    .optional(),
  network: z.enum(['allowed', 'none']).optional(),
  outputs: outputs.optional(),
});

const check = z.strictObject({
  title: z.string().optional(),
  /** A file output, `${{ steps.NAME.files.NAME }}`, or a path below the workspace. */
  file: text.optional(),
  /** An image output. It's audited. */
  image: text.optional(),
  machine: z.enum(['arm64', 'amd64']).optional(),
  sha256: text.optional(),
  /** What the words print has to match. Run where the steps are. */
  version: z
    .strictObject({ run: z.array(text).min(1).max(256), matches: z.string().min(1).max(1024) })
    .optional(),
});

const publication = z.strictObject({
  /** An image output. */
  image: text,
  /** Below the prefix that the person names: `istio/pilot`. */
  name: text,
  tag: text.optional(),
});

/** A recipe: a build from source, wherever it's run. */
export const recipeSchema = z.strictObject({
  schemaVersion: z.literal(recipeSchemaVersion),
  kind: z.literal('recipe'),
  name,
  title: z.string().optional(),
  description: z.string().optional(),
  /** The catalog's product. */
  product: name.optional(),
  /** Of the product, as npm's semver has it. */
  versions: z.string().max(256).optional(),
  links: z.array(z.string()).optional(),
  parameters: few(word, parameterSchema, 256).optional(),
  requires: requires.optional(),
  /** For every step. */
  environment: environment.optional(),
  /** Named sets, for the steps that name them. */
  environments: few(word, environment, 256).optional(),
  /** Variables that are handed through from the place: proxies, an engine's address. */
  passEnvironment: z.array(variable).max(256).optional(),
  sources: few(word, z.union([gitSource, archiveSource, fileSource]), 256).optional(),
  steps: few(word, step, 2000),
  verify: z.array(check).max(1000).optional(),
  publish: z.array(publication).max(1000).optional(),
});

export type RecipeDocument = z.output<typeof recipeSchema>;
export type ParameterDocument = z.output<typeof parameterSchema>;
export type ToolDocument = z.output<typeof tool>;
export type SourceDocument =
  | z.output<typeof gitSource>
  | z.output<typeof archiveSource>
  | z.output<typeof fileSource>;
export type StepDocument = z.output<typeof step>;
export type CheckDocument = z.output<typeof check>;
export type PublicationDocument = z.output<typeof publication>;
