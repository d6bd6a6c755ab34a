import type { InstalledPackage, ListedPath } from '../database/index.ts';
import { layerOf } from './database/info-files.ts';
import { siblingOf, unchangedInBase } from './database/packages.ts';
import { type DatabaseParts, statusPath } from './database/status.ts';
import type { Draft } from './draft.ts';

/**
 * Hides what the base's sibling has of packages that the layers above removed, or replaced by another version. What was
 * deleted under the same name, or one that is respelled, is the assembly's: this is for what the sibling alone has.
 */
export function hideRemoved(parts: DatabaseParts): void {
  const { input, names } = parts;
  const { bases, database } = input;
  if (bases === undefined) return;
  for (const old of bases.old.packages) {
    const sibling = siblingOf(old, bases.new, names);
    if (sibling === undefined || sibling.state === 'config-files') continue;
    const now = database.packages.find(
      ({ name, architecture }) => name === old.name && architecture === old.architecture,
    );
    if (now !== undefined && unchangedInBase(now, bases.old) !== undefined) continue;
    hideLeft(parts, { old, sibling, now });
  }
}

interface Versions {
  readonly old: InstalledPackage;
  readonly sibling: InstalledPackage;
  /** `undefined` where it was removed altogether. */
  readonly now: InstalledPackage | undefined;
}

function hideLeft(parts: DatabaseParts, versions: Versions): void {
  const { draft } = parts;
  const { old, sibling, now } = versions;
  const twins = twinsOf(old, draft);
  const conffiles = new Set(sibling.conffiles.map(({ path }) => path));
  const layer = now === undefined ? lastLayer(draft) : layerOf(now, parts);
  const what = now === undefined || now.state === 'config-files' ? 'removed' : 'replaced by another version';
  for (const { listed, path } of pathsOf(sibling)) {
    const there = draft.image.newBase.lookup(path);
    if (there === undefined || there.entry.kind === 'directory') continue;
    // A removed package's configuration stays until that is purged.
    if (conffiles.has(listed) && now !== undefined) continue;
    if (isAnswered(path, twins.get(path) ?? [], draft) || isOfOthers(path, sibling, parts)) continue;
    const why = `the new base's ${sibling.name} has it, and ${sibling.name} was ${what} above the base`;
    draft.add({ kind: 'whiteout', path, why }, layer);
  }
}

/** Something comes there, stays there, or was deleted under a name that the assembly translates. */
function isAnswered(path: string, twins: readonly string[], draft: Draft): boolean {
  const { image } = draft;
  if (draft.isUsed(path)) return true;
  const own = image.view.lookup(path);
  if (own !== undefined && draft.fateOf(path).kind === 'stays') return true;
  return twins.some((twin) => {
    const there = image.view.lookup(twin);
    if (there !== undefined) return !draft.isAbove(there);
    return twin === path || image.mapPath(twin) === path;
  });
}

/** Another package of the new base has the path too, and stays. */
function isOfOthers(path: string, sibling: InstalledPackage, { input, standings }: DatabaseParts): boolean {
  const others = (input.bases?.new.ownersOf(path) ?? []).filter((owner) => owner !== sibling);
  if (others.length === 0) return false;
  return [...standings.values()].some((one) => one.kind === 'base' && others.includes(one.sibling));
}

/** The old base's paths of the package, by what each may be called in the new base. */
function twinsOf(old: InstalledPackage, draft: Draft): ReadonlyMap<string, readonly string[]> {
  const twins = new Map<string, string[]>();
  for (const { path } of pathsOf(old))
    for (const name of [path, ...draft.spelling.candidates(path)])
      twins.set(name, [...(twins.get(name) ?? []), path]);
  return twins;
}

function pathsOf({
  files = [],
  infoFiles,
}: InstalledPackage): readonly Pick<ListedPath, 'listed' | 'path'>[] {
  return [...files, ...[...infoFiles.values()].map((path) => ({ listed: path, path }))];
}

function lastLayer({ image }: Draft): number {
  return image.view.lookup(statusPath)?.layer ?? image.baseLayers;
}
