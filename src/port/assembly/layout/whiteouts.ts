import type { LayerEntry } from '../../../layer/index.ts';
import { entryPath, type PathPlan } from '../../plan-types.ts';
import type { Draft } from './draft.ts';
import { baseLayer, isDirectory, ownNodes, pathOf, splitPath, type TreeNode } from './tree.ts';

/** What a marker hides in the new image. */
interface Target {
  readonly node: TreeNode;
  readonly path: string;
}

/**
 * Decides the whiteouts and opaque markers of a layer against what is below it in the new image, and applies them there
 * (image-spec layer.md, "Whiteouts"). To be called before the layer is applied to the source's tree.
 */
export class Whiteouts {
  readonly #draft: Draft;
  /** Translated ones, by entry: not written where the layer itself puts a file there. */
  readonly #translated = new Map<number, Target>();
  readonly #seen = new Set<TreeNode>();
  readonly #oldNames = new Map<string, boolean>();
  readonly #removed: { readonly node: TreeNode; readonly kind: LayerEntry['kind'] }[] = [];

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  decide(): void {
    const { facts, space } = this.#draft;
    for (const [index, entry] of facts.entries.entries()) {
      const item = this.#draft.itemOf(entry);
      if (item === undefined) continue;
      if (entry.kind === 'whiteout') this.#marker(index, entry, item);
      else if (entry.kind === 'opaque') this.#marker(index, entry, item);
    }
    // Only now: each is decided on what lower layers have.
    for (const { node, kind } of this.#removed)
      if (kind === 'opaque') space.built.clear(node);
      else space.built.remove(node);
  }

  /** To be called when the layer is laid out. Engines differ on a marker beside a file of the same layer and name. */
  settle(): void {
    for (const [index, { path }] of this.#translated) {
      const there = this.#draft.space.built.find(path, this.#draft.index)?.node;
      if (there === undefined || there.layer !== this.#draft.index || isDirectory(there)) continue;
      this.#draft.emit(index, 'skip');
    }
  }

  #marker(index: number, entry: LayerEntry, item: PathPlan): void {
    const draft = this.#draft;
    if (item.action === 'drop') {
      draft.record(index, { outcome: 'dropped', why: item.why });
      return;
    }
    if (item.action === 'replace' || item.action === 'copy-up') {
      draft.refuse(entry.path, `a ${entry.kind} marker has no content to ${item.action}`);
      return;
    }
    if (this.#leadsThroughOwnLink(entry.path)) {
      // Engines disagree there; they are to do with the port what they do with the source.
      draft.emit(index, 'pass');
      draft.record(index, { outcome: 'kept', why: item.why });
      return;
    }
    const wanted = item.action === 'rename' ? item.to : undefined;
    const target = this.#target(entry, wanted);
    if (target === 'refused') return;
    if (wanted === undefined) this.#hideCounterpart(entry, target);
    if (target !== undefined) this.#emit(index, entry, { target, item });
    else
      draft.record(index, {
        outcome: 'dropped',
        why: 'nothing of that name is below this layer any more, so there is nothing to hide',
      });
    this.#hideMoved(entry, target);
  }

  #emit(
    index: number,
    entry: LayerEntry,
    { target, item }: { readonly target: Target; readonly item: PathPlan },
  ): void {
    const draft = this.#draft;
    this.#removed.push({ node: target.node, kind: entry.kind });
    if (target.path === entry.path) {
      draft.emit(index, 'pass');
      draft.record(index, { outcome: 'kept', why: item.why });
      return;
    }
    if (entry.kind === 'whiteout') this.#translated.set(index, target);
    draft.emit(index, { entry: { ...entry, path: target.path }, body: 'none' });
    draft.record(index, {
      outcome: 'mapped',
      to: target.path,
      why: item.action === 'rename' ? item.why : 'what it hides has this path in the new image',
    });
  }

