import type { EntryKind, LayerEntry, LayerFacts } from '../../../layer/index.ts';
import type { AccountRecord } from '../../account.ts';
import { entryPath, type LayerPlan, type PathPlan } from '../../plan-types.ts';
import type { SourceEntry } from './source-layer.ts';
import {
  baseLayer,
  type Descent,
  directoryEntry,
  type Inode,
  isDirectory,
  joinPath,
  ownNodes,
  pathOf,
  splitPath,
  type TreeNode,
} from './tree.ts';
import type { Body, Emission, Workspace, Written } from './types.ts';

/** Where an entry goes. */
export interface Place {
  readonly parent: TreeNode;
  readonly name: string;
  /** As it's written: the wanted path, or behind the links of the base on the way. */
  readonly path: string;
  /** The source's path, or for people what else it comes from. */
  readonly from: string;
  /** What is there so far. */
  readonly existing: TreeNode | undefined;
  /** Directories to be named before. */
  readonly before: readonly Written[];
}

/** Whether a path may go somewhere is judged by what it did in the source. */
export type Claim = Pick<SourceEntry, 'before' | 'madeRoom'>;

interface Hidden {
  readonly path: string;
  readonly why: string;
  readonly directories: 'too' | 'never';
}

const none: readonly Written[] = [];
/** Shared, since most entries of most layers are kept. */
const passed: Emission = { before: none, what: 'pass' };
const skipped: Emission = { before: none, what: 'skip' };

type OpenDescent = Extract<Descent, { ok: true }>;

/** One layer while it's laid out: what becomes of each entry, what is added, and the account of it. */
export class Draft {
  readonly space: Workspace;
  readonly index: number;
  readonly facts: LayerFacts;
  readonly plan: LayerPlan;
  readonly emissions: Emission[];
  readonly tail: Written[] = [];
  readonly #hidden: Hidden[] = [];
  readonly #records: (AccountRecord | undefined)[];
  readonly #tailRecords: AccountRecord[] = [];
  /** Directories that the layer names itself, where they were, under a new name, or added. */
  readonly #named = new Set<string>();
  /** Those of them that are written by now, or stay where they were. */
  readonly #written = new Set<string>();
  /** Source paths of what this layer put elsewhere: two of a layer must not come to one place. */
  readonly #cameFrom = new Map<TreeNode, string>();

  constructor(space: Workspace, facts: LayerFacts, at: { readonly index: number; readonly plan: LayerPlan }) {
    this.space = space;
    this.index = at.index;
    this.facts = facts;
    this.plan = at.plan;
    this.emissions = facts.entries.map(() => skipped);
    this.#records = facts.entries.map(() => undefined);
    for (const entry of facts.entries) {
      if (entry.kind !== 'directory') continue;
      const item = this.itemOf(entry);
      if (item?.action === 'drop') continue;
      const to = item?.action === 'rename' ? item.to : entry.path;
      this.#named.add(to);
      if (to === entry.path) this.#written.add(to);
    }
    for (const { kind, path } of at.plan.added ?? []) if (kind === 'directory') this.#named.add(path);
  }

  /**
   * Is a directory that comes to a path the first that the layer names there? Another one is not written: some engines
   * take no layer that names a path twice.
   */
  isFirst(path: string): boolean {
    const isFirst = !this.#written.has(path);
    this.#written.add(path);
    return isFirst;
  }

  itemOf(entry: LayerEntry): PathPlan | undefined {
    return this.plan.paths.get(entryPath(entry));
  }

  refuse(path: string, text: string): undefined {
    this.space.refused.add({ layer: this.index, path, text });
  }

