import type { BuildInfo, GoDependency, GoModule } from './build-info.ts';

/** Lines that are the machine's. */
const machineSettings: ReadonlySet<string> = new Set([
  ...['GOARCH', 'GOAMD64', 'GOARM', 'GOARM64', 'GO386', 'GOMIPS', 'GOMIPS64', 'GOPPC64', 'GORISCV64'],
]);
/** Their values may be long, or secret. */
const unshown: ReadonlySet<string> = new Set(['-ldflags', '-gcflags', '-asmflags', 'DefaultGODEBUG']);

/**
 * The first line in which a program was built otherwise than another one, as a sentence's end. `undefined` where they are
 * the same, but for what differs among machines where they are of two.
 */
export function firstDifference(
  recorded: BuildInfo,
  built: BuildInfo,
  { isOtherMachine }: { readonly isOtherMachine: boolean },
): string | undefined {
  if (recorded.package !== built.package) return differs('path', recorded.package, built.package);
  const [was, is] = [lineOf(recorded.module), lineOf(built.module)];
  if (was !== is) return differs('mod', was, is);
  const dependencies = isOtherMachine
    ? contradiction(recorded, built)
    : dependencyDifference(recorded, built);
  return dependencies ?? settingDifference(recorded, built, isOtherMachine);
}

function differs(line: string, was: string | undefined, is: string | undefined): string {
  return `the line "${line}" is ${shown(is)}, and was ${shown(was)}`;
}

function shown(value: string | undefined): string {
  return value === undefined ? 'not there' : `"${value.slice(0, 200)}"`;
}

function lineOf({ path, version, sum, replacedBy }: GoDependency): string {
  const words = [path, version, ...(sum === undefined ? [] : [sum])].join(' ');
  return replacedBy === undefined ? words : `${words} => ${lineOf(replacedBy)}`;
}

function dependencyDifference(recorded: BuildInfo, built: BuildInfo): string | undefined {
  const [was, is] = [recorded.dependencies.map(lineOf), built.dependencies.map(lineOf)];
  const at = was.findIndex((line, index) => line !== is[index]);
  if (at >= 0) return differs('dep', was[at], is[at]);
  return is.length > was.length ? differs('dep', undefined, is[was.length]) : undefined;
}

/** Which modules are in a program depends on its machine; their versions don't. */
function contradiction(recorded: BuildInfo, built: BuildInfo): string | undefined {
  const known = new Map(recorded.dependencies.map((one) => [one.path, lineOf(one)]));
  for (const one of built.dependencies) {
    const was = known.get(one.path);
    if (was !== undefined && was !== lineOf(one)) return differs('dep', was, lineOf(one));
  }
  return undefined;
}

/** Modules that only one of both is made of, as sentences. */
export function moduleNotes(recorded: BuildInfo, built: BuildInfo): readonly string[] {
  const { missing, more } = otherModules(recorded, built);
  const list = (modules: typeof missing): string =>
    modules
      .map(({ path, version }) => `${path} ${version}`)
      .join(', ')
      .slice(0, 400);
  return [
    ...(missing.length === 0
      ? []
      : [`${recorded.package} has no code of ${list(missing)} on the new machine`]),
    ...(more.length === 0 ? [] : [`${recorded.package} has code of ${list(more)} on the new machine`]),
  ];
}

function otherModules(
  recorded: BuildInfo,
  built: BuildInfo,
): { readonly missing: readonly GoModule[]; readonly more: readonly GoModule[] } {
  const without = (all: BuildInfo, others: BuildInfo): readonly GoModule[] => {
    const paths = new Set(others.dependencies.map(({ path }) => path));
    return all.dependencies.filter(({ path }) => !paths.has(path));
  };
  return { missing: without(recorded, built), more: without(built, recorded) };
}

function settingDifference(
  recorded: BuildInfo,
  built: BuildInfo,
  isOtherMachine: boolean,
): string | undefined {
  const keys = new Set([...recorded.settings.keys(), ...built.settings.keys()]);
  for (const key of keys) {
    if (isOtherMachine && machineSettings.has(key)) continue;
    const [was, is] = [settingOf(key, recorded), settingOf(key, built)];
    if (was === is) continue;
    const [before, now] = unshown.has(key) ? [hidden(was), hidden(is)] : [was, is];
    return before === now ? `the line "build ${key}" is another one` : differs(`build ${key}`, before, now);
  }
  return undefined;
}

/** A profile is named by where it was. */
function settingOf(key: string, { settings }: BuildInfo): string | undefined {
  const value = settings.get(key);
  return key === '-pgo' ? value?.replace(/^.*\//, '') : value;
}

function hidden(value: string | undefined): string | undefined {
  return value === undefined ? undefined : '…';
}
