import { messageOf } from '../../../../core/index.ts';
import { type ArchiveReader, addressOf, type SourceOffer } from '../archive/index.ts';
import type { InstalledPackage, PackageDatabase } from '../database/index.ts';
import { DebianError } from '../errors.ts';
import type { AptSource, SourceProblem } from '../sources/index.ts';
import { type Candidate, chooseSame, newerThan, refusal, refuse } from './choose.ts';
import type { CounterpartResult, Counterparts, SourceFailure } from './types.ts';
import { upgradeTogether, type Wanting } from './upgrade.ts';

export interface FindOptions {
  readonly database: PackageDatabase;
  /** The image's own sources, mirrors already put in their place. */
  readonly sources: readonly AptSource[];
  /** What could not be understood of the image's sources: it may name a source that has what the others lack. */
  readonly problems?: readonly SourceProblem[];
  /** Asked only for packages that no source has at their version: snapshots. */
  readonly fallbacks?: readonly AptSource[];
  readonly archive: Pick<ArchiveReader, 'offer'>;
  /** Debian's name of the architecture to port to; `arm64` unless told. */
  readonly target?: string;
  /** Takes newer versions of the same sources where the installed one is gone. */
  readonly allowUpgrade?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the target's package for each package that was installed for the image's own architecture. What a source that can't
 * be read might have is unknown, never absent.
 * @throws the signal's reason only.
 */
export async function findCounterparts(options: FindOptions): Promise<Counterparts> {
  const { database, target = 'arm64' } = options;
  const [wanted, others] = split(database, target);
  const first = await ask(options.sources, wanted, options);
  const missing = wanted.filter((one) => chooseSame(one, first.candidates(one)) === undefined);
  const second = await ask(missing.length === 0 ? [] : (options.fallbacks ?? []), missing, options);
  const wanting = wanted.map((one) => ({
    package: one,
    candidates: [...first.candidates(one), ...second.candidates(one)],
  }));
  const failures = [...first.failures, ...second.failures];
  const found = resolve(wanting, failures, { ...options, target });
  return { results: [...found, ...others], failures };
}

/** Packages that want a counterpart, and results for those that can't have one. */
function split(
  { packages, nativeArchitecture }: PackageDatabase,
  target: string,
): readonly [wanted: readonly InstalledPackage[], others: readonly CounterpartResult[]] {
  const wanted: InstalledPackage[] = [];
  const others: CounterpartResult[] = [];
  for (const one of packages) {
    // Of those that were removed, only configuration is left: no code.
    if (one.architecture === 'all' || one.architecture === target || one.state === 'config-files') continue;
    if (!finished.has(one.state))
      others.push(
        refusal(one, 'half-installed', {
          text: `${one.name} is ${one.state}: its installation was never finished`,
          hint: 'Finish its installation in the image.',
        }),
      );
    else if (nativeArchitecture !== undefined && one.architecture !== nativeArchitecture)
      others.push(
        refusal(one, 'other-architecture', {
          text: `${one.name} is for ${one.architecture}, in an image for ${nativeArchitecture}`,
          hint: 'Remove it from the image, if nothing needs it.',
        }),
      );
    else wanted.push(one);
  }
  return [wanted, others];
}

/** Triggers run other packages' scripts; the package's own files are all there. */
const finished: ReadonlySet<InstalledPackage['state']> = new Set([
  'installed',
  'triggers-awaited',
  'triggers-pending',
]);

interface Answers {
  candidates(installed: InstalledPackage): readonly Candidate[];
  readonly failures: readonly SourceFailure[];
}

/** One source after the other: what is read of an index is little, but reading one takes a processor. */
async function ask(
  sources: readonly AptSource[],
  wanted: readonly InstalledPackage[],
  { archive, database, target = 'arm64', signal }: FindOptions,
): Promise<Answers> {
  const names = new Set(wanted.map(({ name }) => name));
  const byName = new Map<string, Candidate[]>();
  const failures: SourceFailure[] = [];
  for (const source of sources) {
    signal?.throwIfAborted();
    if (!isFor(source, [target, database.nativeArchitecture])) {
      const text = `${source.file} line ${source.line} limits the source to ${source.architectures?.join(', ')}`;
      failures.push({ source, reason: 'nothing-for-target', text });
      continue;
    }
    try {
      const offer = await archive.offer(source, { architecture: target, names, signal });
      for (const candidate of candidatesIn(offer, target)) addTo(byName, candidate.name, candidate);
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(failureOf(source, error));
    }
  }
  return { candidates: ({ name }) => byName.get(name) ?? [], failures };
}

/**
 * A source limited to the image's own architecture is so because that's the image's: whether its archive has the target too
 * is for its Release file to say.
 */
function isFor({ architectures }: AptSource, names: readonly (string | undefined)[]): boolean {
  return architectures === undefined || architectures.some((name) => names.includes(name));
}

function candidatesIn(
  { source, packages, signers, notes, isAutomatic }: SourceOffer,
  target: string,
): readonly Candidate[] {
  return packages
    .filter(({ architecture }) => architecture === target || architecture === 'all')
    .map((offered) => ({
      name: offered.name,
      version: offered.version,
      architecture: offered.architecture,
      url: addressOf(source, offered),
      sha256: offered.sha256,
      size: offered.size,
      source,
      signers,
      notes,
      isAutomatic,
      sourceName: offered.source.name,
      sourceVersion: offered.source.version,
    }));
}

function failureOf(source: AptSource, error: unknown): SourceFailure {
  const hint = error instanceof DebianError ? error.hint : undefined;
  return { source, reason: reasonOf(error), text: messageOf(error), ...(hint === undefined ? {} : { hint }) };
}

function reasonOf(error: unknown): SourceFailure['reason'] {
  if (!(error instanceof DebianError)) return 'source-unreadable';
  const { code, facts } = error;
  if (code === 'DEBIAN_SIGNATURE') return 'source-unsigned';
  if (code === 'DEBIAN_EXPIRED') return 'source-expired';
  // The signed Release file says so itself.
  if (facts['lacks'] === 'architecture') return 'nothing-for-target';
  const isSilent = code === 'DEBIAN_UNREACHABLE' || code === 'DEBIAN_TIMEOUT' || code === 'DEBIAN_NOT_FOUND';
  return isSilent ? 'source-unreachable' : 'source-unreadable';
}

function resolve(
  wanting: readonly Wanting[],
  failures: readonly SourceFailure[],
  { allowUpgrade = false, target = 'arm64', sources, problems = [] }: FindOptions,
): readonly CounterpartResult[] {
  const upgraded = allowUpgrade ? upgrades(wanting) : new Map<InstalledPackage, CounterpartResult>();
  return wanting.map(({ package: one, candidates }) => {
    const result = upgraded.get(one);
    if (result !== undefined) return result;
    const same = chooseSame(one, candidates);
    if (same !== undefined) return { kind: 'found', package: one, counterpart: same };
    return unknown(one, { failures, sources, problems }) ?? refuse(one, candidates, target);
  });
}

function addTo<Value>(groups: Map<string, Value[]>, key: string, value: Value): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}

