import type { InstalledPackage } from '../database/index.ts';
import { withoutRebuild } from '../version.ts';
import { type Candidate, chooseSame, compareWritten, newerThan, refusal, withMatch } from './choose.ts';
import type { CounterpartResult } from './types.ts';

/** A package that wants a counterpart, and what the sources have of it. */
export interface Wanting {
  readonly package: InstalledPackage;
  readonly candidates: readonly Candidate[];
}

/**
 * Chooses newer versions for packages of one source of which at least one is in no source at its version. Packages of one
 * source depend on each other in exactly one version, so all of them go to the newest source version that all have.
 */
export function upgradeTogether(group: readonly Wanting[]): readonly CounterpartResult[] {
  const choices = group.map(({ package: installed, candidates }) => ({
    installed,
    candidates: [...newerThan(installed, candidates), ...sameOf(installed, candidates)],
  }));
  const common = newestCommon(choices.map(({ candidates }) => candidates.map(sourceOf)));
  return choices.map(({ installed, candidates }) => {
    const chosen = candidates.find((candidate) => sourceOf(candidate) === common);
    if (chosen !== undefined)
      return { kind: 'found', package: installed, counterpart: withMatch(chosen, 'upgrade') };
    return refusal(installed, 'siblings-differ', {
      text: `the packages of ${installed.source.name}, of which ${installed.name} is one, have no newer version in common`,
      hint: 'Name a snapshot that has their versions.',
      offered: [...new Set(candidates.map(({ version }) => version))],
    });
  });
}

function sameOf(installed: InstalledPackage, candidates: readonly Candidate[]): readonly Candidate[] {
  const same = chooseSame(installed, candidates);
  return candidates.filter(({ url }) => url === same?.url);
}

function sourceOf({ sourceName, sourceVersion }: Candidate): string {
  return `${sourceName} ${withoutRebuild(sourceVersion)}`;
}

/** `undefined` where no source version is in all of the lists. */
function newestCommon(lists: readonly (readonly string[])[]): string | undefined {
  const [first = [], ...others] = lists;
  const sets = others.map((list) => new Set(list));
  const common = first.filter((name) => sets.every((set) => set.has(name)));
  return common.sort((left, right) => compareWritten(versionIn(right), versionIn(left)))[0];
}

function versionIn(source: string): string {
  return source.slice(source.indexOf(' ') + 1);
}
