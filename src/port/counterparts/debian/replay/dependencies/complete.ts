import { type ArchiveReader, addressOf } from '../../archive/index.ts';
import { fieldOf, type Paragraph } from '../../control.ts';
import type { Counterpart } from '../../counterparts/index.ts';
import { DebianError } from '../../errors.ts';
import { sourceOf } from '../../source-of.ts';
import type { AptSource } from '../../sources/index.ts';
import type { PackageStore, StoredPackage } from '../../store/index.ts';
import { compareVersions, parseVersion, withoutRebuild } from '../../version.ts';
import { PackageSet } from './package-set.ts';
import { type Clause, clauseText, providedBy, satisfies } from './relations.ts';

/** Each round may need more: what was added has needs of its own. */
const maxRounds = 12;
const maxAdded = 200;

export interface CompleteParts {
  readonly archive: Pick<ArchiveReader, 'offer'>;
  readonly store: PackageStore;
  readonly sources: readonly AptSource[];
  /** Debian's name of the new architecture. */
  readonly target: string;
  /** What the old image had: needs that were unmet there are none of the port's. */
  readonly old: readonly Paragraph[];
  readonly signal?: AbortSignal | undefined;
}

/** A package that only the new architecture needs, and for whom. */
export interface AddedPackage {
  readonly counterpart: Counterpart;
  readonly stored: StoredPackage;
  readonly neededBy: string;
}

/** A need that can't be met. */
export interface UnmetNeed {
  readonly by: string;
  readonly clause: string;
  /** Some version of it is there, but not the right one. */
  readonly isThere: boolean;
  /** A source that may have it couldn't be read. */
  readonly isUnknown: boolean;
}

export interface Completion {
  readonly added: readonly AddedPackage[];
  readonly unmet: readonly UnmetNeed[];
}

/** Finds the packages that `now` needs for the new architecture, and lacks. @throws the signal's reason, and the store's errors. */
export async function complete(now: readonly Paragraph[], parts: CompleteParts): Promise<Completion> {
  const before = new PackageSet(parts.old);
  const known = new Set([...before.unmet()].map(({ by, clause }) => keyOf(by, clause)));
  const added: AddedPackage[] = [];
  let isUnknown = false;
  for (let round = 0; ; round += 1) {
    const set = new PackageSet([...now, ...added.map(({ stored }) => stored.control.paragraph)]);
    const open = [...set.unmet()].filter(({ by, clause }) => !known.has(keyOf(by, clause)));
    // Other versions of what is there are not for us to choose.
    const missing = open.filter(({ clause }) => clause.every(({ name }) => !set.has(name)));
    const isEnough = missing.length === 0 || round >= maxRounds || added.length >= maxAdded;
    const offers = isEnough ? undefined : await offersFor(missing, parts);
    isUnknown ||= offers?.isUnknown === true;
    const chosen = offers === undefined ? [] : await choose(missing, offers.candidates, { parts, added });
    if (chosen.length === 0)
      return { added, unmet: open.map((one) => ({ ...unmetOf(one, set), isUnknown })) };
    added.push(...chosen);
  }
}

interface Need {
  readonly by: Paragraph;
  readonly clause: Clause;
}

/** Without versions, which differ from architecture to architecture. */
function keyOf(by: Paragraph, clause: Clause): string {
  return `${fieldOf(by, 'Package') ?? ''}: ${clause.map(({ name }) => name).join(' | ')}`;
}

function unmetOf({ by, clause }: Need, set: PackageSet): Omit<UnmetNeed, 'isUnknown'> {
  return {
    by: fieldOf(by, 'Package') ?? '',
    clause: clauseText(clause),
    isThere: clause.some(({ name }) => set.has(name)),
  };
}

interface Candidate extends Counterpart {
  readonly sourceVersion: string;
}

async function offersFor(
  missing: readonly Need[],
  { archive, sources, target, signal }: CompleteParts,
): Promise<{ readonly candidates: ReadonlyMap<string, readonly Candidate[]>; readonly isUnknown: boolean }> {
  const names = new Set(missing.flatMap(({ clause }) => clause.map(({ name }) => name)));
  const candidates = new Map<string, Candidate[]>();
  let isUnknown = false;
  for (const source of sources) {
    try {
      const offer = await archive.offer(source, { architecture: target, names, signal });
      if (!offer.isAutomatic) continue;
      for (const one of offer.packages) {
        if (one.architecture !== target && one.architecture !== 'all') continue;
        const { name, version, architecture, sha256, size } = one;
        const { signers, notes } = offer;
        const found: Candidate = {
          ...{ name, version, architecture, sha256, size, source, signers, notes, match: 'same' },
          url: addressOf(source, one),
          sourceVersion: one.source.version,
        };
        candidates.set(name, [...(candidates.get(name) ?? []), found]);
      }
    } catch (error) {
      if (!(error instanceof DebianError)) throw error;
      isUnknown ||= error.facts['lacks'] !== 'architecture';
    }
  }
  return { candidates, isUnknown };
}

async function choose(
  missing: readonly Need[],
  candidates: ReadonlyMap<string, readonly Candidate[]>,
  { parts, added }: { readonly parts: CompleteParts; readonly added: readonly AddedPackage[] },
): Promise<readonly AddedPackage[]> {
  const chosen = new Map<string, AddedPackage>();
  const there = new Set(added.map(({ counterpart }) => counterpart.name));
  for (const need of missing) {
    const isMet = [...chosen.values()].some(({ stored }) => gives(stored.control.paragraph, need.clause));
    const best = isMet ? undefined : bestFor(need, candidates);
    if (best === undefined || there.has(best.name) || chosen.has(best.name)) continue;
    const { signal } = parts;
    const stored = await parts.store.get(best, signal === undefined ? {} : { signal });
    const { sourceVersion: _version, ...counterpart } = best;
    chosen.set(best.name, { counterpart, stored, neededBy: fieldOf(need.by, 'Package') ?? '' });
  }
  return [...chosen.values()];
}

function gives(paragraph: Paragraph, clause: Clause): boolean {
  return providedBy(paragraph).some((one) =>
    clause.some((wanted) => wanted.name === one.name && satisfies(one, wanted)),
  );
}

/** The first alternative that there is: of the same source version as what needs it, else the newest. */
function bestFor(
  { by, clause }: Need,
  candidates: ReadonlyMap<string, readonly Candidate[]>,
): Candidate | undefined {
  const own = sourceOf(by, { name: fieldOf(by, 'Package') ?? '', version: fieldOf(by, 'Version') ?? '' });
  for (const wanted of clause) {
    const fitting = (candidates.get(wanted.name) ?? []).filter((one) => satisfies(one, wanted));
    const sibling = fitting.find(
      ({ sourceVersion }) => withoutRebuild(sourceVersion) === withoutRebuild(own.version),
    );
    const best = sibling ?? [...fitting].sort((left, right) => order(right, left))[0];
    if (best !== undefined) return best;
  }
  return undefined;
}

function order(left: Candidate, right: Candidate): number {
  const [first, second] = [parseVersion(left.version), parseVersion(right.version)];
  return first === undefined || second === undefined ? 0 : compareVersions(first, second);
}
