import { compareText } from '../../../../core/index.ts';
import type { MergedView, ViewEntry } from '../../../../layer/index.ts';

/** All that is in a folder, each folder before what is in it. */
export function* under(view: MergedView, folder: string): Generator<ViewEntry, void, undefined> {
  for (const entry of view.list(folder)) {
    yield entry;
    if (entry.entry.kind === 'directory') yield* under(view, entry.path);
  }
}

export function isIn(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

/** The folders of a package, and those above it: each before what is in it. */
export function foldersOf(root: string, files: Iterable<string>): readonly string[] {
  const folders = new Set<string>();
  for (const path of [
    root,
    ...[...files].map((file) => `${root}/${file}`.slice(0, `${root}/${file}`.lastIndexOf('/'))),
  ])
    for (let at = path.length; at > 0; at = path.lastIndexOf('/', at - 1)) folders.add(path.slice(0, at));
  return [...folders].sort(compareText);
}

/** The root too. */
export function foldersAbove(path: string): readonly string[] {
  const found = [''];
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) found.push(path.slice(0, at));
  return found;
}
