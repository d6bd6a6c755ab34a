import type { InstalledPackage } from '../database/index.ts';
import { compareVersions, type DebianVersion, parseVersion, withoutRebuild } from '../version.ts';
import type { Counterpart, CounterpartResult, RefusalReason } from './types.ts';

/** A package of an archive, where it is, and who vouches for it; how it matches is not known yet. */
export interface Candidate extends Omit<Counterpart, 'match'> {
  /** Whether an upgrade may go there. */
  readonly isAutomatic: boolean;
  /** Of its source package. */
  readonly sourceName: string;
  readonly sourceVersion: string;
}

const zero: DebianVersion = { epoch: 0, upstream: '0', revision: '' };

/** The order of the versions as written; what is no version comes first. */
export function compareWritten(left: string, right: string): number {
  return compareVersions(parseVersion(left) ?? zero, parseVersion(right) ?? zero);
}

/** The first candidate of the very version, else the newest rebuild of it; `undefined` where there is neither. */
export function chooseSame(
  installed: InstalledPackage,
  candidates: readonly Candidate[],
): Counterpart | undefined {
  const same = candidates.find(({ version }) => compareWritten(version, installed.version) === 0);
  if (same !== undefined && isSameSource(installed, same)) return withMatch(same, 'same');
  const [rebuild] = candidates
    .filter((candidate) => isRebuild(installed, candidate))
    .sort((left, right) => compareWritten(right.version, left.version));
  return rebuild && withMatch(rebuild, 'rebuild');
}

function isRebuild(installed: InstalledPackage, candidate: Candidate): boolean {
  return isSameVersion(candidate.version, installed.version) && isSameSource(installed, candidate);
}

/** But for rebuilds. */
function isSameVersion(left: string, right: string): boolean {
  return compareWritten(withoutRebuild(left), withoutRebuild(right)) === 0;
}

/** Two packages of one name and version but other sources are not the same program. */
function isSameSource({ source }: InstalledPackage, candidate: Candidate): boolean {
  return source.name === candidate.sourceName && isSameVersion(source.version, candidate.sourceVersion);
}

/** Those an upgrade may go to, the newest first: not backports, which nobody asked for by name. */
export function newerThan(
  installed: InstalledPackage,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  return candidates
    .filter(({ version, isAutomatic }) => isAutomatic && compareWritten(version, installed.version) > 0)
    .sort((left, right) => compareWritten(right.version, left.version));
}

export function withMatch(candidate: Candidate, match: Counterpart['match']): Counterpart {
  const { sourceName: _name, sourceVersion: _version, isAutomatic: _automatic, ...counterpart } = candidate;
  return { ...counterpart, match };
}

/** Why none of the candidates is the package's counterpart. */
export function refuse(
  installed: InstalledPackage,
  candidates: readonly Candidate[],
  architecture: string,
): CounterpartResult {
  const offered = [...new Set(candidates.map(({ version }) => version))].sort((left, right) =>
    compareWritten(right, left),
  );
  const what = `${installed.name} ${installed.version}`;
  const has = `the sources have ${installed.name} for ${architecture} as ${offered.join(', ')}`;
  if (offered.length === 0)
    return refusal(installed, 'not-in-archive', {
      text: `no source has ${installed.name} for ${architecture}`,
      hint: 'Name a source that has it, or files to take its place.',
    });
  if (candidates.some(({ version }) => isSameVersion(version, installed.version)))
    return refusal(installed, 'other-source', {
      text: `${what} was built from ${installed.source.name} ${installed.source.version}; what the sources have was not`,
      offered,
    });
  if (candidates.every(({ version }) => compareWritten(version, installed.version) < 0))
    return refusal(installed, 'only-older', {
      text: `${what} is newer than what ${has}`,
      hint: 'Name the source it came from.',
      offered,
    });
  return refusal(installed, 'only-newer', {
    text: `${what} is in no source any more: ${has}`,
    hint: 'Name a snapshot that has it, or take the newer one with --allow-upgrade.',
    offered,
  });
}

export function refusal(
  installed: InstalledPackage,
  reason: RefusalReason,
  { text, hint, offered = [] }: { text: string; hint?: string; offered?: readonly string[] },
): CounterpartResult {
  return {
    kind: 'refused',
    package: installed,
    reason,
    text,
    ...(hint === undefined ? {} : { hint }),
    offered,
  };
}
