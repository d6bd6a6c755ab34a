import type { LayerEntry } from '../facts/types.ts';
import type { ViewEntry } from './types.ts';

/** What hard links share. */
export interface Inode {
  readonly entry: LayerEntry;
  readonly layer: number;
  /** Index of the entry in its layer; -1 for a directory made up. */
  readonly index: number;
  links: number;
}

export interface Node {
  readonly name: string;
  readonly parent: Node | undefined;
  /** From the root; empty for the root itself. */
  readonly path: string;
  inode: Inode;
  /** The layer that gave the path last. */
  layer: number;
  children: Map<string, Node> | undefined;
  /** What a view of the finished tree makes once and asks for often. */
  view?: ViewEntry;
  ordered?: readonly Node[];
}

export function isDirectory(node: Node): boolean {
  return node.inode.entry.kind === 'directory';
}

export function madeUpDirectory(path: string, layer: number): Inode {
  const entry: LayerEntry = { path, kind: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 };
  return { entry, layer, index: -1, links: 1 };
}

export function pathIn(parent: Node, name: string): string {
  return parent.path === '' ? name : `${parent.path}/${name}`;
}

/** Puts an inode at a name, in place of what is there with all that's in it. */
export function place(parent: Node, name: string, inode: Inode, layer: number): Node {
  remove(parent, name);
  const node: Node = { name, parent, path: pathIn(parent, name), inode, layer, children: undefined };
  parent.children ??= new Map();
  parent.children.set(name, node);
  return node;
}

export function remove(parent: Node, name: string): void {
  const node = parent.children?.get(name);
  if (node === undefined) return;
  parent.children?.delete(name);
  const doomed = [node];
  for (let next = doomed.pop(); next !== undefined; next = doomed.pop()) {
    next.inode.links--;
    for (const child of next.children?.values() ?? []) doomed.push(child);
  }
}

/** The names of a path. */
export function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
