import type { FileFacts } from '../../../binary/index.ts';
import { type BuildInfo, parseBuildInfo } from './build-info.ts';
import { checkTags, checkToolFlags } from './flags.ts';

/** Where the source is: a module of that version, or a revision of a repository. */
export type GoSource =
  | { readonly kind: 'module'; readonly version: string }
  | { readonly kind: 'git'; readonly revision: string };

/** How a program was built. */
export interface Recipe {
  /** Such as `go1.22.5`: of the toolchain. */
  readonly toolchain: string;
  /** As the program has it, with experiments behind. */
  readonly goVersion: string;
  readonly info: BuildInfo;
  readonly source: GoSource;
  /** Of `go build`, as they were, but for link flags that were not recorded. */
  readonly flags: readonly string[];
  /** Of the environment, beside the machine. */
  readonly variables: Readonly<Record<string, string>>;
  /** With `-trimpath` no path of the builder's machine is in it, and link flags are not recorded. */
  readonly isTrimmed: boolean;
  readonly hidesLinkFlags: boolean;
}

/** A recipe with something missing or something that armload doesn't do. */
export interface Incomplete {
  /** A sentence: which line it is. */
  readonly why: string;
  readonly lift: string;
}

/** Before, neither link flags nor their absence were recorded with `-trimpath`, nor `-trimpath` itself. */
const firstMinor = 19;
/** Before, only plain programs were static. */
const firstWithBuildMode = 20;

const own = 'Take the program from its release or build it';

/** Reads a program's recipe: all of it must be known and harmless. */
export function readRecipe(facts: FileFacts): Recipe | Incomplete {
  const elf = facts.kind === 'elf' ? facts.elf : undefined;
  const go = elf?.go;
  if (elf === undefined || go === undefined) return incomplete('it is no Go program');
  if (elf.linkage !== 'static') return incomplete(`it is ${elf.linkage}, and only static programs are built`);
  if (go.text === undefined)
    return incomplete('its build information has no lines: it was built without modules, or by an old Go');
  const info = parseBuildInfo(go.text);
  if (typeof info === 'string') return incomplete(`its build information can't be used: ${info}`);
  const toolchain = /^go1\.\d{1,3}(?:\.\d{1,3}|(?:rc|beta)\d{1,2})?(?=$| X:)/.exec(go.version)?.[0];
  if (toolchain === undefined)
    return incomplete(`its Go is "${go.version.slice(0, 60)}", which is no released version`);
  const minor = Number(toolchain.split(/[.a-z]+/)[2]);
  if (minor < firstMinor)
    return incomplete(
      `it was built by ${toolchain}; all of what a build depends on is recorded since go1.${firstMinor}`,
    );
  const problem = problemIn(info, minor) ?? missingIn(info);
  if (problem !== undefined) return incomplete(problem);
  const source = sourceOf(info);
  if (typeof source === 'string') return incomplete(source);
  const isTrimmed = info.settings.get('-trimpath') === 'true';
  return {
    ...{ toolchain, goVersion: go.version, info, source, isTrimmed },
    flags: flagsOf(info),
    variables: variablesOf(info),
    hidesLinkFlags: isTrimmed && !info.settings.has('-ldflags'),
  };
}

function incomplete(why: string): Incomplete {
  return { why, lift: own };
}

/** Settings whose value is what it is because of others, or is checked elsewhere. */
const understood: ReadonlySet<string> = new Set([
  ...['-buildmode', '-compiler', '-trimpath', '-ldflags', '-gcflags', '-asmflags', '-tags', '-pgo'],
  ...['CGO_ENABLED', 'GOOS', 'GOARCH', 'GOEXPERIMENT', 'GOFIPS140', 'DefaultGODEBUG'],
  ...['GOAMD64', 'GOARM', 'GOARM64', 'GO386', 'GOMIPS', 'GOMIPS64', 'GOPPC64', 'GORISCV64'],
  ...['vcs', 'vcs.revision', 'vcs.time', 'vcs.modified'],
]);

const wanted: readonly (readonly [key: string, value: string, why: string])[] = [
  ['-compiler', 'gc', "another compiler's programs are not built"],
  ['-buildmode', 'exe', 'only plain programs are built'],
  ['CGO_ENABLED', '0', "C code needs more than Go's own tools"],
];

