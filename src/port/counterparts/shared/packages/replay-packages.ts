import { messageOf } from '../../../../core/index.ts';
import { architectureWords } from '../../../config/architecture-words.ts';
import type { OriginContext, OriginPlan, PortImage, Refusal } from '../../../origin-types.ts';
import { inParallel } from '../in-parallel.ts';
import { Draft } from '../replay/draft.ts';
import { NewPlaces } from '../replay/new-places.ts';
import { planPackageFiles } from '../replay/plan-package-files.ts';
import { spellingOf } from '../replay/spelling.ts';
import { standings } from '../replay/standings.ts';
import { completed, type Needs } from './complete.ts';
import { isWrong, PackagesError } from './errors.ts';
import type { Manager, Replayed } from './manager.ts';
import { unneeded } from './needs.ts';
import { isReplacedByOthers, refusedPaths } from './refused.ts';
import type { Failure, FetchedPackage, Findings, InstalledPackage, OfferedPackage } from './types.ts';

interface Fetched<P extends InstalledPackage, O, N extends FetchedPackage> extends Replayed<P, N> {
  readonly offer: O;
}

/**
 * Finds, fetches and plans the target's packages for those of an image. No script of a package is run: what they made is
 * in the image already. @throws the signal's reason.
 */
export async function replayPackages<
  P extends InstalledPackage,
  O extends OfferedPackage,
  N extends FetchedPackage,
>(
  manager: Manager<P, O, N>,
  image: PortImage,
  context: Pick<OriginContext, 'taken' | 'signal' | 'onEvent'>,
): Promise<OriginPlan> {
  const { names } = manager;
  const wanted = wantedOf(manager);
  context.onEvent?.({ type: 'phase', phase: `looking for packages for ${names.target}` });
  const { found, failed } = await manager.find(wanted);
  context.onEvent?.({ type: 'phase', phase: `fetching packages for ${names.target}`, total: found.length });
  const { fetched: all, refusals: unusable } = await fetchAll(manager, found, context);
  const outcome = judge(manager, image, { all, failed, wanted, taken: context.taken });
  const { fetched, gone, refused, adopted } = outcome;
  const needs =
    refused.length > 0
      ? nothingNeeded
      : await completed(manager, newPackages(manager, outcome), context.signal);
  const plan = await planFiles(manager, image, { ...outcome, extra: needs.added, context });
  const isRefused = (one: P): boolean => refused.includes(one);
  // The audit of what is left of them would tell each file as well, and be sure of what nobody could tell.
  const covering = (refusal: Refusal, installed: P): Refusal => ({
    ...refusal,
    covers: [...(refusal.covers ?? []), ...refusedPaths(image, [installed], context.taken).keys()],
  });
  return {
    ...plan,
    paths: new Map([...refusedPaths(image, refused, context.taken), ...plan.paths]),
    refusals: [
      ...failed
        .filter(({ installed }) => isRefused(installed))
        .map((one) => covering(failureRefusal(one, manager), one.installed)),
      ...unusable
        .filter(({ installed }) => isRefused(installed))
        .map(({ refusal, installed }) => covering(refusal, installed)),
      ...needs.refusals,
      ...plan.refusals,
    ],
    materials: [
      ...fetched.map(({ stored, match, installed }) => materialOf(stored, match, installed)),
      ...needs.materials,
    ],
    notes: [
      ...adopted.map(
        ({ name }) => `${name} is recorded for ${names.target}: its programs were replaced by name`,
      ),
      ...gone.map(({ name }) => `${name} is not in the new image: the new architecture has no use for it`),
      ...needs.notes,
      ...plan.notes,
    ],
  };
}

const nothingNeeded: Needs<never> = { added: [], materials: [], refusals: [], notes: [] };

/** Of the old architecture, and not the base's own. */
export function wantedOf<P extends InstalledPackage>({
  database,
  bases,
  names,
}: Pick<Manager<P, OfferedPackage, FetchedPackage>, 'database' | 'bases' | 'names'>): readonly P[] {
  const key = ({ name, version, architecture }: P): string => `${name} ${version} ${architecture}`;
  const ofBase = new Set(bases?.old.packages.map(key));
  return database.packages.filter(
    (one) => one.architecture !== 'all' && one.architecture !== names.target && !ofBase.has(key(one)),
  );
}

