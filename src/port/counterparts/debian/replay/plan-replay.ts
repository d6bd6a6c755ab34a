import type { OriginPlan } from '../../../origin-types.ts';
import type { StoredPackage } from '../store/index.ts';
import { planDistroless } from './database/distroless.ts';
import { layerOf, planInfoFiles } from './database/info-files.ts';
import { standings } from './database/packages.ts';
import { type DatabaseParts, planStatus, statusPath } from './database/status.ts';
import { planAlternativeLinks, planAlternatives, planTables } from './database/tables.ts';
import { planTriggers } from './database/triggers.ts';
import { folderLinks, planDirectories, planFolderLinks } from './directories.ts';
import { Draft } from './draft.ts';
import { PackageRecord } from './files/alteration.ts';
import { addNewDirectories, addNewFiles } from './files/new-files.ts';
import { type Pairing, pairFiles } from './files/pairing.ts';
import { leftOutByDpkg } from './files/path-filters.ts';
import { type FilesOf, planOldOnly, planPair } from './files/plan-files.ts';
import { withImpliedLists } from './implied-lists.ts';
import { planMarkers } from './markers.ts';
import { debianArchitecture } from './names.ts';
import { NewPlaces } from './new-places.ts';
import { hideRemoved } from './removed.ts';
import { spellingOf } from './spelling.ts';
import type { ReplayedPackage, ReplayInput } from './types.ts';
import { planLinks } from './unowned/links.ts';
import { planUnowned } from './unowned/plan-unowned.ts';
import { vouchedPlaces } from './vouched.ts';

/**
 * Plans how an image's packages become those of another architecture, by files alone: no script of a package is run. What
 * the scripts made is in the image already, and is neutral but for a few things that are named in `special-files.ts`.
 * @throws the signal's reason, and what `originalOf` throws.
 */
export async function planReplay(given: ReplayInput): Promise<Omit<OriginPlan, 'materials'>> {
  const input = withImpliedLists(given);
  const { image, database } = input;
  const names = { source: debianArchitecture(image.source), target: debianArchitecture(image.target) };
  const spelling = spellingOf(image);
  const draft = new Draft(image, input.taken, spelling);
  const places = new NewPlaces(image.view, database.diversions, spelling);
  const parts: DatabaseParts = { draft, input, names, places, standings: standings(input, names) };
  const isLeftOut = leftOutByDpkg(image.view);
  const work = pairedPackages(parts);
  await planPackages(parts, work, isLeftOut);
  planAlternativeLinks(parts);
  const folders = planUnowned(draft, database, names.source);
  const links = folderLinks(image.view, [
    ...input.replayed.map(({ installed }) => installed),
    ...(input.gone ?? []),
  ]);
  const owned = ownedDirectories(parts, work);
  for (const [path, directory] of links) if (owned.has(path)) owned.add(directory);
  planDirectories(draft, database, { folders, owned, linked: new Set(links.values()) });
  for (const { of, pairing } of work) addNewDirectories(of, pairing, isLeftOut);
  planFolderLinks(draft, links);
  planLinks(draft, database, places);
  planDatabase(parts);
  hideRemoved(parts);
  planMarkers(parts);
  const pairings = work.map(({ pairing }) => pairing);
  return {
    ...{ paths: draft.paths, added: draft.added, refusals: draft.refusals, notes: draft.notes.notes },
    vouched: await vouchedPlaces(draft, input, pairings),
  };
}

interface Paired {
  readonly of: FilesOf;
  readonly pairing: Pairing;
  /** The image lacks it. */
  readonly isExtra: boolean;
}

function pairedPackages(parts: DatabaseParts): readonly Paired[] {
  const { draft, input, places } = parts;
  const { view, baseLayers } = draft.image;
  const pairing = (replayed: ReplayedPackage): Pairing =>
    pairFiles(replayed, { view, places, spelling: draft.spelling });
  const paired = input.replayed.map((replayed) => ({
    of: { ...filesOf(parts, replayed), layer: layerOf(replayed.installed, parts) },
    pairing: pairing(replayed),
    isExtra: false,
  }));
  const layer = view.lookup(statusPath)?.layer ?? baseLayers;
  const extra = (input.extra ?? []).map(asInstalled).map((replayed) => ({
    of: { ...filesOf(parts, replayed), layer },
    pairing: pairing(replayed),
    isExtra: true,
  }));
  return [...paired, ...extra];
}

function filesOf({ draft, input }: DatabaseParts, replayed: ReplayedPackage): Omit<FilesOf, 'layer'> {
  const record = new PackageRecord(replayed.installed, input.originalOf);
  return { draft, input, replayed, record };
}

/** All changes to files that are there come before what is added, which may take their places. */
async function planPackages(
  { draft, input }: DatabaseParts,
  work: readonly Paired[],
  isLeftOut: (path: string) => boolean,
): Promise<void> {
  for (const { of, pairing, isExtra } of work) {
    input.signal?.throwIfAborted();
    if (isExtra) continue;
    for (const { old, new: found } of pairing.pairs) await planPair(of, old, found);
    for (const old of pairing.oldOnly) await planOldOnly(of, old);
  }
  for (const installed of input.gone ?? []) {
    const record = new PackageRecord(installed, input.originalOf);
    for (const one of installed.files ?? []) {
      const entry = draft.image.view.lookup(one.path);
      if (entry === undefined || entry.entry.kind === 'directory') continue;
      await planOldOnly({ draft, input, record }, { ...one, entry });
    }
  }
  for (const { of, pairing } of work) addNewFiles(of, pairing, isLeftOut);
}

/** A package that the image lacks has no files in it. */
function asInstalled(stored: StoredPackage): ReplayedPackage {
  const { name, version, architecture, paragraph } = stored.control;
  return {
    stored,
    match: 'same',
    installed: {
      ...{ name, version, architecture, paragraph, recordedIn: statusPath },
      ...{ source: { name, version }, multiArch: 'no', essential: false },
      ...{ want: 'install', flag: 'ok', state: 'installed' },
      ...{ conffiles: [], files: [], triggers: [], infoFiles: new Map() },
    },
  };
}

/** Directories that the new image's packages have. */
function ownedDirectories({ input, standings: all }: DatabaseParts, work: readonly Paired[]): Set<string> {
  const owned = new Set(work.flatMap(({ pairing: { directories } }) => [...directories.keys()]));
  const { newBase } = input.image;
  for (const standing of all.values()) {
    if (standing.kind !== 'base') continue;
    for (const { path } of standing.sibling.files ?? [])
      if (newBase.lookup(path)?.entry.kind === 'directory') owned.add(path);
  }
  return owned;
}

function planDatabase(parts: DatabaseParts): void {
  planStatus(parts);
  planInfoFiles(parts);
  planDistroless(parts);
  planTriggers(parts);
  planAlternatives(parts);
  planTables(parts);
}
