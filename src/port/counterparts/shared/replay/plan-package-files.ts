import type { OriginPlan } from '../../../origin-types.ts';
import { folderLinks, planDirectories, planFolderLinks } from './directories.ts';
import { type FileParts, layerOf } from './file-parts.ts';
import { PackageRecord } from './files/alteration.ts';
import { addNewDirectories, addNewFiles } from './files/new-files.ts';
import { type Pairing, pairFiles } from './files/pairing.ts';
import { type FilesOf, planOldOnly, planPair } from './files/plan-files.ts';
import { planMarkers } from './markers.ts';
import { hideRemoved } from './removed.ts';
import type { ReplayedFiles } from './types.ts';
import { planLinks } from './unowned/links.ts';
import { planUnowned } from './unowned/plan-unowned.ts';
import { vouchedPlaces } from './vouched.ts';

export interface PackageFilesOptions {
  /** Packages of the new architecture that the image lacks and that others need. */
  readonly extra?: readonly ReplayedFiles[];
  /** Files of new packages that the image's package manager was told to leave out. */
  readonly isLeftOut?: (path: string) => boolean;
  /** Plans what else is known of packaged files, before files that no package has. */
  readonly planPackaged?: () => void;
  /** Plans the database, when everything else has its place. */
  readonly planDatabase: (parts: FileParts) => void | Promise<void>;
}

/**
 * Plans how an image's packages become those of another architecture, by files alone: no script of a package is run. What
 * the scripts made is in the image already, and is neutral but for a few things that are named in `special-files.ts`.
 * @throws the signal's reason, and what `originalOf` throws.
 */
export async function planPackageFiles(
  parts: FileParts,
  { extra = [], isLeftOut = () => false, planPackaged, planDatabase }: PackageFilesOptions,
): Promise<Omit<OriginPlan, 'materials'>> {
  const { draft, input, names, places } = parts;
  const work = pairedPackages(parts, extra);
  await planPackages(parts, work, isLeftOut);
  planPackaged?.();
  const folders = planUnowned(draft, input.database, names.source);
  const links = folderLinks(draft.image.view, [
    ...input.replayed.map(({ installed }) => installed),
    ...(input.gone ?? []),
  ]);
  const owned = ownedDirectories(parts, work);
  for (const [path, directory] of links) if (owned.has(path)) owned.add(directory);
  const { database, refused } = input;
  planDirectories(draft, database, { folders, owned, linked: new Set(links.values()), refused });
  for (const { of, pairing } of work) addNewDirectories(of, pairing, isLeftOut);
  planFolderLinks(draft, links);
  planLinks(draft, input.database, places);
  await planDatabase(parts);
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

function pairedPackages(parts: FileParts, extra: readonly ReplayedFiles[]): readonly Paired[] {
  const { draft, input, places, recordPath } = parts;
  const { view, baseLayers } = draft.image;
  const lastLayer = view.lookup(recordPath)?.layer ?? baseLayers;
  const paired = (replayed: ReplayedFiles, layer: number, isExtra: boolean): Paired => ({
    of: { draft, input, replayed, layer, record: new PackageRecord(replayed.installed, input) },
    pairing: pairFiles(replayed, { view, places, spelling: draft.spelling }),
    isExtra,
  });
  return [
    ...input.replayed.map((one) => paired(one, layerOf(one.installed, parts), false)),
    ...extra.map((one) => paired(one, lastLayer, true)),
  ];
}

/** All changes to files that are there come before what is added, which may take their places. */
async function planPackages(
  { draft, input }: FileParts,
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
    const record = new PackageRecord(installed, input);
    for (const one of installed.files ?? []) {
      const entry = draft.image.view.lookup(one.path);
      if (entry === undefined || entry.entry.kind === 'directory') continue;
      await planOldOnly({ draft, input, record }, { ...one, entry });
    }
  }
  for (const { of, pairing } of work) addNewFiles(of, pairing, isLeftOut);
}

/** Directories that the new image's packages have. */
function ownedDirectories({ input, standings: all }: FileParts, work: readonly Paired[]): Set<string> {
  const owned = new Set(work.flatMap(({ pairing: { directories } }) => [...directories.keys()]));
  const { newBase } = input.image;
  for (const standing of all.values()) {
    if (standing.kind !== 'base') continue;
    for (const { path } of standing.sibling.files ?? [])
      if (newBase.lookup(path)?.entry.kind === 'directory') owned.add(path);
  }
  return owned;
}
