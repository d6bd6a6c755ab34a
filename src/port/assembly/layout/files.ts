import type { LayerEntry } from '../../../layer/index.ts';
import type { PathPlan, Replacement } from '../../plan-types.ts';
import { attributesText } from '../attributes.ts';
import type { Draft, Place } from './draft.ts';
import { keyOf, replacedEntry, replacementFor } from './replacements.ts';
import type { SourceEntry } from './source-layer.ts';
import { baseLayer, type Inode, pathOf, type TreeNode } from './tree.ts';
import type { Body, Placement, Written } from './types.ts';

/** A name of a file in the layer, and the plan for it. */
interface Name {
  readonly index: number;
  readonly entry: LayerEntry;
  readonly item: PathPlan;
  readonly source: SourceEntry;
  /** What the plan puts in its own place; `undefined` where it follows the other names. */
  readonly own: Replacement | undefined;
}

/** Lays out everything that is no directory and no marker, the names of one file together. */
export class Files {
  readonly #draft: Draft;
  readonly #names: readonly (Name | undefined)[];
  /** What all names of a file get that have nothing of their own. */
  readonly #shared = new Map<Inode, Replacement>();

  constructor(draft: Draft, sources: readonly (SourceEntry | undefined)[]) {
    this.#draft = draft;
    this.#names = draft.facts.entries.map((entry, index) => this.#name(entry, index, sources[index]));
    this.#shareContents();
  }

  /** To be called for each entry, in order. */
  layOut(index: number): void {
    const name = this.#names[index];
    if (name === undefined) return;
    const { item, source, own } = name;
    const content = own ?? this.#shared.get(source.inode);
    const wanted = 'to' in item && item.to !== undefined ? item.to : name.entry.path;
    const kind = content?.kind ?? source.inode.entry.kind;
    const place = this.#draft.locate(wanted, kind, { from: name.entry.path, claim: source });
    if (place === undefined) return;
    this.#write(name, place, content);
    if (wanted !== name.entry.path)
      this.#draft.hideLater(name.entry.path, `what was here is now at /${wanted}`);
  }

