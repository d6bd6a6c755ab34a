import * as z from 'zod';
import type { MergedView } from '../../../layer/index.ts';

const framework = z.object({ name: z.string().optional(), version: z.string().optional() });
const runtimeConfigSchema = z.object({
  runtimeOptions: z
    .object({
      tfm: z.string().optional(),
      framework: framework.optional(),
      frameworks: z.array(framework).max(64).optional(),
      includedFrameworks: z.array(framework).max(64).optional(),
    })
    .optional(),
});

const asset = z.object({ rid: z.string().optional(), assetType: z.string().optional() });
const depsSchema = z.object({
  targets: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          native: z.record(z.string(), z.unknown()).optional(),
          runtimeTargets: z.record(z.string(), asset).optional(),
        }),
      ),
    )
    .optional(),
  libraries: z.record(z.string(), z.object({ type: z.string().optional() })).optional(),
});

/** How a program is to be run, as its runtimeconfig.json says (.NET, "runtimeconfig.json"). */
export interface RuntimeConfig {
  /** It brings the runtime itself. */
  readonly isSelfContained: boolean;
  /** Of .NET, `8.0`. */
  readonly release?: string;
}

/** A file that a package brings for one platform. */
export interface NativeAsset {
  readonly package: string;
  readonly version: string;
  /** In the package, `runtimes/linux-x64/native/libfoo.so`. */
  readonly path: string;
  /** Does the program look for it under this path? Otherwise it lies beside the program. */
  readonly isByPlatform: boolean;
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  view: MergedView,
  path: string,
): z.output<Schema> | undefined {
  const there = view.lookup(path);
  const bytes = there === undefined ? undefined : view.content(there);
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(
      JSON.parse(
        Buffer.from(bytes)
          .toString('utf8')
          .replace(/^\uFEFF/, ''),
      ),
    );
  } catch {
    return undefined;
  }
}

/** `undefined` where there is none that can be understood. */
export function readRuntimeConfig(view: MergedView, path: string): RuntimeConfig | undefined {
  const options = parsed(runtimeConfigSchema, view, path)?.runtimeOptions;
  if (options === undefined) return undefined;
  const { tfm, framework: only, frameworks = [], includedFrameworks = [] } = options;
  const all = [...(only === undefined ? [] : [only]), ...frameworks, ...includedFrameworks];
  const core = all.find(({ name }) => name === 'Microsoft.NETCore.App') ?? all[0];
  const [, release] =
    /^(?:net|netcoreapp)(\d{1,2}\.\d{1,2})$/.exec(tfm ?? '') ??
    /^(\d{1,2}\.\d{1,2})(?:\.|$)/.exec(core?.version ?? '') ??
    [];
  return { isSelfContained: includedFrameworks.length > 0, ...(release !== undefined && { release }) };
}

/** The files for one platform that packages of a program bring, as its deps.json says. */
export function readAssets(view: MergedView, path: string): readonly NativeAsset[] {
  const deps = parsed(depsSchema, view, path);
  if (deps === undefined) return [];
  return Object.values(deps.targets ?? {}).flatMap((target) =>
    Object.entries(target).flatMap(([key, { native = {}, runtimeTargets = {} }]) => {
      const [name = '', version = ''] = key.split('/');
      if (deps.libraries?.[key]?.type !== 'package' || !isName(name) || !isVersion(version)) return [];
      const own = { package: name, version };
      const flat = Object.keys(native).map((file) => ({ ...own, path: file, isByPlatform: false }));
      const byPlatform = Object.entries(runtimeTargets)
        .filter(([, { assetType }]) => assetType === 'native')
        .map(([file]) => ({ ...own, path: file, isByPlatform: true }));
      return [...flat, ...byPlatform].filter((one) => isInside(one.path));
    }),
  );
}

/** May it stand in an address? */
function isName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text) && !text.includes('..');
}

export function isVersion(text: string): boolean {
  return /^\d[A-Za-z0-9.+-]{0,127}$/.test(text) && !text.includes('..');
}

function isInside(path: string): boolean {
  return (
    path.length < 1024 &&
    path.split('/').every((part) => /^[^\\\p{Cc}]+$/u.test(part) && part !== '.' && part !== '..')
  );
}
