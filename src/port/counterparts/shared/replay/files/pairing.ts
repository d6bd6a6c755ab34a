import type { MergedView, ViewEntry } from '../../../../../layer/index.ts';
import type { ListedPath } from '../../../debian/database/index.ts';
import type { StoredFile } from '../../../debian/store/index.ts';
import type { NewPlaces } from '../new-places.ts';
import { keyOf, type Spelling } from '../spelling.ts';
import type { ReplayedFiles } from '../types.ts';

/** A path of the old package's list that is no directory; without an entry where the image lacks it. */
export interface OldFile extends ListedPath {
  readonly entry?: ViewEntry;
}

/** A file or link of the new package, and its place in the new image. */
export interface NewFile {
  readonly place: string;
  readonly file: StoredFile;
}

/** What of a package's two architectures belongs together. */
export interface Pairing {
  readonly pairs: readonly { readonly old: OldFile; readonly new: NewFile }[];
  readonly oldOnly: readonly OldFile[];
  readonly newOnly: readonly NewFile[];
  /** Directories of the new package by their place. */
  readonly directories: ReadonlyMap<string, StoredFile>;
}

export interface PairingParts {
  readonly view: MergedView;
  readonly places: NewPlaces;
  readonly spelling: Spelling;
}

/** The same path first, then the one that is spelled for the new architecture, where only that one has it. */
export function pairFiles(
  { installed, stored }: ReplayedFiles,
  { view, places, spelling }: PairingParts,
): Pairing {
  const files = new Map<string, NewFile>();
  const directories = new Map<string, StoredFile>();
  for (const file of stored.files) {
    const place = places.of(file.path, stored.control.name);
    if (file.kind === 'directory') directories.set(place, file);
    else files.set(place, { place, file });
  }
  const pairs: { old: OldFile; new: NewFile }[] = [];
  const alone: OldFile[] = [];
  for (const old of oldFiles(installed.files ?? [], view)) {
    // A link where the packages have a directory stands for it.
    if (directories.has(old.path)) continue;
    const same = files.get(old.path);
    if (same === undefined) alone.push(old);
    else pairs.push({ old, new: same });
  }
  const left = new Map(files);
  for (const { new: one } of pairs) left.delete(one.place);
  const oldOnly = pairSpelled(alone, left, { pairs, spelling });
  return { pairs, oldOnly, newOnly: [...left.values()], directories };
}

function pairSpelled(
  alone: readonly OldFile[],
  left: Map<string, NewFile>,
  { pairs, spelling }: { pairs: { old: OldFile; new: NewFile }[]; spelling: Spelling },
): readonly OldFile[] {
  const byKey = new Map<string, NewFile[]>();
  for (const one of left.values()) byKey.set(keyOf(one.place), [...(byKey.get(keyOf(one.place)) ?? []), one]);
  const take = (old: OldFile, found: NewFile): void => {
    left.delete(found.place);
    pairs.push({ old, new: found });
  };
  const unspelled = alone.filter((old) => {
    const name = spelling.candidates(old.path).find((candidate) => left.has(candidate));
    const found = name === undefined ? undefined : left.get(name);
    if (found !== undefined) take(old, found);
    return found === undefined;
  });
  return unspelled.filter((old) => {
    const alike = (byKey.get(keyOf(old.path)) ?? []).filter(({ place }) => left.has(place));
    const [only] = alike;
    if (only === undefined || alike.length > 1) return true;
    take(old, only);
    return false;
  });
}

function oldFiles(listed: readonly ListedPath[], view: MergedView): readonly OldFile[] {
  const parents = new Set<string>();
  for (const { listed: path } of listed) {
    const slash = path.lastIndexOf('/');
    if (slash > 0) parents.add(path.slice(0, slash));
  }
  const seen = new Set<string>();
  return listed.flatMap((one) => {
    const entry = view.lookup(one.path);
    // What other paths of the list are in is a directory of the package, even where a link or nothing stands for it.
    if (entry?.entry.kind === 'directory' || parents.has(one.listed) || seen.has(one.path)) return [];
    seen.add(one.path);
    return [entry === undefined ? one : { ...one, entry }];
  });
}