/** The first line that is missing or can't be followed. Of values only what can be no secret is shown. */
function problemIn({ settings }: BuildInfo, minor: number): string | undefined {
  for (const [key, value, why] of wanted) {
    const is = settings.get(key);
    if (is === undefined && key === '-buildmode' && minor < firstWithBuildMode) continue;
    if (is === undefined) return `the line "build ${key}" is missing`;
    if (is !== value) return `it was built with ${key}=${is.slice(0, 40)}, and ${why}`;
  }
  if (settings.get('GOOS') !== 'linux') return 'the line "build GOOS=linux" is missing';
  for (const [key, value] of settings) {
    if (!understood.has(key))
      return `the line "build ${key.slice(0, 40)}" is of a setting that armload doesn't know`;
    const problem = settingProblem(key, value);
    if (problem !== undefined) return `the line "build ${key}" can't be followed: ${problem}`;
  }
  return undefined;
}

function settingProblem(key: string, value: string): string | undefined {
  switch (key) {
    case '-ldflags':
    case '-gcflags':
    case '-asmflags':
      return checkToolFlags(key, value);
    case '-tags':
      return checkTags(value);
    case '-trimpath':
      return value === 'true' ? undefined : 'it is not "true"';
    case '-pgo':
      // Where a package has a profile of this name, Go takes it by itself.
      return /(?:^|\/)default\.pgo$/.test(value)
        ? undefined
        : 'the profile was a file of the machine that built it';
    case 'GOEXPERIMENT':
    case 'GOFIPS140':
      return /^[A-Za-z0-9.,_-]{1,200}$/.test(value) && !/boringcrypto/.test(value)
        ? undefined
        : 'it is no known value';
    case 'GOAMD64':
      return /^v[1-4]$/.test(value) ? undefined : 'it is no known value';
    default:
      return undefined;
  }
}

const moduleName = /^[A-Za-z0-9][A-Za-z0-9._~-]*(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/;
const moduleVersion = /^v\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][0-9A-Za-z.+-]{1,200})?$/;

function missingIn({ package: main, module, dependencies }: BuildInfo): string | undefined {
  const names = [main, module.path, ...dependencies.map(({ path }) => path)];
  const odd = names.find((name) => name.length > 1000 || !moduleName.test(name));
  if (odd !== undefined) return 'a package or module has a name that none can have';
  if (main !== module.path && !main.startsWith(`${module.path}/`))
    return `its package ${main} is not of its main module ${module.path}, which nobody can fetch`;
  const outside = dependencies.find(({ replacedBy: by }) => by !== undefined && isElsewhere(by));
  if (outside !== undefined)
    return `the line "=> ${outside.replacedBy?.path.slice(0, 200)}" replaces ${outside.path} by a folder that is not of the repository`;
  return undefined;
}

/** A folder, but not one below the module's own. */
function isElsewhere({ path, version }: BuildInfo['module']): boolean {
  const isFolder = version === '' || version === '(devel)';
  return isFolder && (!/^\.\/[^\\]+$/.test(path) || path.split('/').includes('..'));
}

function sourceOf({ module, settings, dependencies }: BuildInfo): GoSource | string {
  // Only modules of the cache have a sum.
  if (module.sum !== undefined && moduleVersion.test(module.version)) {
    if (dependencies.some(({ replacedBy }) => replacedBy !== undefined))
      return 'the line "=>" replaces a module, which nobody can do who builds a module by its version';
    return { kind: 'module', version: module.version };
  }
  const revision = settings.get('vcs.revision');
  if (revision === undefined)
    return `its source is not recorded: the line "mod ${module.path} ${module.version.slice(0, 100)}" has no sum, and "build vcs.revision" is missing`;
  if (!module.path.split('/', 1)[0]?.includes('.'))
    return `its module is called ${module.path}, which says of no place where it is to be had`;
  if (settings.get('vcs') !== 'git') return 'its source is in no git repository, and only git is known';
  if (settings.get('vcs.modified') !== 'false' || module.version.endsWith('+dirty'))
    return 'it was built from files that were changed and not committed ("build vcs.modified=true")';
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(revision))
    return 'the line "build vcs.revision" has no revision';
  return { kind: 'git', revision };
}

function flagsOf({ settings }: BuildInfo): readonly string[] {
  const valued = ['-ldflags', '-gcflags', '-asmflags', '-tags'].flatMap((key) => {
    const value = settings.get(key);
    return value === undefined ? [] : [`${key}=${value}`];
  });
  return [...(settings.get('-trimpath') === 'true' ? ['-trimpath'] : []), ...valued];
}

function variablesOf({ settings }: BuildInfo): Readonly<Record<string, string>> {
  const names = ['GOEXPERIMENT', 'GOFIPS140'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = settings.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
