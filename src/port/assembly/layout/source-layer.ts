import type { EntryKind, LayerEntry, LayerFacts } from '../../../layer/index.ts';
import { type Inode, isDirectory, splitPath, type Tree, type TreeNode } from './tree.ts';

/** What an entry did to the source image. */
export interface SourceEntry {
  readonly node: TreeNode;
  /** What it gives; for a hard link, what it shares. */
  readonly inode: Inode;
  /** What the path was before. */
  readonly before: EntryKind | undefined;
  /** One of its parents took the place of something that was no directory. */
  readonly madeRoom: boolean;
}

/**
 * Applies a layer to the tree of the source image. Gives what each entry did; `undefined` for whiteouts, for a directory
 * that a link of the base stands for, and for what engines can't unpack.
 */
export function applySourceLayer(
  tree: Tree,
  facts: LayerFacts,
  layer: number,
): readonly (SourceEntry | undefined)[] {
  for (const entry of facts.entries) hide(tree, entry, layer);
  return facts.entries.map((entry, index) => add(tree, entry, { layer, index }));
}

function hide(tree: Tree, entry: LayerEntry, layer: number): void {
  if (entry.kind !== 'whiteout' && entry.kind !== 'opaque') return;
  const node = tree.find(entry.path, layer)?.node;
  if (node === undefined) return;
  if (entry.kind === 'whiteout') tree.remove(node);
  else if (isDirectory(node)) tree.clear(node);
}

function add(
  tree: Tree,
  entry: LayerEntry,
  at: { readonly layer: number; readonly index: number },
): SourceEntry | undefined {
  const { layer, index } = at;
  if (entry.kind === 'whiteout' || entry.kind === 'opaque') return undefined;
  const own: Inode = { entry, layer, index };
  const [parentPath, name] = splitPath(entry.path);
  if (name === '') {
    if (entry.kind === 'directory') tree.root.inode = own;
    return { node: tree.root, inode: tree.root.inode, before: 'directory', madeRoom: false };
  }
  const descent = tree.descend(parentPath, layer);
  if (!descent.ok) return undefined;
  const inode = entry.kind === 'hardlink' ? tree.find(entry.linkName ?? '', layer)?.node.inode : own;
  if (inode === undefined || (entry.kind === 'hardlink' && inode.entry.kind === 'directory'))
    return undefined;
  const parent = tree.makeDirectories(descent, layer);
  const before = tree.child(parent, name)?.inode.entry.kind;
  if (entry.kind === 'directory' && before === 'symlink' && standsForDirectory(tree, entry.path, layer))
    return undefined;
  const node = tree.place(parent, name, inode, layer);
  return { node, inode, before, madeRoom: descent.inTheWay !== undefined };
}

function standsForDirectory(tree: Tree, path: string, layer: number): boolean {
  const descent = tree.descend(path, layer);
  return descent.ok && descent.throughBase && descent.missing.length === 0;
}
