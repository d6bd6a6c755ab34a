import type { ViewEntry } from '../../../layer/index.ts';
import type { PortImage, Refusal } from '../../origin-types.ts';

/** The file of an image that a named path leads to. */
export interface Target {
  readonly entry: ViewEntry;
  /** All its names above the base. */
  readonly paths: readonly string[];
  readonly notes: readonly string[];
}

const maxNearMisses = 3;

/** Finds the file, links followed; a refusal where there is none to replace. */
export function findTarget(image: PortImage, path: string): Target | Refusal {
  const { view, baseLayers } = image;
  const resolution = view.resolve(`/${path}`);
  if (!resolution.found) return missing(image, path);
  const { entry } = resolution;
  if (entry.entry.kind !== 'file')
    return refusal(path, `it is a ${entry.entry.kind}, and only a file can be replaced by one`);
  if (entry.layer < baseLayers)
    return refusal(
      path,
      `${at(path, entry)} is the base's, and what the new base has takes its place`,
      'Take the replacement back, or name another base.',
    );
  const names = view.links(entry.path);
  const paths = names.filter((name) => (view.lookup(name)?.layer ?? -1) >= baseLayers);
  return { entry, paths, notes: notesOf(path, entry, names.length - paths.length) };
}

function notesOf(path: string, entry: ViewEntry, namesOfBase: number): readonly string[] {
  const led = entry.path === path ? [] : [`/${path} leads to /${entry.path}, which is replaced`];
  const kept = `/${entry.path} has a name in the base too, which the replacement leaves alone`;
  return namesOfBase === 0 ? led : [...led, kept];
}

function at(path: string, entry: ViewEntry): string {
  return entry.path === path ? 'it' : `/${entry.path}, where it leads,`;
}

function missing(image: PortImage, path: string): Refusal {
  const near = nearMisses(image, path);
  const hint = near.length === 0 ? '' : `; there is ${near.map((one) => `/${one}`).join(', ')}`;
  return refusal(path, `the image has no such file${hint}`, 'Name a file that the image has.');
}

/** The same name elsewhere, or in the same folder a name that begins or ends alike. */
function nearMisses({ view }: PortImage, path: string): readonly string[] {
  const name = baseName(path).toLowerCase();
  const found: string[] = [];
  for (const entry of view.entries()) {
    if (entry.entry.kind !== 'directory' && baseName(entry.path).toLowerCase() === name)
      found.push(entry.path);
    if (found.length === maxNearMisses) return found;
  }
  if (found.length > 0) return found;
  const folder = view.resolve(`/${path.slice(0, Math.max(0, path.lastIndexOf('/')))}`);
  if (!folder.found) return [];
  const siblings = view.list(folder.entry.path).map((entry) => entry.path);
  return siblings.filter((sibling) => isAlike(baseName(sibling).toLowerCase(), name)).slice(0, maxNearMisses);
}

function isAlike(one: string, other: string): boolean {
  return one.startsWith(other.slice(0, 3)) || other.includes(one) || one.includes(other);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function refusal(path: string, why: string, lift = 'Name the file itself.'): Refusal {
  return { path, kind: 'counterpart', why, lift, waivable: false };
}
