import { splitPath } from '../facts/path.ts';
import type { LayerEntry, LayerFacts } from '../facts/types.ts';
import {
  type Inode,
  isDirectory,
  madeUpDirectory,
  type Node,
  partsOf,
  pathIn,
  place,
  remove,
} from './tree.ts';
import type { MergeOptions, ViewNote } from './types.ts';
import { walk } from './walk.ts';

/** Applies one layer to the tree of those below it (image-spec layer.md, "Applying Changesets"). */
export class LayerApplication {
  readonly #root: Node;
  readonly #layer: number;
  readonly #symlinkedParents: 'replace' | 'follow';
  readonly #note: (note: ViewNote) => void;
  readonly #countMade: (length: number) => void;

  constructor(
    root: Node,
    layer: number,
    options: MergeOptions & {
      readonly note: (note: ViewNote) => void;
      readonly countMade: (length: number) => void;
    },
  ) {
    this.#root = root;
    this.#layer = layer;
    this.#symlinkedParents = options.symlinkedParents ?? 'replace';
    this.#note = options.note;
    this.#countMade = options.countMade;
  }

  /** Whiteouts come first, wherever they stand in the tar: they hide lower layers only, not their own. */
  apply(facts: LayerFacts): void {
    for (const entry of facts.entries) {
      if (entry.kind === 'whiteout') this.#whiteout(entry.path);
      else if (entry.kind === 'opaque') this.#opaque(entry.path);
    }
    for (const [index, entry] of facts.entries.entries())
      if (entry.kind !== 'whiteout' && entry.kind !== 'opaque') this.#add(entry, index);
  }

  #whiteout(path: string): void {
    const [parentPath, name] = splitPath(path);
    const parent = this.#lowerDirectory(parentPath);
    if (parent !== undefined) remove(parent, name);
  }

  #opaque(path: string): void {
    const directory = this.#lowerDirectory(path);
    if (directory === undefined) return;
    for (const name of [...(directory.children?.keys() ?? [])]) remove(directory, name);
  }

  /** A directory of the layers below; `undefined` where there is none, so that nothing is to be hidden. */
  #lowerDirectory(path: string): Node | undefined {
    const { node, through } = walk(this.#root, this.#root, path, true);
    if (node === undefined || !isDirectory(node)) return undefined;
    if (through.length === 0) return node;
    // The layer's own directory of that name hides the link, and nothing of the link's target.
    return this.#symlinkedParents === 'follow' ? node : this.#parent(path, path);
  }

  #add(entry: LayerEntry, index: number): void {
    if (entry.path === '') {
      this.#addRoot(entry, index);
      return;
    }
    const [parentPath, name] = splitPath(entry.path);
    const parent = this.#parent(parentPath, entry.path);
    if (parent === undefined) return;
    if (entry.kind === 'hardlink') {
      this.#link(entry, parent, name);
      return;
    }
    const inode: Inode = { entry, layer: this.#layer, index, links: 1 };
    const existing = parent.children?.get(name);
    if (existing !== undefined && entry.kind === 'directory' && isDirectory(existing)) {
      existing.inode = inode;
      existing.layer = this.#layer;
    } else place(parent, name, inode, this.#layer);
  }

  #addRoot(entry: LayerEntry, index: number): void {
    if (entry.kind !== 'directory') {
      this.#tell('bad-root', '', `the root is to be a ${entry.kind}`);
      return;
    }
    this.#root.inode = { entry, layer: this.#layer, index, links: 1 };
    this.#root.layer = this.#layer;
  }

  #link(entry: LayerEntry, parent: Node, name: string): void {
    // Links on the way to the target are followed, one at its end is linked itself (containerd, hardlinkRootPath).
    const { node } = walk(this.#root, this.#root, entry.linkName ?? '', false);
    if (node === undefined || isDirectory(node)) {
      this.#tell(
        'hardlink-target-missing',
        entry.path,
        `the hard link's target ${entry.linkName} is not there`,
      );
      return;
    }
    if (parent.children?.get(name)?.inode === node.inode) {
      const same = parent.children.get(name);
      if (same !== undefined) same.layer = this.#layer;
      return;
    }
    const { inode } = node;
    place(parent, name, inode, this.#layer);
    inode.links++;
  }

  /** The directory an entry goes to, made where it's missing; `undefined`, with a note, where there can be none. */
  #parent(path: string, forPath: string): Node | undefined {
    let at = this.#root;
    const todo = partsOf(path).reverse();
    let links = 0;
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (name === '..') {
        at = at.parent ?? this.#root;
        continue;
      }
      const child = at.children?.get(name);
      if (child?.inode.entry.kind === 'symlink' && ++links <= 40 && this.#follows(child, forPath)) {
        const target = child.inode.entry.linkName ?? '';
        if (target.startsWith('/')) at = this.#root;
        todo.push(...partsOf(target).reverse());
        continue;
      }
      const next = child !== undefined && isDirectory(child) ? child : this.#make(at, name, child, forPath);
      if (next === undefined) return undefined;
      at = next;
    }
    return at;
  }

  #follows(link: Node, forPath: string): boolean {
    if (link.layer === this.#layer) return true;
    const target = link.inode.entry.linkName;
    this.#tell(
      'through-lower-symlink',
      forPath,
      `the path leads through ${link.path}, a symbolic link to ${target} in layer ${link.layer}: engines disagree whether the link is followed or replaced by a directory`,
    );
    return this.#symlinkedParents === 'follow';
  }

  /** A directory for a path whose parents the tar doesn't name, or that lower layers have as something else. */
  #make(parent: Node, name: string, existing: Node | undefined, forPath: string): Node | undefined {
    if (existing !== undefined && existing.layer === this.#layer) {
      this.#tell('parent-not-directory', forPath, `${existing.path} is a ${existing.inode.entry.kind}`);
      return undefined;
    }
    const path = pathIn(parent, name);
    this.#countMade(path.length);
    return place(parent, name, madeUpDirectory(path, this.#layer), this.#layer);
  }

  #tell(kind: ViewNote['kind'], path: string, text: string): void {
    this.#note({ kind, path, layer: this.#layer, text });
  }
}