interface Unusable<P> {
  readonly installed: P;
  readonly refusal: Refusal;
}

const atATime = 4;

async function fetchAll<P extends InstalledPackage, O extends OfferedPackage, N extends FetchedPackage>(
  manager: Manager<P, O, N>,
  found: Findings<P, O>['found'],
  { signal, onEvent }: Pick<OriginContext, 'signal' | 'onEvent'>,
): Promise<{ readonly fetched: readonly Fetched<P, O, N>[]; readonly refusals: readonly Unusable<P>[] }> {
  const fetched = new Map<P, Fetched<P, O, N>>();
  const refusals: Unusable<P>[] = [];
  let done = 0;
  await inParallel(found, atATime, async (one) => {
    signal?.throwIfAborted();
    try {
      fetched.set(one.installed, { ...one, stored: await manager.fetch(one.offer) });
    } catch (error) {
      if (!(error instanceof PackagesError)) throw error;
      refusals.push({ installed: one.installed, refusal: unusable(one.installed, error, manager) });
    }
    done += 1;
    onEvent?.({ type: 'progress', done, total: found.length });
  });
  return { fetched: found.flatMap(({ installed }) => fetched.get(installed) ?? []), refusals };
}

interface Outcome<P extends InstalledPackage, O, N extends FetchedPackage> {
  readonly fetched: readonly Fetched<P, O, N>[];
  readonly gone: readonly P[];
  readonly refused: readonly P[];
  /** Their programs are named by a person, and their records say so. */
  readonly adopted: readonly P[];
}

interface JudgeParts<P extends InstalledPackage, O, N extends FetchedPackage> {
  readonly all: readonly Fetched<P, O, N>[];
  readonly failed: readonly Failure<P>[];
  readonly wanted: readonly P[];
  readonly taken: ReadonlySet<string>;
}

function judge<P extends InstalledPackage, O extends OfferedPackage, N extends FetchedPackage>(
  manager: Manager<P, O, N>,
  image: PortImage,
  { all, failed, wanted, taken }: JudgeParts<P, O, N>,
): Outcome<P, O, N> {
  const words = architectureWords(image.source.architecture, image.target.architecture);
  const isOldOnly = (one: Failure<P>): boolean =>
    one.kind === 'refused' && (one.isAbsent || words.isSpelledIn(one.installed.name));
  const missing = failed.filter(isOldOnly).map(({ installed }) => installed);
  const answered = new Set(all.map(({ installed }) => installed));
  const unanswered = wanted.filter((one) => !answered.has(one));
  const others = manager.database.packages.filter((one) => !unanswered.includes(one) && !answered.has(one));
  const staying = unanswered.filter((one) => !missing.includes(one));
  const gone = unneeded(missing, {
    before: manager.database.packages,
    now: [...all.map(({ stored }) => stored), ...others, ...staying],
    isChosen: (name) => manager.isChosen(name),
  });
  const left = unanswered.filter((one) => !gone.includes(one));
  const adopted = left.filter((one) => isReplacedByOthers(image, one, taken));
  return { fetched: all, gone, adopted, refused: left.filter((one) => !adopted.includes(one)) };
}

/** All that the new image will have, but for what others need and it lacks. */
function newPackages<P extends InstalledPackage, O extends OfferedPackage, N extends FetchedPackage>(
  manager: Manager<P, O, N>,
  { fetched, gone, refused, adopted }: Outcome<P, O, N>,
): readonly (P | N)[] {
  const { database, bases, names } = manager;
  const state = { database, ...(bases === undefined ? {} : { bases }), replayed: fetched, gone };
  const all = standings<P, Replayed<P, N>>({ ...state, refused: [...refused, ...adopted] }, names);
  const own = [...all].flatMap(([installed, standing]): readonly (P | N)[] => {
    if (standing.kind === 'replayed') return [standing.by.stored];
    if (standing.kind === 'base') return [standing.sibling];
    return standing.kind === 'gone' ? [] : [installed];
  });
  return [...own, ...ofNewBase(manager)];
}

