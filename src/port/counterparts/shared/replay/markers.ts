import { type DropPlan, entryPath, type RenamePlan } from '../../../plan-types.ts';
import type { Draft } from './draft.ts';
import type { FileParts } from './file-parts.ts';
import { foldersOf } from './folders.ts';
import { keyOf } from './spelling.ts';
import { NameIndex } from './standings.ts';
import type { PackageFiles } from './types.ts';
import { specialRule } from './unowned/special-files.ts';

/**
 * Plans the whiteouts, by the paths of their markers, whose targets the new base hasn't under the name that is respelled: what
 * only the old architecture's package had, or has another name, and caches of the old architecture. Of other whiteouts the
 * assembly knows what they hide.
 */
export function planMarkers(parts: FileParts): void {
  const { draft, input, names } = parts;
  const { view, baseLayers, oldBase } = draft.image;
  if (input.bases === undefined) return;
  const twinsOf = siblingPaths(parts);
  const ruleOf = specialRule(names.source);
  const own = ownPaths(draft);
  for (const { entries } of view.layers.slice(baseLayers))
    for (const entry of entries) {
      const { path } = entry;
      if (entry.kind !== 'whiteout' || own.has(path) || oldBase.lookup(path) === undefined) continue;
      const plan = planFor(path, { draft, twinsOf, isCache: ruleOf(path)?.action === 'drop' });
      if (plan !== undefined) draft.planMarker(entryPath(entry), plan);
    }
}

interface MarkerParts {
  readonly draft: Draft;
  readonly twinsOf: (path: string) => readonly string[] | undefined;
  readonly isCache: boolean;
}

/** `undefined` where the assembly finds what it hides, or nothing is known of it. */
function planFor(path: string, { draft, twinsOf, isCache }: MarkerParts): DropPlan | RenamePlan | undefined {
  const { newBase, mapPath } = draft.image;
  const candidates = draft.spelling.candidates(path);
  const isThere = (name: string): boolean => newBase.resolve(name, { followLast: false }).found;
  const mapped = mapPath(path);
  if (candidates.length === 0 || isThere(path) || (mapped !== undefined && isThere(mapped))) return undefined;
  const twins = twinsOf(path);
  const to = candidates.find(isThere) ?? (twins?.length === 1 ? twins[0] : undefined);
  if (to !== undefined) return { action: 'rename', to, why: 'its name in the new base' };
  return twins?.length === 0 || isCache
    ? { action: 'drop', why: 'the new base has no such file' }
    : undefined;
}

/** What the layers above the base have, or had: markers of it are between them. */
function ownPaths({ image }: Draft): ReadonlySet<string> {
  const own = new Set<string>();
  for (const { entries } of image.view.layers.slice(image.baseLayers))
    for (const { kind, path } of entries) {
      if (kind === 'whiteout' || kind === 'opaque') continue;
      own.add(path);
      for (const folder of foldersOf(path)) own.add(folder);
    }
  return own;
}

/**
 * The new base's paths that are alike, of the packages that have a path of the old one; `undefined` where no package has it,
 * so that nothing is known.
 */
function siblingPaths({ draft, input, names }: FileParts): (path: string) => readonly string[] | undefined {
  const { bases } = input;
  const now = bases && new NameIndex(bases.new);
  const known = new Map<PackageFiles, ReadonlyMap<string, readonly string[]>>();
  const ofInfo = new Map(
    bases?.old.packages.flatMap((one) => [...one.infoFiles.values()].map((path) => [path, one] as const)),
  );
  const alike = (old: PackageFiles): ReadonlyMap<string, readonly string[]> => {
    const made = known.get(old) ?? byKey(now?.siblingOf(old, names), draft);
    known.set(old, made);
    return made;
  };
  return (path) => {
    const info = ofInfo.get(path);
    const owners = [...(bases?.old.ownersOf(path) ?? []), ...(info === undefined ? [] : [info])];
    if (owners.length === 0) return undefined;
    return [...new Set(owners.flatMap((old) => alike(old).get(keyOf(path)) ?? []))];
  };
}

function byKey(sibling: PackageFiles | undefined, { image }: Draft): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  const all = [...(sibling?.files ?? []).map(({ path }) => path), ...(sibling?.infoFiles.values() ?? [])];
  for (const path of new Set(all)) {
    if (image.newBase.lookup(path) === undefined) continue;
    const known = paths.get(keyOf(path));
    if (known === undefined) paths.set(keyOf(path), [path]);
    else known.push(path);
  }
  return paths;
}
