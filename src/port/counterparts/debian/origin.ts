import { join } from 'node:path';
import { architectureWords } from '../../config/architecture-words.ts';
import type { DebianSettings } from '../../options.ts';
import type { Origin, OriginContext, OriginPlan, PortImage, Refusal } from '../../origin-types.ts';
import { distributionOf } from '../shared/packages/distribution.ts';
import { readExtraKeyrings } from '../shared/packages/extra-keyrings.ts';
import { isReplacedByOthers, refusedPaths } from '../shared/packages/refused.ts';
import { type ArchiveReader, createArchiveReader } from './archive/index.ts';
import { type CounterpartResult, findCounterparts } from './counterparts/index.ts';
import type { InstalledPackage } from './database/index.ts';
import {
  type AddedPackage,
  complete,
  isThere,
  needRefusal,
  newParagraphs,
  scriptRefusal,
  unneededPackages,
} from './replay/dependencies/index.ts';
import { type FetchedPackages, type FoundPackage, fetchPackages } from './replay/fetch-packages.ts';
import { planReplay, type ReplayInput, replayFiles } from './replay/index.ts';
import { matchNotes, materialOf } from './replay/material.ts';
import { debianArchitecture } from './replay/names.ts';
import { originals } from './replay/originals.ts';
import { guessOf, packageRefusal } from './replay/package-refusal.ts';
import { type Selection, selectPackages, unlisted } from './replay/selection.ts';
import type { DebianNames } from './replay/types.ts';
import {
  type AptSource,
  mirrorSources,
  readSources,
  type SourceProblem,
  snapshotSources,
} from './sources/index.ts';
import { createPackageStore, type PackageStore, type StoredPackage } from './store/index.ts';
import { readKeyrings } from './trust/index.ts';

const nothing: OriginPlan = { paths: new Map(), added: [], refusals: [], materials: [], notes: [] };

/** Debian's packages as an origin: the target's package of the same version takes each one's place, without its scripts. */
export function debianOrigin(settings: DebianSettings = {}): Origin {
  return {
    name: 'debian',
    wanted: replayFiles,
    hashes: ['md5'],
    plan: async (image, context) => {
      const names = {
        source: debianArchitecture(image.source),
        target: debianArchitecture(image.target),
      };
      const selecting = selectPackages(image, names);
      if (selecting.kind === 'none') return nothing;
      if (selecting.kind === 'refused') return { ...nothing, refusals: selecting.refusals };
      return withArchive({ image, context, settings, names, selection: selecting });
    },
  };
}

interface Work {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly settings: DebianSettings;
  readonly names: DebianNames;
  readonly selection: Selection;
}

interface Archives {
  readonly archive: ArchiveReader;
  readonly store: PackageStore;
  readonly sources: readonly AptSource[];
  readonly problems: readonly SourceProblem[];
  readonly fallbacks: readonly AptSource[];
}

async function withArchive(work: Work): Promise<OriginPlan> {
  const { image, context, settings, names } = work;
  const { sources: own, problems } = readSources(image.view, names.target);
  const archive = createArchiveReader({
    cache: join(context.cache, 'archives'),
    keyrings: readKeyrings(image.view),
    extraKeyrings: await readExtraKeyrings(settings.keyrings ?? [], context.signal),
    allowUnsigned: settings.allowUnsigned ?? false,
    clock: context.clock,
    spool: context.sharing?.downloads,
  });
  const store = createPackageStore({
    archive,
    folder: join(context.cache, 'packages'),
    clock: context.clock,
    turns: context.sharing?.turns,
  });
  try {
    const fallbacks = snapshotSources(own, {
      ...(settings.snapshot === undefined ? {} : { template: settings.snapshot }),
      ...(image.createdAt === undefined ? {} : { time: image.createdAt }),
    });
    const sources = mirrorSources(own, settings.mirrors ?? {});
    return await planWith(work, { archive, store, sources, problems, fallbacks });
  } finally {
    await store.close();
    await archive.close();
  }
}