/** What the new base has, and neither the old one nor the image. */
function ofNewBase<P extends InstalledPackage>({
  database,
  bases,
}: Pick<Manager<P, OfferedPackage, FetchedPackage>, 'database' | 'bases'>): readonly P[] {
  const known = new Set([...(bases?.old.packages ?? []), ...database.packages].map(({ name }) => name));
  return (bases?.new.packages ?? []).filter(({ name }) => !known.has(name));
}

interface FilesState<P extends InstalledPackage, O, N extends FetchedPackage> extends Outcome<P, O, N> {
  readonly extra: readonly N[];
  readonly context: Pick<OriginContext, 'taken' | 'signal'>;
}

async function planFiles<P extends InstalledPackage, O extends OfferedPackage, N extends FetchedPackage>(
  manager: Manager<P, O, N>,
  image: PortImage,
  { fetched, gone, refused, adopted, extra, context }: FilesState<P, O, N>,
): Promise<Omit<OriginPlan, 'materials'>> {
  const { names, database, bases, recordPath, ecosystem } = manager;
  const spelling = spellingOf(image);
  const draft = new Draft(image, context.taken, spelling);
  const replayed: readonly Replayed<P, N>[] = fetched;
  const state = { database, ...(bases === undefined ? {} : { bases }), replayed, refused, gone };
  const all = standings<P, Replayed<P, N>>(state, names);
  const { taken, signal } = context;
  const input = {
    ecosystem,
    withTimes: true,
    image,
    taken,
    signal,
    ...state,
    refused: [...refused, ...adopted],
  };
  const places = new NewPlaces(image.view, [], spelling);
  const ofBase = ofNewBase(manager);
  return planPackageFiles(
    { draft, input, names, places, recordPath, standings: all },
    {
      ...(manager.leftOut === undefined ? {} : { isLeftOut: manager.leftOut(replayed) }),
      extra: extra.map((stored) => asInstalled(stored, recordPath)),
      planDatabase: (parts) => manager.planDatabase(parts, { standings: all, ofBase, extra }),
    },
  );
}

/** A package that the image lacks has no files in it. */
function asInstalled(stored: FetchedPackage, recordedIn: string) {
  const { name, version, architecture } = stored.control;
  return {
    stored,
    match: 'same' as const,
    installed: {
      ...{ name, version, architecture, recordedIn, source: { name }, state: 'installed' },
      ...{ conffiles: [], files: [], infoFiles: new Map<string, string>() },
    },
  };
}

function materialOf(
  { material }: FetchedPackage,
  match: 'same' | 'upgrade',
  { version }: InstalledPackage,
): OriginPlan['materials'][number] {
  if (match === 'same') return material;
  return { ...material, notes: [`upgraded from ${version}`, ...(material.notes ?? [])] };
}

/** The database lists a refused package still, which need not be told twice. */
type Named = Pick<Manager<never, never, never>, 'ecosystem' | 'recordPath'>;

const replaceAll = 'Files named for all of its programs with --replace do as well.';

function failureRefusal<P extends InstalledPackage>(
  { installed, kind, text, lift }: Failure<P>,
  { ecosystem, recordPath }: Named,
): Refusal {
  return {
    kind: 'package',
    ...(kind === 'unknown' ? { undetermined: true } : {}),
    guess: `${ecosystem}: ${installed.name} ${installed.version}`,
    why: text,
    lift: `${lift} ${replaceAll}`,
    waivable: false,
    covers: [recordPath],
  };
}

function unusable(
  { name, version }: InstalledPackage,
  error: PackagesError,
  { ecosystem, recordPath }: Named,
): Refusal {
  return {
    kind: 'package',
    ...(isWrong(error) ? {} : { undetermined: true }),
    guess: `${ecosystem}: ${name} ${version}`,
    why: `the counterpart of ${name} can't be used: ${messageOf(error)}`,
    lift: `${error.hint ?? 'Name another mirror that has it.'} ${replaceAll}`,
    waivable: false,
    covers: [recordPath],
  };
}
