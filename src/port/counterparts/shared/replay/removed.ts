import type { ListedPath } from '../../debian/database/index.ts';
import type { Draft } from './draft.ts';
import { type FileParts, layerOf } from './file-parts.ts';
import { NameIndex } from './standings.ts';
import type { PackageFiles } from './types.ts';

/**
 * Hides what the base's sibling has of packages that the layers above removed, or replaced by another version. What was
 * deleted under the same name, or one that is respelled, is the assembly's: this is for what the sibling alone has.
 */
export function hideRemoved(parts: FileParts): void {
  const { input, names } = parts;
  const { bases } = input;
  if (bases === undefined) return;
  const [all, before, after] = [input.database, bases.old, bases.new].map((one) => new NameIndex(one));
  const staying = new Set(
    [...parts.standings.values()].flatMap((one) => (one.kind === 'base' ? [one.sibling] : [])),
  );
  for (const old of bases.old.packages) {
    const sibling = after?.siblingOf(old, names);
    if (sibling === undefined || sibling.state === 'config-files') continue;
    const now = all?.get(old.name, old.architecture);
    if (now !== undefined && before?.unchanged(now) !== undefined) continue;
    hideLeft(parts, { old, sibling, now, staying });
  }
}

interface Versions {
  readonly old: PackageFiles;
  readonly sibling: PackageFiles;
  /** `undefined` where it was removed altogether. */
  readonly now: PackageFiles | undefined;
  /** Packages of the new base that the new image has. */
  readonly staying: ReadonlySet<PackageFiles>;
}

function hideLeft(parts: FileParts, versions: Versions): void {
  const { draft } = parts;
  const { old, sibling, now } = versions;
  const twins = twinsOf(old, draft);
  const conffiles = new Set(sibling.conffiles.map(({ path }) => path));
  const layer = now === undefined ? lastLayer(parts) : layerOf(now, parts);
  const what = now === undefined || now.state === 'config-files' ? 'removed' : 'replaced by another version';
  for (const { listed, path } of pathsOf(sibling)) {
    const there = draft.image.newBase.lookup(path);
    if (there === undefined || there.entry.kind === 'directory') continue;
    // A removed package's configuration stays until that is purged.
    if (conffiles.has(listed) && now !== undefined) continue;
    if (isAnswered(path, [...(twins.get(path) ?? [])], draft) || isOfOthers(path, versions, parts)) continue;
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
function isOfOthers(path: string, { sibling, staying }: Versions, { input }: FileParts): boolean {
  const owners = input.bases?.new.ownersOf(path) ?? [];
  return owners.some((owner) => owner !== sibling && staying.has(owner));
}

/** The old base's paths of the package, by what each may be called in the new base. */
function twinsOf(old: PackageFiles, draft: Draft): ReadonlyMap<string, ReadonlySet<string>> {
  const twins = new Map<string, Set<string>>();
  for (const { path } of pathsOf(old))
    for (const name of [path, ...draft.spelling.candidates(path)])
      twins.set(name, (twins.get(name) ?? new Set()).add(path));
  return twins;
}

function pathsOf({ files = [], infoFiles }: PackageFiles): readonly Pick<ListedPath, 'listed' | 'path'>[] {
  return [...files, ...[...infoFiles.values()].map((path) => ({ listed: path, path }))];
}

function lastLayer({ draft: { image }, recordPath }: FileParts): number {
  return image.view.lookup(recordPath)?.layer ?? image.baseLayers;
}
