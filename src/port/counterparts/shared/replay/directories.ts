import type { MergedView } from '../../../../layer/index.ts';
import type { Draft } from './draft.ts';
import { foldersOf } from './folders.ts';
import type { FileDatabase, PackageFiles } from './types.ts';
import type { MovedFolders } from './unowned/moved-folders.ts';

export interface DirectoryParts {
  readonly folders: MovedFolders;
  /** Directories that packages of the new image have. */
  readonly owned: ReadonlySet<string>;
  /** Directories of the old image that replayed packages have under the name of a link. */
  readonly linked: ReadonlySet<string>;
  /** Packages that stay as they are, since they are refused. */
  readonly refused: readonly PackageFiles[];
}

/**
 * Moves the directories that are named for the old architecture to where their files went, and drops those that nothing is
 * left in; both only where nothing of the image stays inside.
 */
export function planDirectories(draft: Draft, database: FileDatabase, parts: DirectoryParts): void {
  const { view } = draft.image;
  const directories = [...view.entries()].filter(({ entry }) => entry.kind === 'directory');
  const held = heldFolders(draft);
  const taken = new Set<string>();
  for (const there of directories) {
    const { path } = there;
    if (there.implicit || !draft.isOpen(there) || held.has(path) || draft.holds(path)) continue;
    const isOwned = database.ownersOf(path).length > 0 || parts.linked.has(path);
    const to = isOwned ? parts.folders.nameOf(path) : parts.folders.newPlace(path);
    const isEmpty = view.list(path).length === 0;
    if (
      to !== undefined &&
      !taken.has(to) &&
      (draft.holds(to) || parts.owned.has(to) || (isEmpty && !isOwned))
    ) {
      draft.plan(path, { action: 'rename', to, why: 'its name on the new architecture' });
      taken.add(to);
    } else if (isOwned ? !parts.owned.has(path) && isOnlyReplayed(path) : to !== undefined)
      draft.plan(path, { action: 'drop', why: 'nothing is left in it', below: 'shows' });
  }

  /** Directories that a package which stays as it is has too are not ours. */
  function isOnlyReplayed(path: string): boolean {
    return database
      .ownersOf(path)
      .every((owner) => owner.architecture !== 'all' && !parts.refused.includes(owner));
  }
}

/** Folders with something inside that stays where it is. */
function heldFolders(draft: Draft): ReadonlySet<string> {
  const held = new Set<string>();
  for (const { path, entry } of draft.image.view.entries()) {
    if (entry.kind === 'directory') continue;
    if (draft.fateOf(path).kind !== 'stays') continue;
    for (const folder of foldersOf(path)) held.add(folder);
  }
  return held;
}

/** A link that stood for a directory which is gone now leads nowhere. */
export function planFolderLinks(draft: Draft, links: ReadonlyMap<string, string>): void {
  for (const [path, directory] of links) {
    const there = draft.image.view.lookup(path);
    if (there === undefined || !draft.isOpen(there) || draft.fateOf(directory).kind !== 'goes') continue;
    draft.plan(path, { action: 'drop', why: 'the directory it led to is gone' });
  }
}

/** Links of the image where packages have directories, and the directories they lead to. */
export function folderLinks(
  view: MergedView,
  packages: readonly PackageFiles[],
): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const { files = [] } of packages)
    for (const { path } of files) {
      if (links.has(path) || view.lookup(path)?.entry.kind !== 'symlink') continue;
      const target = view.resolve(path);
      if (target.found && target.entry.entry.kind === 'directory') links.set(path, target.entry.path);
    }
  return links;
}