  #name(entry: LayerEntry, index: number, source: SourceEntry | undefined): Name | undefined {
    const draft = this.#draft;
    if (entry.kind === 'directory' || entry.kind === 'whiteout' || entry.kind === 'opaque') return undefined;
    const item = draft.itemOf(entry);
    if (item === undefined) return undefined;
    if (item.action === 'drop') {
      draft.record(index, { outcome: 'dropped', why: item.why });
      if (item.below !== 'shows') draft.hideLater(entry.path, `dropped: ${item.why}`);
      return undefined;
    }
    if (source === undefined) {
      const reason =
        entry.kind === 'hardlink'
          ? `/${entry.linkName} is no file`
          : 'its path leads through what is no directory, or out of the root';
      return draft.refuse(entry.path, `it can't be unpacked from the source layer: ${reason}`);
    }
    const own = replacementFor(draft, entry, { item, inode: source.inode });
    return own === 'refused' ? undefined : { index, entry, item, source, own };
  }

  #shareContents(): void {
    const contents = new Map<Inode, Map<string, Replacement>>();
    for (const name of this.#names) {
      if (name?.own === undefined || name.source.inode.layer !== this.#draft.index) continue;
      const known = contents.get(name.source.inode) ?? new Map();
      contents.set(name.source.inode, known.set(keyOf(name.own), name.own));
    }
    for (const name of this.#names) {
      const known = name && contents.get(name.source.inode);
      if (name === undefined || known === undefined || name.own !== undefined) continue;
      const [first] = known.values();
      if (known.size === 1 && first !== undefined) this.#shared.set(name.source.inode, first);
      else
        this.#draft.refuse(
          name.entry.path,
          'it is a name of a file whose other names get different contents, and the plan has none for it',
        );
    }
  }

  #write(name: Name, place: Place, content: Replacement | undefined): void {
    const { inode } = name.source;
    const placement = this.#placement(inode, keyOf(content));
    if (placement !== undefined && placement.inode.layer === this.#draft.index) {
      this.#link(name, place, { placement, content });
    } else if (content !== undefined) this.#writeContent(name, place, content);
    else if (inode.layer === this.#draft.index) this.#writeOwn(name, place);
    else if (inode.layer === baseLayer) this.#linkToBase(name, place);
    else this.#linkToLower(name, place, placement);
  }

  /** The first name of the file with the source's content, or one that takes the place of a dropped first. */
  #writeOwn(name: Name, place: Place): void {
    const { entry, source } = name;
    const { inode } = source;
    if (entry.kind !== 'hardlink') {
      const isSame = place.path === entry.path;
      const moved = isSame ? entry : { ...entry, path: place.path };
      const what: Written | 'pass' = isSame ? 'pass' : { entry: moved, body: bodyOf(entry) };
      if (!isSame && entry.kind === 'file' && entry.sha256 === undefined) {
        this.#draft.refuse(entry.path, 'it would move, but its content was too large to be read');
        return;
      }
      this.#finish(name, place, { what, inode: this.#draft.inodeOf(moved) });
      return;
    }
    const promoted = { ...inode.entry, path: place.path };
    const isDropped = this.#draft.emissions[inode.index]?.what === 'skip';
    if (!isDropped || (promoted.kind === 'file' && promoted.sha256 === undefined)) {
      this.#draft.refuse(entry.path, 'the file it is a hard link to is no longer at its place');
      return;
    }
    if (promoted.kind === 'file') this.#draft.emit(inode.index, 'spool');
    const body: Body = promoted.kind === 'file' ? { slot: inode.index } : 'none';
    this.#finish(name, place, {
      what: { entry: promoted, body },
      inode: this.#draft.inodeOf(promoted),
      why: 'it holds the content now, since the first name of the file was dropped',
    });
  }

  #writeContent(name: Name, place: Place, content: Replacement): void {
    const { item, source } = name;
    const mtime = item.action === 'replace' ? item.mtime : undefined;
    const entry = replacedEntry(source.inode.entry, content, { path: place.path, mtime });
    const what = { entry, body: content.kind === 'file' ? content : ('none' as const) };
    this.#finish(name, place, { what, inode: this.#draft.inodeOf(entry), content });
  }

  #link(
    name: Name,
    place: Place,
    to: { readonly placement: Placement; readonly content: Replacement | undefined },
  ): void {
    const { built } = this.#draft.space;
    const { placement, content } = to;
    const { entry } = name;
    const target =
      entry.kind === 'hardlink' ? built.find(entry.linkName ?? '', this.#draft.index) : undefined;
    const isSame = place.path === entry.path && target?.node.inode === placement.inode && !target.throughBase;
    const [live] = placement.nodes;
    if (live === undefined) return;
    const link = linkEntry(placement.inode.entry, { path: place.path, linkName: pathOf(live) });
    this.#finish(name, place, {
      what: isSame ? 'pass' : { entry: link, body: 'none' },
      inode: placement.inode,
      content,
    });
  }

  /** A link to a file of the old base is as good as before only where the new base has the very same file. */
  #linkToBase(name: Name, place: Place): void {
    const { entry, source } = name;
    const target = this.#draft.space.built.find(entry.linkName ?? '', this.#draft.index);
    const there = target?.node.inode;
    if (target === undefined || there?.layer !== baseLayer || !isSameFile(there.entry, source.inode.entry)) {
      this.#draft.refuse(
        entry.path,
        `it is a hard link to /${entry.linkName} of the old base, which the new base does not have just so`,
      );
      return;
    }
    const isSame = place.path === entry.path && !target.throughBase;
    const link = linkEntry(there.entry, { path: place.path, linkName: pathOf(target.node) });
    this.#finish(name, place, { what: isSame ? 'pass' : { entry: link, body: 'none' }, inode: there });
  }

  #linkToLower(name: Name, place: Place, placement: Placement | undefined): void {
    const { entry, source } = name;
    if (placement !== undefined) {
      this.#link(name, place, { placement, content: undefined });
      return;
    }
    const others = this.#draft.space.placements.get(source.inode) ?? [];
    const [only] = others;
    if (only?.replacement !== undefined && others.length === 1) {
      this.#writeContent(name, place, only.replacement);
      return;
    }
    this.#draft.refuse(
      entry.path,
      `it is a hard link to /${entry.linkName} of a lower layer, which is no longer there`,
    );
  }

  /** Where this content of a file is, by a name that is still there. */
  #placement(inode: Inode, key: string): Placement | undefined {
    const known = this.#draft.space.placements.get(inode);
    const placement = known?.find(({ replacement }) => keyOf(replacement) === key);
    if (placement === undefined) return undefined;
    // What is gone stays gone, and is not to be asked again.
    const first = placement.nodes.findIndex(isLive);
    placement.nodes.splice(0, first < 0 ? placement.nodes.length : first);
    return first < 0 ? undefined : placement;
  }

  #finish(
    name: Name,
    place: Place,
    done: {
      readonly what: Written | 'pass';
      readonly inode: Inode;
      readonly content?: Replacement | undefined;
      readonly why?: string;
    },
  ): void {
    const { index, entry, item, source, own } = name;
    const { content, inode } = done;
    const node = this.#draft.place(place, inode);
    this.#register(source.inode, { inode, nodes: [node], replacement: content });
    const { moved } = this.#draft.space;
    if (place.path === entry.path) moved.delete(source.node);
    else moved.set(source.node, place.path);
    this.#draft.emit(index, done.what, place.before);
    const follows = content !== undefined && own === undefined;
    const sha256 = inode.entry.kind === 'file' ? inode.entry.sha256 : undefined;
    this.#draft.record(index, {
      outcome: content !== undefined ? 'replaced' : place.path === entry.path ? 'kept' : 'mapped',
      ...(place.path !== entry.path && { to: place.path }),
      ...(sha256 !== undefined && { sha256 }),
      ...(content !== undefined && { origin: content.origin }),
      ...(content?.kind === 'symlink' && { linkName: content.linkName }),
      why: follows ? 'another name of a file that was replaced' : (done.why ?? item.why),
    });
  }

  #register(source: Inode, placement: Placement): void {
    const { placements } = this.#draft.space;
    const known = placements.get(source);
    if (known === undefined) {
      placements.set(source, [placement]);
      return;
    }
    const key = keyOf(placement.replacement);
    const before = known.findIndex(({ replacement }) => keyOf(replacement) === key);
    if (known[before]?.inode === placement.inode) known[before].nodes.push(...placement.nodes);
    else if (before >= 0) known[before] = placement;
    else known.push(placement);
  }
}

function bodyOf(entry: LayerEntry): Body {
  return entry.kind === 'file' ? 'own' : 'none';
}

function linkEntry(file: LayerEntry, link: { readonly path: string; readonly linkName: string }): LayerEntry {
  const { mode, uid, gid, mtime } = file;
  return { kind: 'hardlink', mode, uid, gid, size: 0, mtime, ...link };
}

function isSameFile(left: LayerEntry, right: LayerEntry): boolean {
  const facts = (entry: LayerEntry): string => {
    const { kind, mode, uid, gid, sha256, linkName, device } = entry;
    return JSON.stringify([kind, mode, uid, gid, sha256, linkName, device, attributesText(entry)]);
  };
  const isRead = left.kind !== 'file' || left.sha256 !== undefined;
  return isRead && facts(left) === facts(right);
}

/** False for a name that was hidden or replaced since. */
function isLive(node: TreeNode): boolean {
  for (let at = node; at.parent !== undefined; at = at.parent)
    if (at.parent.children?.get(at.name) !== at) return false;
  return true;
}