  /** `undefined` where there is nothing to hide; `refused` where what was deleted would come back. */
  #target(entry: LayerEntry, wanted: string | undefined): Target | 'refused' | undefined {
    const { space, index } = this.#draft;
    const mapped = wanted ?? space.input.mapPath(entry.path);
    for (const path of wanted === undefined ? [entry.path, mapped] : [wanted]) {
      const found = path === undefined ? undefined : space.built.find(path, index);
      if (path === undefined || found === undefined) continue;
      const target = { node: found.node, path: found.throughBase ? pathOf(found.node) : path };
      return entry.kind === 'opaque' ? this.#opaque(entry, target) : target;
    }
    if (mapped === entry.path || this.#isMoved(entry) || !this.#wasInOldBase(entry)) return undefined;
    this.#draft.refuse(
      entry.path,
      mapped === undefined
        ? 'it hides a path of the old base that names an architecture, and no name is known for it on the new one: what was deleted would come back'
        : `it hides a path of the old base that names an architecture, and the new base has no /${mapped}: what was deleted may come back under another name`,
    );
    return 'refused';
  }

  /**
   * A lower layer may have put something of its own at the path, beside the new base's counterpart of what the old base
   * had there: the marker hides both.
   */
  #hideCounterpart(entry: LayerEntry, target: Target | undefined): void {
    const { space, index } = this.#draft;
    if (target === undefined || target.node.below !== undefined || target.node.layer === baseLayer) return;
    const mapped = space.input.mapPath(entry.path);
    if (mapped === undefined || mapped === entry.path || !this.#wasInOldBase(entry)) return;
    const there = space.built.find(mapped, index)?.node;
    if (there === undefined || there === target.node) return;
    const why = `/${entry.path} was deleted, and its counterpart is here`;
    const hidden = entry.kind === 'opaque' ? space.built.childrenOf(there) : [there];
    for (const node of hidden) this.#draft.hideLater(pathOf(node), why, 'too');
  }

  #opaque(entry: LayerEntry, target: Target): Target | 'refused' {
    const { node } = target;
    if (isDirectory(node) || node.layer !== baseLayer) return target;
    this.#draft.refuse(
      entry.path,
      `it replaces a directory and all that is in it, but the new base has a ${node.inode.entry.kind} there`,
    );
    return 'refused';
  }

  #isMoved(entry: LayerEntry): boolean {
    const { source, moved } = this.#draft.space;
    const node = source.find(entry.path, this.#draft.index)?.node;
    return node !== undefined && moved.has(node);
  }

  /** A layer may have the same marker any number of times. */
  #wasInOldBase(entry: LayerEntry): boolean {
    const name = entryPath(entry);
    const known = this.#oldNames.get(name) ?? this.#lookUpOldBase(entry);
    this.#oldNames.set(name, known);
    return known;
  }

  #lookUpOldBase(entry: LayerEntry): boolean {
    const { oldBase } = this.#draft.space;
    const known = oldBase.resolve(entry.path, { followLast: entry.kind === 'opaque' });
    if (!known.found) return false;
    return entry.kind === 'whiteout' || oldBase.list(known.entry.path).length > 0;
  }

  /** What lower layers of the image had under the hidden path, and have elsewhere now, is to be hidden there. */
  #hideMoved(entry: LayerEntry, target: Target | undefined): void {
    const { space, index } = this.#draft;
    const top = space.source.find(entry.path, index)?.node;
    if (top === undefined || space.moved.size === 0) return;
    const hidden = target === undefined ? undefined : pathOf(target.node);
    for (const node of ownNodes(top, this.#seen)) {
      const path = space.moved.get(node);
      if (path === undefined || (node === top && entry.kind === 'opaque')) continue;
      const there = space.built.find(path, index)?.node;
      if (there === undefined || isDirectory(there) || there.layer === baseLayer) continue;
      if (hidden !== undefined && `${pathOf(there)}/`.startsWith(`${hidden}/`)) continue;
      this.#draft.hideLater(pathOf(there), `/${entry.path} was deleted, and a part of it is here now`);
    }
  }

  #leadsThroughOwnLink(path: string): boolean {
    const descent = this.#draft.space.built.descend(splitPath(path)[0], this.#draft.index);
    return descent.ok && descent.inTheWay !== undefined && descent.inTheWay.layer !== baseLayer;
  }
}
