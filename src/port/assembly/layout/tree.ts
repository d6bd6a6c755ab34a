import type { LayerEntry, MergedView } from '../../../layer/index.ts';

/** The layer of what the base gives; those above it count from 0. */
export const baseLayer = -1;

/** What hard links share. */
export interface Inode {
  readonly entry: LayerEntry;
  readonly layer: number;
  /** Index of the entry in its layer; -1 for what no entry of a source layer gave. */
  readonly index: number;
}

export interface TreeNode {
  readonly name: string;
  readonly parent: TreeNode | undefined;
  inode: Inode;
  /** The layer that gave the path last. */
  layer: number;
  /** What is known of the names in it, if anything; `undefined` for those that are not there or hidden. */
  children: Map<string, TreeNode | undefined> | undefined;
  /** The base's directory whose other names show; `undefined` where none does. */
  below: string | undefined;
}

/** Where a path leads: as far as there are directories. */
export type Descent =
  | {
      readonly ok: true;
      readonly at: TreeNode;
      /** Names that are not there yet. */
      readonly missing: readonly string[];
      /** What has the first of these names and is no directory, of a lower layer. */
      readonly inTheWay: TreeNode | undefined;
      /** A symbolic link of the base was followed. */
      readonly throughBase: boolean;
    }
  | { readonly ok: false; readonly text: string };

/** Linux: MAXSYMLINKS, and as many names as a path can have. */
const maxLinks = 40;
const maxSteps = 2048;

/**
 * The files of an image while its layers are put on each other: a base, of which only what is asked for is looked up, and
 * what the layers above it did.
 */
export class Tree {
  readonly root: TreeNode;
  readonly #base: MergedView;

  constructor(base: MergedView) {
    this.#base = base;
    const entry = base.lookup('')?.entry ?? directoryEntry('');
    const inode = { entry, layer: baseLayer, index: -1 };
    this.root = {
      name: '',
      parent: undefined,
      inode,
      layer: baseLayer,
      children: undefined,
      below: '',
    };
  }

  child(node: TreeNode, name: string): TreeNode | undefined {
    const known = node.children?.get(name);
    if (known !== undefined || node.below === undefined || node.children?.has(name) === true) return known;
    const path = node.below === '' ? name : `${node.below}/${name}`;
    const found = this.#base.lookup(path);
    const child: TreeNode | undefined = found && {
      name,
      parent: node,
      inode: { entry: found.entry, layer: baseLayer, index: -1 },
      layer: baseLayer,
      children: undefined,
      below: found.entry.kind === 'directory' ? path : undefined,
    };
    childrenOf(node).set(name, child);
    return child;
  }

  /** All that is in a directory. */
  childrenOf(node: TreeNode): readonly TreeNode[] {
    const below = node.below === undefined ? [] : this.#base.list(node.below);
    const names = new Set([...below.map(({ path }) => splitPath(path)[1]), ...(node.children?.keys() ?? [])]);
    return [...names].sort().flatMap((name) => this.child(node, name) ?? []);
  }

  /**
   * Goes down a path through directories. Links of the base and of `layer` itself are followed, inside the root; one of
   * another layer is in the way, as a file is: the engines disagree there, and what they do with the source they are to
   * do with the port.
   */
  descend(path: string, layer: number): Descent {
    let at = this.root;
    const todo = partsOf(path).reverse();
    let links = 0;
    let steps = 0;
    let throughBase = false;
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (++steps > maxSteps) return refused('its links lead through too many directories');
      if (name === '..') {
        if (at.parent === undefined) return refused('its links lead out of the root');
        at = at.parent;
        continue;
      }
      const child = this.child(at, name);
      if (child !== undefined && isDirectory(child)) {
        at = child;
        continue;
      }
      const isLink = child?.inode.entry.kind === 'symlink';
      if (child !== undefined && isLink && (child.layer === baseLayer || child.layer === layer)) {
        if (++links > maxLinks) return refused('its links lead in a circle');
        throughBase ||= child.layer === baseLayer;
        const target = child.inode.entry.linkName ?? '';
        if (target === '') return refused(`/${pathOf(child)} is a link to nowhere`);
        if (target.startsWith('/')) at = this.root;
        for (const part of partsOf(target).reverse()) todo.push(part);
        continue;
      }
      if (child?.layer === layer)
        return refused(`/${pathOf(child)} of the same layer is a ${child.inode.entry.kind}, no directory`);
      const missing = [name, ...todo.reverse()];
      if (missing.includes('..')) return refused('its links lead through a directory that is not there');
      return { ok: true, at, missing, inTheWay: child, throughBase };
    }
    return { ok: true, at, missing: [], inTheWay: undefined, throughBase };
  }

  /** The node at a path, its parents' links followed as in `descend`, its own not. */
  find(path: string, layer: number): { readonly node: TreeNode; readonly throughBase: boolean } | undefined {
    const [parent, name] = splitPath(path);
    if (name === '') return { node: this.root, throughBase: false };
    const descent = this.descend(parent, layer);
    if (!descent.ok || descent.missing.length > 0) return undefined;
    const node = this.child(descent.at, name);
    return node && { node, throughBase: descent.throughBase };
  }

  /** The directory of these names, made where they are missing. */
  makeDirectories(descent: Extract<Descent, { ok: true }>, layer: number): TreeNode {
    let at = descent.at;
    for (const name of descent.missing) {
      const entry = directoryEntry(joinPath(pathOf(at), name));
      at = this.place(at, name, { entry, layer, index: -1 }, layer);
    }
    return at;
  }

  /** Puts an inode at a name, in place of what is there; a directory over a directory keeps what is in it. */
  place(parent: TreeNode, name: string, inode: Inode, layer: number): TreeNode {
    const existing = this.child(parent, name);
    if (existing !== undefined && isDirectory(existing) && inode.entry.kind === 'directory') {
      existing.inode = inode;
      existing.layer = layer;
      return existing;
    }
    const node: TreeNode = { name, parent, inode, layer, children: undefined, below: undefined };
    childrenOf(parent).set(name, node);
    return node;
  }

  remove(node: TreeNode): void {
    if (node.parent !== undefined) childrenOf(node.parent).set(node.name, undefined);
  }

  /** Hides all that is in a directory. */
  clear(node: TreeNode): void {
    node.children = undefined;
    node.below = undefined;
  }
}

function childrenOf(node: TreeNode): Map<string, TreeNode | undefined> {
  node.children ??= new Map();
  return node.children;
}

export function isDirectory(node: TreeNode): boolean {
  return node.inode.entry.kind === 'directory';
}

export function pathOf(node: TreeNode): string {
  const names: string[] = [];
  for (let at: TreeNode = node; at.parent !== undefined; at = at.parent) names.push(at.name);
  return names.reverse().join('/');
}

/**
 * Nodes below one that a layer above the base gave, and the node itself: what a whiteout of it takes away. Those `seen`
 * before are left out, with what is below them, so that a layer's markers together cost no more than its image.
 */
export function* ownNodes(node: TreeNode, seen = new Set<TreeNode>()): Generator<TreeNode, void, undefined> {
  const todo = [node];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.layer !== baseLayer) yield next;
    for (const child of next.children?.values() ?? []) if (child !== undefined) todo.push(child);
  }
}

/** What engines make of a directory that no entry names. */
export function directoryEntry(path: string, mtime = 0): LayerEntry {
  return { path, kind: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime };
}

/** The directory a path is in, and its last name. */
export function splitPath(path: string): readonly [parent: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

export function joinPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function refused(text: string): Descent {
  return { ok: false, text };
}