/** The packages of each source of which one has a newer version only. */
function upgrades(wanting: readonly Wanting[]): ReadonlyMap<InstalledPackage, CounterpartResult> {
  const groups = new Map<string, Wanting[]>();
  for (const one of wanting) {
    addTo(groups, `${one.package.source.name} ${one.package.source.version}`, one);
  }
  const isGone = (one: Wanting): boolean => chooseSame(one.package, one.candidates) === undefined;
  const isNewer = (one: Wanting): boolean => newerThan(one.package, one.candidates).length > 0;
  const results = [...groups.values()]
    .filter((group) => group.some((one) => isGone(one) && isNewer(one)))
    .flatMap(upgradeTogether);
  return new Map(results.map((result) => [result.package, result]));
}

interface Doubts extends Pick<Required<FindOptions>, 'sources' | 'problems'> {
  readonly failures: readonly SourceFailure[];
}

/** `undefined` where every source could be read. */
function unknown(
  one: InstalledPackage,
  { failures, sources, problems }: Doubts,
): CounterpartResult | undefined {
  const silent = failures.flatMap(({ reason, text, hint }) =>
    reason === 'nothing-for-target' ? [] : [{ reason, text, ...(hint === undefined ? {} : { hint }) }],
  );
  const misread = problems.map(({ file, line, text }) => ({
    reason: 'source-unreadable' as const,
    text: `${file} line ${line}: ${text}`,
  }));
  const [first, ...others] = [...silent, ...misread];
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    return {
      kind: 'unknown',
      package: one,
      ...first,
      text: `a source could not be read: ${first.text}${more}`,
    };
  }
  if (sources.length > 0) return undefined;
  return {
    kind: 'unknown',
    package: one,
    reason: 'no-sources',
    text: 'the image names no source of packages',
    hint: "Name the archive's sources and its keyring.",
  };
}
