import type { LayerEntry, LayerFacts, MergedView, ViewEntry } from '../../layer/index.ts';

/**
 * Where the entries of layers are in the image that a container sees. Not by path alone: a path may lead through a link of
 * its own layer, stand in the layer twice, or be gone while a hard link keeps its content.
 */
export class Places {
  readonly #view: MergedView;
  readonly #seen: ReadonlyMap<LayerEntry, readonly ViewEntry[]>;
  readonly #links = new Map<LayerFacts, ReadonlySet<string>>();

  constructor(view: MergedView) {
    this.#view = view;
    const seen = new Map<LayerEntry, ViewEntry[]>();
    for (const there of view.entries()) {
      const known = seen.get(there.entry);
      if (known === undefined) seen.set(there.entry, [there]);
      else known.push(there);
    }
    this.#seen = seen;
  }

  /** The path that an entry of a layer gives; `undefined` where something hides it. */
  of(entry: LayerEntry, layer: number): string | undefined {
    const there = this.#view.lookup(entry.path);
    if (there?.layer === layer && this.#isGivenBy(there, entry)) return entry.path;
    if (!this.#leadsThroughOwnLink(entry.path, layer)) return undefined;
    const end = this.#view.resolve(entry.path, { followLast: false });
    if (end.found && end.entry.layer === layer && this.#isGivenBy(end.entry, entry)) return end.entry.path;
    // The link is another one now; what came through it is still where it led.
    return this.namesOf(entry).find((name) => this.#view.lookup(name)?.layer === layer);
  }

  /** Paths at which the entry itself, or its content under another name, is to be seen. */
  namesOf(entry: LayerEntry): readonly string[] {
    return (this.#seen.get(entry) ?? []).map(({ path }) => path);
  }

  #isGivenBy(there: ViewEntry, entry: LayerEntry): boolean {
    return entry.kind === 'hardlink' || there.entry === entry;
  }

  #leadsThroughOwnLink(path: string, layer: number): boolean {
    const facts = this.#view.layers[layer];
    if (facts === undefined) return false;
    const links = this.#links.get(facts) ?? linksIn(facts);
    this.#links.set(facts, links);
    if (links.size === 0) return false;
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      if (links.has(path.slice(0, at))) return true;
    return false;
  }
}

function linksIn({ entries }: LayerFacts): ReadonlySet<string> {
  return new Set(entries.filter(({ kind }) => kind === 'symlink').map(({ path }) => path));
}
