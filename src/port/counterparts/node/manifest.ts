import * as z from 'zod';

const maxBytes = 1024 ** 2;

const words = z.union([z.string().transform((word) => [word]), z.array(z.string()).max(100)]);
const versions = z.record(z.string(), z.string());
/** A member that is not what it should be counts as absent, as it does for npm. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** What of a package.json decides something here (npm's documentation, "package.json"). */
export const manifestSchema = z.object({
  name: z.string().max(214),
  version: z.string().max(256),
  os: optional(words),
  cpu: optional(words),
  libc: optional(words),
  main: optional(z.string()),
  bin: optional(z.union([z.string(), z.record(z.string(), z.string())])),
  dependencies: optional(versions),
  optionalDependencies: optional(versions),
  scripts: optional(versions),
  /** What its installers read; others put anything there. */
  config: optional(
    z.object({ runtime: optional(z.string()), target: optional(z.union([z.string(), z.int()])) }),
  ),
  gypfile: optional(z.boolean()),
  repository: optional(z.union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)])),
  binary: optional(
    z.object({
      module_name: optional(z.string()),
      module_path: optional(z.string()),
      host: optional(z.string()),
      remote_path: optional(z.string()),
      package_name: optional(z.string()),
      napi_versions: optional(z.array(z.int())),
    }),
  ),
});
export type Manifest = z.output<typeof manifestSchema>;

/** Could it be a package's name? What isn't must not come into paths and addresses. */
export function isPackageName(name: string): boolean {
  return name.length <= 214 && /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i.test(name);
}

/** One version alone, as semver writes it; without what may stand behind a `+`, which registries leave out. */
export function exactVersion(text: string): string | undefined {
  return /^[=v]?(\d{1,16}\.\d{1,16}\.\d{1,16}(?:-[0-9A-Za-z.-]{1,200})?)(?:\+[0-9A-Za-z.-]+)?$/.exec(
    text.trim(),
  )?.[1];
}

/** The spec of a package that another names as optional. */
export function optionalSpec({ optionalDependencies = {} }: Manifest, name: string): string | undefined {
  return Object.hasOwn(optionalDependencies, name) ? optionalDependencies[name] : undefined;
}

/** `undefined` for what is no package.json of a package. */
export function parseManifest(bytes: Uint8Array): Manifest | undefined {
  const document = parseJson(bytes, maxBytes);
  const parsed = manifestSchema.safeParse(document);
  return parsed.success ? parsed.data : undefined;
}

/** `undefined` for what is no JSON, or too much of it. */
export function parseJson(bytes: Uint8Array, limit: number): unknown {
  if (bytes.length > limit) return undefined;
  try {
    // npm takes a byte order mark at the beginning.
    return JSON.parse(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    ) as unknown;
  } catch {
    return undefined;
  }
}

/** The commands that a package gives, and the file of each, relative to its folder. */
export function commandsOf({ name, bin }: Pick<Manifest, 'name' | 'bin'>): ReadonlyMap<string, string> {
  if (bin === undefined) return new Map();
  const own = name.slice(name.lastIndexOf('/') + 1);
  const commands = typeof bin === 'string' ? { [own]: bin } : bin;
  return new Map(Object.entries(commands).map(([command, file]) => [command, file.replace(/^\.\//, '')]));
}
