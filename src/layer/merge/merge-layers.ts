import type { Digest } from '../../oci/index.ts';
import { LayerError } from '../errors.ts';
import type { LayerFacts } from '../facts/types.ts';
import { LayerApplication } from './apply.ts';
import { isDirectory, madeUpDirectory, type Node } from './tree.ts';
import type { MergedView, MergeOptions, Resolution, ViewEntry, ViewNote } from './types.ts';
import { walk } from './walk.ts';

const maxNotes = 1000;
/** Of all layers together. */
const maxEntries = 2_000_000;
/** Characters in the paths of directories that no entry names: they cost memory and no byte of the layer. */
const maxMadeUp = 64 * 1024 ** 2;

/**
 * The view of an image whose layers, lowest first, these are: whiteouts and opaque directories applied, later entries
 * over earlier ones, hard links joined.
 * @throws LayerError `LAYER_LIMIT` for more entries, or made-up directories, than an image has in good faith.
 */
export function mergeLayers(layers: readonly LayerFacts[], options: MergeOptions = {}): MergedView {
  const root: Node = {
    name: '',
    parent: undefined,
    path: '',
    inode: madeUpDirectory('', 0),
    layer: 0,
    children: undefined,
  };
  const notes: ViewNote[] = [];
  const note = (added: ViewNote) => {
    if (notes.length < maxNotes) notes.push(added);
  };
  let entries = 0;
  const countMade = budgetOf(maxMadeUp, 'characters in paths of directories that no entry names');
  for (const { entries: own } of layers) {
    entries += own.length;
    if (entries > maxEntries)
      throw new LayerError('LAYER_LIMIT', `the image's layers have more than ${maxEntries} entries together`);
  }
  for (const [index, facts] of layers.entries())
    new LayerApplication(root, index, { ...options, note, countMade }).apply(facts);
  return new View(layers, root, notes);
}

class View implements MergedView {
  readonly layers: readonly LayerFacts[];
  readonly notes: readonly ViewNote[];
  readonly #root: Node;
  /** All paths in order; made when first asked for, since an audit goes over them again and again. */
  #all: readonly ViewEntry[] | undefined;
  /** Paths of files with several links, by inode; made when first asked for. */
  #groups: Map<unknown, string[]> | undefined;

  constructor(layers: readonly LayerFacts[], root: Node, notes: readonly ViewNote[]) {
    this.layers = layers;
    this.notes = notes;
    this.#root = root;
  }

  get size(): number {
    return this.#entries().length;
  }

  lookup(path: string): ViewEntry | undefined {
    const node = this.#node(path);
    return node && viewOf(node);
  }

  resolve(path: string, options: { readonly followLast?: boolean; readonly from?: string } = {}): Resolution {
    const from = options.from === undefined ? this.#root : this.#node(options.from);
    if (from === undefined) return { found: false, reason: 'missing', path: options.from ?? '', through: [] };
    const walked = walk(this.#root, from, path, options.followLast ?? true);
    const through = walked.through.map(viewOf);
    if (walked.node !== undefined) return { found: true, entry: viewOf(walked.node), through };
    const base = walked.at.path;
    const end = [...(base === '' ? [] : [base]), ...walked.rest].join('/');
    return { found: false, reason: walked.reason, path: end, through };
  }

  list(path: string): readonly ViewEntry[] {
    const node = this.#node(path);
    return node === undefined ? [] : sorted(node).map(viewOf);
  }

  entries(): IterableIterator<ViewEntry> {
    return this.#entries().values();
  }

  links(path: string): readonly string[] {
    const node = this.#node(path);
    if (node === undefined) return [];
    if (isDirectory(node) || node.inode.links < 2) return [node.path];
    this.#groups ??= this.#group();
    return this.#groups.get(node.inode) ?? [];
  }

  content(view: ViewEntry): Uint8Array | undefined {
    const facts = this.layers[view.contentLayer];
    const index = this.#node(view.path)?.inode.index ?? -1;
    return facts?.entries[index] === view.entry ? facts.contents.get(index) : undefined;
  }

  diffId(view: ViewEntry): Digest | undefined {
    return this.layers[view.layer]?.diffId;
  }

  #node(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const part of path.split('/')) {
      if (part !== '' && part !== '.') node = node?.children?.get(part);
    }
    return node;
  }

  #entries(): readonly ViewEntry[] {
    this.#all ??= Array.from(this.#nodes(), viewOf);
    return this.#all;
  }

  *#nodes(): Generator<Node, undefined, undefined> {
    const todo: Node[] = [];
    const push = (children: readonly Node[]) => {
      for (let index = children.length - 1; index >= 0; index--) todo.push(children[index] as Node);
    };
    push(sorted(this.#root));
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      yield node;
      push(sorted(node));
    }
    return undefined;
  }

  #group(): Map<unknown, string[]> {
    const groups = new Map<unknown, string[]>();
    for (const node of this.#nodes()) {
      if (node.inode.links < 2 || isDirectory(node)) continue;
      const group = groups.get(node.inode);
      if (group === undefined) groups.set(node.inode, [node.path]);
      else group.push(node.path);
    }
    return groups;
  }
}

function sorted(node: Node): readonly Node[] {
  if (node.children === undefined) return [];
  node.ordered ??= [...node.children.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return node.ordered;
}

function viewOf(node: Node): ViewEntry {
  const { inode, path, layer } = node;
  node.view ??= {
    path,
    entry: inode.entry,
    layer,
    contentLayer: inode.layer,
    implicit: inode.index < 0,
  };
  return node.view;
}

function budgetOf(limit: number, what: string): (count: number) => void {
  let left = limit;
  return (count) => {
    left -= count;
    if (left < 0) throw new LayerError('LAYER_LIMIT', `the image has more than ${limit} ${what}`);
  };
}
