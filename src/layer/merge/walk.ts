import { isDirectory, type Node, partsOf } from './tree.ts';

/** Linux: MAXSYMLINKS. */
const maxLinks = 40;
/** Names a path may grow to by its links. */
const maxParts = 10_000;
/** Names gone through: as many as a path can have, whatever its links add. */
const maxSteps = 2048;
/** Linux: PATH_MAX without its closing NUL. */
const maxTarget = 4095;

export type Walked =
  | { readonly node: Node; readonly through: readonly Node[] }
  | {
      readonly node: undefined;
      readonly reason: 'missing' | 'not-directory' | 'too-many-links';
      /** Where it stopped. */
      readonly at: Node;
      readonly rest: readonly string[];
      readonly through: readonly Node[];
    };

/** Goes down a path from a directory, links followed inside the root (path_resolution(7)). */
export function walk(root: Node, from: Node, path: string, followLast: boolean): Walked {
  const through: Node[] = [];
  let at = path.startsWith('/') ? root : from;
  /** Names still to come, the next one last. */
  const todo = partsOf(path).reverse();
  let steps = 0;
  const mustBeDirectory = path.endsWith('/');
  const fail = (reason: 'missing' | 'not-directory' | 'too-many-links', next: readonly string[]): Walked => ({
    node: undefined,
    reason,
    at,
    rest: [...next, ...todo.reverse()],
    through,
  });
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (++steps > maxSteps) return fail('too-many-links', [name]);
    if (!isDirectory(at)) return fail('not-directory', [name]);
    if (name === '..') {
      at = at.parent ?? root;
      continue;
    }
    const child = at.children?.get(name);
    if (child === undefined) return fail('missing', [name]);
    const isLast = todo.length === 0 && !mustBeDirectory;
    if (child.inode.entry.kind !== 'symlink' || (isLast && !followLast)) {
      at = child;
      continue;
    }
    through.push(child);
    const target = child.inode.entry.linkName ?? '';
    if (target.length > maxTarget) return fail('too-many-links', [name]);
    const parts = partsOf(target);
    if (through.length > maxLinks || todo.length + parts.length > maxParts)
      return fail('too-many-links', [name]);
    if (target === '') return fail('missing', [name]);
    if (target.startsWith('/')) at = root;
    for (const part of parts.reverse()) todo.push(part);
  }
  if (mustBeDirectory && !isDirectory(at)) return fail('not-directory', []);
  return { node: at, through };
}