async function planWith(work: Work, archives: Archives): Promise<OriginPlan> {
  const { image, context, names, selection } = work;
  const { signal, onEvent } = context;
  onEvent?.({ type: 'phase', phase: `looking for packages for ${names.target}` });
  const { found, failed } = await findAll(work, archives);
  onEvent?.({ type: 'phase', phase: `fetching packages for ${names.target}`, total: found.length });
  const { fetched: all, refusals: unusable } = await fetchPackages(found, archives.store, context);
  const answered = new Set(all.map(({ installed }) => installed));
  const unanswered = selection.wanted.filter((one) => !answered.has(one));
  const missing = failed.flatMap((one) =>
    one.kind === 'refused' && isOldOnly(one, image) ? [one.package] : [],
  );
  // The target's package of such a name is a cross tool, which takes nothing's place.
  const cross = all.flatMap(({ installed }) => (isNamedForOld(installed.name, image) ? [installed] : []));
  const gone = unneededPackages(
    [...missing, ...cross],
    {
      ...selection,
      replayed: replayedOf(all.filter(({ installed }) => !cross.includes(installed))),
      refused: [...unanswered, ...cross],
    },
    names,
  );
  const fetched = all.filter(({ installed }) => !gone.includes(installed));
  const replayed = replayedOf(fetched);
  const state = { ...selection, replayed };
  const left = unanswered.filter((one) => !gone.includes(one));
  // Its programs are named by a person, and its record says so.
  const adopted = left.filter((one) => isReplacedByOthers(image, one, context.taken));
  const refused = left.filter((one) => !adopted.includes(one));
  const isRefused = (one: InstalledPackage): boolean => refused.includes(one);
  const needs = refused.length > 0 ? nothingNeeded : await completeWith(work, archives, { ...state, gone });
  const plan = await planReplay({
    image,
    taken: context.taken,
    database: selection.database,
    ...(selection.bases === undefined ? {} : { bases: selection.bases }),
    ...{ replayed, refused, gone, extra: needs.extra },
    originalOf: originals({ ...archives, architecture: names.source, packages: selection.wanted, signal }),
    signal,
  });
  const distribution = distributionOf(image, 'debian');
  // The audit of what is left of them would tell each file as well, and be sure of what nobody could tell.
  const covers = new Map(
    refused.map((one) => [guessOf(one), [...refusedPaths(image, [one], context.taken).keys()]]),
  );
  const covering = (refusal: Refusal): Refusal => ({
    ...refusal,
    covers: covers.get(refusal.guess ?? '') ?? [],
  });
  return {
    ...plan,
    paths: new Map([...refusedPaths(image, refused, context.taken), ...plan.paths]),
    refusals: [
      ...selection.wanted.flatMap((one) => unlisted(one) ?? []),
      ...failed.filter((one) => isRefused(one.package)).map((one) => covering(packageRefusal(one))),
      ...[...unusable.map(covering), ...needs.refusals, ...plan.refusals],
    ],
    materials: [
      ...fetched.map(({ counterpart, installed }) =>
        materialOf(counterpart, distribution, matchNotes(counterpart.match, installed.version)),
      ),
      ...needs.added.map(({ counterpart, neededBy }) =>
        materialOf(counterpart, distribution, [`added, as ${neededBy} needs it on ${names.target}`]),
      ),
    ],
    notes: [
      ...adopted.map(
        ({ name }) => `${name} is recorded for ${names.target}: its programs were replaced by name`,
      ),
      ...[...needs.notes, ...plan.notes],
    ],
  };
}

function replayedOf(fetched: FetchedPackages['fetched']): ReplayInput['replayed'] {
  return fetched.map(({ installed, counterpart, stored }) => ({
    ...{ installed, stored, match: counterpart.match },
  }));
}

/**
 * The target has no such package at all; or it's named for the old architecture, and what the archive has by that name is
 * a cross compiler for it.
 */
function isOldOnly(
  { reason, package: { name } }: Extract<CounterpartResult, { kind: 'refused' }>,
  image: PortImage,
): boolean {
  if (reason === 'not-in-archive') return true;
  const isOther = reason === 'only-newer' || reason === 'only-older' || reason === 'other-source';
  return isOther && isNamedForOld(name, image);
}

function isNamedForOld(name: string, { source, target }: PortImage): boolean {
  return architectureWords(source.architecture, target.architecture).isSpelledIn(name);
}

interface Found {
  readonly found: readonly FoundPackage[];
  readonly failed: readonly Exclude<CounterpartResult, { kind: 'found' }>[];
}

async function findAll(
  { settings, names, context, selection }: Work,
  { archive, sources, problems, fallbacks }: Archives,
): Promise<Found> {
  const wanted = selection.wanted.filter((one) => unlisted(one) === undefined);
  if (wanted.length === 0) return { found: [], failed: [] };
  const { results } = await findCounterparts({
    database: { ...selection.database, packages: wanted },
    ...{ archive, sources, problems, fallbacks },
    target: names.target,
    allowUpgrade: settings.allowUpgrade ?? false,
    signal: context.signal,
  });
  return {
    found: results.flatMap((one) =>
      one.kind === 'found' ? [{ installed: one.package, counterpart: one.counterpart }] : [],
    ),
    failed: results.flatMap((one) => (one.kind === 'found' ? [] : [one])),
  };
}

interface Needs {
  readonly extra: readonly StoredPackage[];
  readonly added: readonly AddedPackage[];
  readonly refusals: readonly Refusal[];
  readonly notes: readonly string[];
}

const nothingNeeded: Needs = { extra: [], added: [], refusals: [], notes: [] };

/** What the packages need on the new architecture, and the image lacks. */
async function completeWith(
  { names, selection, context }: Work,
  { archive, store, sources, fallbacks }: Archives,
  state: Pick<ReplayInput, 'database' | 'bases' | 'replayed' | 'gone'>,
): Promise<Needs> {
  const now = newParagraphs({ ...state, refused: [] }, names, []);
  const { added, unmet } = await complete(now, {
    ...{ archive, store, target: names.target, sources: [...sources, ...fallbacks] },
    old: selection.database.packages.filter(isThere).map(({ paragraph }) => paragraph),
    signal: context.signal,
  });
  const unusable = added.flatMap((one) => scriptRefusal(one) ?? []);
  return {
    added,
    extra: added.map(({ stored }) => stored),
    refusals: [...unusable, ...unmet.filter(({ isThere: has }) => !has).map(needRefusal)],
    notes: [
      ...added.map(
        ({ stored: { control }, neededBy }) =>
          `${control.name} ${control.version} is added: ${neededBy} needs it on ${names.target}`,
      ),
      ...unmet
        .filter(({ isThere: has }) => has)
        .map(
          ({ by, clause }) =>
            `${by} needs ${clause}, of which the new image has another version: apt will say so`,
        ),
    ],
  };
}
