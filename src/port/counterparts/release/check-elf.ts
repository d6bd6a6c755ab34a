import type { ElfFacts, GoFacts } from '../../../binary/index.ts';
import type { Doubt } from './doubt.ts';

/** Two ELF files: programs for programs, libraries for libraries of the same name, and the same Go program. */
export function elfDoubts(replaced: ElfFacts, offered: ElfFacts): readonly Doubt[] {
  const [was, is] = [classOf(replaced), classOf(offered)];
  if (was === 'unknown' || is === 'unknown')
    return [
      {
        why: 'has headers that say less than is needed to compare it with the file it replaces',
        lift: 'Waive it, if you know that it is the same program.',
        waivable: true,
        undetermined: true,
      },
    ];
  if (was !== is)
    return [{ why: `is ${is}, and replaces ${was}`, lift: 'Name a file of the same kind.', waivable: false }];
  return [...sonameDoubts(replaced, offered), ...goDoubts(replaced.go, offered.go)];
}

function classOf({ linkage }: ElfFacts): string {
  switch (linkage) {
    case 'dynamic':
    case 'static':
    case 'static-pie':
      return 'a program';
    case 'shared-library':
      return 'a shared library';
    case 'object':
      return 'an object file';
    case 'core':
      return 'a core dump';
    case 'debug-only':
      return 'debug information';
    case 'unknown':
      return 'unknown';
  }
}

/** Loaders take two libraries of other names for two libraries. */
function sonameDoubts(replaced: ElfFacts, offered: ElfFacts): readonly Doubt[] {
  if (replaced.soname === undefined || offered.soname === undefined) return [];
  if (replaced.soname === offered.soname) return [];
  return [
    {
      why: `is the library ${offered.soname}, and replaces ${replaced.soname}`,
      lift: 'Name the library of the same name, or waive it.',
      waivable: true,
    },
  ];
}

const sameProgram = 'Name the build of the same version, or waive it.';

function goDoubts(replaced: GoFacts | undefined, offered: GoFacts | undefined): readonly Doubt[] {
  if (replaced === undefined && offered === undefined) return [];
  if (replaced === undefined || offered === undefined) {
    const known = replaced ?? offered;
    const which = replaced === undefined ? 'is' : 'replaces';
    const other = replaced === undefined ? 'replaces' : 'is';
    return [
      {
        why: `${which} the Go program ${programOf(known)}, and ${other} a program that does not say so of itself`,
        lift: sameProgram,
        waivable: true,
      },
    ];
  }
  const [was, is] = [programOf(replaced), programOf(offered)];
  if (was !== is)
    return [{ why: `is the Go program ${is}, and replaces ${was}`, lift: sameProgram, waivable: true }];
  const [before, now] = [revisionOf(replaced), revisionOf(offered)];
  if (before === now || before === undefined || now === undefined) return [];
  return [
    { why: `was built from the revision ${now}, and replaces ${before}`, lift: sameProgram, waivable: true },
  ];
}

function programOf(go: GoFacts | undefined): string {
  const { path = 'without a path', module } = go ?? {};
  return module === undefined ? path : `${path} of ${module.path} ${module.version}`;
}

function revisionOf({ settings }: GoFacts): string | undefined {
  return settings.find(([key]) => key === 'vcs.revision')?.[1];
}
