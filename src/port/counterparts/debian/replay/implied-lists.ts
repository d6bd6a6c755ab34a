import type { MergedView } from '../../../../layer/index.ts';
import { foldersOf } from '../../shared/replay/folders.ts';
import { keyOf } from '../../shared/replay/spelling.ts';
import type { InstalledPackage, ListedPath, PackageDatabase } from '../database/index.ts';
import type { ReplayedPackage, ReplayInput } from './types.ts';

/**
 * Distroless images have sums in place of lists: of files alone. Their packages have the folders of those too, and the links
 * that their counterparts have, where the image has them and no other package does.
 */
export function withImpliedLists(input: ReplayInput): ReplayInput {
  const bare = input.replayed.filter(({ installed }) => installed.recordedIn.includes('/status.d/'));
  if (bare.length === 0) return input;
  const links = unownedLinks(input);
  const completed = new Map(
    bare.map((one) => [
      one.installed,
      { ...one.installed, files: impliedFiles(one, links, input.image.view) },
    ]),
  );
  const now = (one: InstalledPackage): InstalledPackage => completed.get(one) ?? one;
  return {
    ...input,
    database: databaseOf(input.database, now),
    replayed: input.replayed.map((one) => ({ ...one, installed: now(one.installed) })),
  };
}

/** Links that no package has, by their name without an architecture. */
function unownedLinks({ image, database }: ReplayInput): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const { path, entry } of image.view.entries())
    if (entry.kind === 'symlink' && database.ownersOf(path).length === 0) links.set(keyOf(path), path);
  return links;
}

function impliedFiles(
  { installed, stored }: ReplayedPackage,
  links: ReadonlyMap<string, string>,
  view: MergedView,
): readonly ListedPath[] {
  const files = installed.files ?? [];
  const folders = new Set(files.flatMap(({ path }) => foldersOf(path)));
  const own = stored.files.flatMap(({ kind, path }) => {
    const place = kind === 'symlink' ? placeOf(path, view) : undefined;
    return (place === undefined ? undefined : links.get(keyOf(place))) ?? [];
  });
  return [...files, ...[...folders, ...own].map((path) => ({ listed: path, path }))];
}

/** Links on the way are followed as far as they are in the old image. */
function placeOf(path: string, view: MergedView): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return path;
  const folder = view.resolve(path.slice(0, slash));
  const place = folder.found ? folder.entry.path : folder.path;
  return `${place}${path.slice(slash)}`;
}

function databaseOf(
  database: PackageDatabase,
  now: (one: InstalledPackage) => InstalledPackage,
): PackageDatabase {
  const packages = database.packages.map(now);
  const owners = new Map<string, InstalledPackage[]>();
  for (const one of packages)
    for (const { path } of one.files ?? []) {
      const known = owners.get(path);
      if (known === undefined) owners.set(path, [one]);
      else if (known.at(-1) !== one) known.push(one);
    }
  return { ...database, packages, ownersOf: (path) => owners.get(path) ?? [] };
}
