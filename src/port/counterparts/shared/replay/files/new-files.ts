import type { Draft } from '../draft.ts';
import { foldersOf } from '../folders.ts';
import { keyOf } from '../spelling.ts';
import type { ReplayedFiles } from '../types.ts';
import type { NewFile, OldFile, Pairing } from './pairing.ts';
import { addFile, type FilesOf, labelOf } from './plan-files.ts';

/**
 * Adds the files that only the new package has, but for those that the image would not have got: dpkg's own filters, and
 * folders of which the image has left out all that the package has there.
 */
export function addNewFiles(
  of: FilesOf,
  { pairs, oldOnly, newOnly }: Pairing,
  isLeftOut: (path: string) => boolean,
): void {
  const { draft } = of;
  const isEmptied = emptiedFolders([...pairs.map(({ old }) => old), ...oldOnly]);
  for (const one of newOnly) {
    const { place, file } = one;
    if (isLeftOut(file.path) || isLeftOut(place) || isEmptied(place)) continue;
    if (draft.isUsed(place) || isInTheWay(of, one)) continue;
    addFile(of, one, `only ${labelOf(of)} has it`);
  }
}

/**
 * Adds directories that only the new package has, where engines wouldn't make them as they are on the way to a file. To be
 * called when those of the old image have their new names.
 */
export function addNewDirectories(
  { draft, layer, replayed }: FilesOf,
  { pairs, oldOnly, newOnly, directories }: Pairing,
  isLeftOut: (path: string) => boolean,
): void {
  const isEmptied = emptiedFolders([...pairs.map(({ old }) => old), ...oldOnly]);
  const filled = new Set(
    [...pairs.map(({ new: one }) => one.place), ...newOnly.map(({ place }) => place)].flatMap(foldersOf),
  );
  const twins = twinDirectories(replayed, draft);
  for (const [place, { mode, uid, gid, mtime }] of directories) {
    const isPlain = mode === 0o755 && uid === 0 && gid === 0;
    const isMade = draft.isUsed(place) || (isPlain && filled.has(place));
    if (isMade || isLeftOut(place) || draft.image.view.resolve(place).found) continue;
    // A directory that both packages have is the image's to have or not to have.
    const twin = twins.get(keyOf(place));
    if (twin === 'settled' || isEmptied(`${place}/.`)) continue;
    const why = `a directory of ${labelOf({ replayed })}`;
    draft.add({ kind: 'directory', path: place, mode, uid, gid, mtime, why }, layer);
  }
}

/** What became of the old package's directories; one is held where something else stays in there. */
function twinDirectories(
  { installed }: ReplayedFiles,
  { image, paths }: Draft,
): ReadonlyMap<string, 'settled' | 'held'> {
  return new Map(
    (installed.files ?? []).map(({ path }) => {
      const isHeld = image.view.lookup(path) !== undefined && !paths.has(path);
      return [keyOf(path), isHeld ? 'held' : 'settled'] as const;
    }),
  );
}

/** Something else is there in the image: dpkg would have replaced it, but whose it is nobody knows. */
function isInTheWay({ draft, input }: FilesOf, { place, file }: NewFile): boolean {
  const there = draft.image.view.lookup(place);
  if (there === undefined || !draft.isAbove(there) || draft.fateOf(place).kind !== 'stays') return false;
  if (there.entry.sha256 !== undefined && there.entry.sha256 === file.sha256) return true;
  const isOwned = input.database.ownersOf(place).length > 0;
  if (!isOwned) draft.notes.about("the image's own file stays where a package has one too", place);
  return true;
}

/**
 * A test for places in folders of which nothing is left in the image, though the old package has files there: the nearest
 * folder of the place that the package has something in decides.
 */
function emptiedFolders(old: readonly OldFile[]): (place: string) => boolean {
  const folders = new Map<string, 'left' | 'emptied'>();
  for (const { path, entry } of old)
    for (const folder of foldersOf(path)) {
      const key = keyOf(folder);
      if (entry !== undefined) folders.set(key, 'left');
      else if (!folders.has(key)) folders.set(key, 'emptied');
    }
  return (place) => {
    for (const folder of foldersOf(place)) {
      const state = folders.get(keyOf(folder));
      if (state !== undefined) return state === 'emptied';
    }
    return false;
  };
}