  record(entryIndex: number, record: Omit<AccountRecord, 'layer' | 'path' | 'kind'>): void {
    const entry = this.facts.entries[entryIndex];
    if (entry === undefined) return;
    this.#records[entryIndex] = {
      layer: this.index,
      path: entryPath(entry),
      kind: entry.kind,
      ...record,
    };
  }

  recordAdded(record: Omit<AccountRecord, 'layer' | 'outcome'>): void {
    this.#tailRecords.push({ layer: this.index, outcome: 'added', ...record });
  }

  /** In the order of the entries, and then what was added. */
  get records(): AccountRecord[] {
    return [...this.#records.filter((record) => record !== undefined), ...this.#tailRecords];
  }

  emit(entryIndex: number, what: Emission['what'], before: readonly Written[] = none): void {
    this.emissions[entryIndex] = what === 'pass' && before.length === 0 ? passed : { before, what };
  }

  /** A path that must not show what lower layers have there, unless this layer gives it itself in the end. */
  hideLater(path: string, why: string, directories: 'too' | 'never' = 'never'): void {
    this.#hidden.push({ path, why, directories });
  }

  /**
   * Writes the markers for what is to be hidden. To be called when all entries have their place. A directory hides what is in
   * it: buildah takes no layer that has markers below a directory and one for the directory itself.
   */
  hideAll(): void {
    for (const { path, why, directories } of this.#outermostFirst()) {
      const node = this.space.built.find(path, this.index)?.node;
      if (node === undefined || node.parent === undefined || node.layer === this.index) continue;
      if (isDirectory(node) && (directories === 'never' || this.#holdsOwn(node))) {
        this.refuse(path, `it is to be hidden, but there is a directory at /${pathOf(node)}`);
        continue;
      }
      this.#writeMarker(pathOf(node), why);
      this.space.built.remove(node);
    }
  }

  #outermostFirst(): readonly Hidden[] {
    return this.#hidden
      .flatMap((hidden) => {
        const node = this.space.built.find(hidden.path, this.index)?.node;
        return node === undefined ? [] : [{ hidden, depth: pathOf(node).split('/').length }];
      })
      .sort((left, right) => left.depth - right.depth)
      .map(({ hidden }) => hidden);
  }

  #holdsOwn(node: TreeNode): boolean {
    for (const { layer } of ownNodes(node)) if (layer === this.index) return true;
    return false;
  }

  #writeMarker(path: string, why: string): void {
    const { created: mtime } = this.space.input;
    const entry: LayerEntry = { path, kind: 'whiteout', mode: 0, uid: 0, gid: 0, size: 0, mtime };
    this.tail.push({ entry, body: 'none' });
    this.recordAdded({ path: entryPath(entry), kind: 'whiteout', why });
  }

  addToTail(entry: LayerEntry, body: Body, before: readonly Written[]): void {
    this.tail.push(...before, { entry, body });
  }

  /**
   * Finds where `wanted` is in the new image, through the links of its base, and makes the directories on the way.
   * `from` is the source's path, `undefined` for what is added. `undefined`, with a refusal, where it can't go there.
   */
  locate(
    wanted: string,
    kind: EntryKind,
    source: { readonly from: string | undefined; readonly claim: Claim | undefined },
  ): Place | undefined {
    const { built } = this.space;
    const [parentPath, name] = splitPath(wanted);
    const shown = source.from ?? wanted;
    const descent = built.descend(parentPath, this.index);
    if (!descent.ok) return this.refuse(shown, `its place /${wanted} can't be used: ${descent.text}`);
    const { inTheWay } = descent;
    if (inTheWay?.layer === baseLayer && source.claim?.madeRoom !== true)
      return this.refuse(
        shown,
        `the new base has a ${inTheWay.inode.entry.kind} at /${pathOf(inTheWay)}, where a directory is needed`,
      );
    const before = this.#makeParents(descent, source.from === wanted ? 'as-in-source' : 'new');
    const start = before.parent;
    const path = descent.throughBase ? joinPath(pathOf(start), name) : wanted;
    const existing = built.child(start, name);
    if (!this.#mayReplace(existing, { kind, shown, claim: source.claim })) return undefined;
    const from = source.from ?? `${wanted} (added)`;
    if (!this.#isFree(existing, from, kind)) return undefined;
    return { parent: start, name, path, from, existing, before: before.written };
  }

  /** Puts what is written into the new image's tree. */
  place({ parent, name, from, path }: Place, inode: Inode): TreeNode {
    const node = this.space.built.place(parent, name, inode, this.index);
    if (from !== path) this.#cameFrom.set(node, from);
    return node;
  }

  inodeOf(entry: LayerEntry): Inode {
    return { entry, layer: this.index, index: -1 };
  }

  /**
   * Missing directories are named where engines wouldn't make them as they were: in the source their mode or owner came
   * from the old base, or they are new.
   */
  #makeParents(
    descent: OpenDescent,
    origin: 'as-in-source' | 'new',
  ): { readonly parent: TreeNode; readonly written: readonly Written[] } {
    const { built, oldBase, input } = this.space;
    if (descent.missing.length === 0) return { parent: descent.at, written: none };
    const parent = built.makeDirectories(descent, this.index);
    const chain: TreeNode[] = [];
    for (let at = parent; at !== descent.at && at.parent !== undefined; at = at.parent) chain.push(at);
    const written: Written[] = [];
    for (const node of chain.reverse()) {
      const path = pathOf(node);
      if (this.#named.has(path)) continue;
      const known = oldBase.lookup(path);
      const isKnown = known?.entry.kind === 'directory' && !known.implicit;
      if (origin === 'as-in-source' && (!isKnown || isAsMade(known.entry))) continue;
      const entry = isKnown ? { ...known.entry, path } : directoryEntry(path, input.created);
      node.inode = this.inodeOf(entry);
      written.push({ entry, body: 'none' });
      const why = isKnown
        ? 'a directory of the old base, which the new one lacks'
        : 'a directory for new paths';
      this.recordAdded({ path, kind: 'directory', why });
    }
    return { parent, written };
  }

  /** A file over a directory of the new base, or the reverse, is right only where the source did the same. */
  #mayReplace(
    existing: TreeNode | undefined,
    {
      kind,
      shown,
      claim,
    }: { readonly kind: EntryKind; readonly shown: string; readonly claim: Claim | undefined },
  ): boolean {
    if (existing === undefined || existing.layer !== baseLayer) return true;
    const there = existing.inode.entry.kind;
    const isSwap = (there === 'directory') !== (kind === 'directory');
    // A directory over a link goes where the link leads, which is decided elsewhere.
    if (!isSwap || there === 'symlink') return true;
    const before = claim?.before;
    if (before !== undefined && (before === 'directory') === (there === 'directory')) return true;
    this.refuse(shown, `it is a ${kind}, but the new base has a ${there} at /${pathOf(existing)}`);
    return false;
  }

  #isFree(existing: TreeNode | undefined, from: string, kind: EntryKind): boolean {
    if (existing === undefined || existing.layer !== this.index) return true;
    if (isDirectory(existing) && kind === 'directory') return true;
    const path = pathOf(existing);
    const other = this.#cameFrom.get(existing) ?? path;
    if (other === from) return true;
    this.refuse(from, `it would come to /${path}, where /${other} of the same layer goes too`);
    return false;
  }
}

/** As engines make directories that no entry names. */
function isAsMade({ mode, uid, gid, xattrs }: LayerEntry): boolean {
  return mode === 0o755 && uid === 0 && gid === 0 && Object.keys(xattrs ?? {}).length === 0;
}
