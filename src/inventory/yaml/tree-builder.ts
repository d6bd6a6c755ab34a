import type { YamlEntry, YamlNode, YamlScalar } from './nodes.ts';

/** Entries that merge keys may add to one document: far above any real file, far below a merge bomb. */
const maxMergedEntries = 100_000;

/** Why a document isn't taken, and where. `offset` counts from the start of the file's text. */
export class YamlRefusal extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

interface Frame {
  readonly node: { kind: 'mapping'; entries: YamlEntry[]; offset: number } | MutableSequence;
  readonly anchor: string | undefined;
  key: string | undefined;
  keyOffset: number;
  /** Merge keys met, in their order. */
  merged: YamlNode[] | undefined;
}

interface MutableSequence {
  kind: 'sequence';
  items: YamlNode[];
  offset: number;
}

/** What a parser says of a node besides its content. */
export interface NodeProperties {
  readonly anchor?: string | undefined;
  readonly tag?: string | undefined;
}

const none: NodeProperties = {};

/**
 * Builds trees from a parser's calls, one root a document. Both parsers drive this one builder, so that aliases,
 * merge keys and their bounds mean the same whichever of them read the text.
 */
export class TreeBuilder {
  readonly #stack: Frame[] = [];
  #anchors = new Map<string, YamlNode | 'open'>();
  #merged = 0;
  #root: YamlNode | undefined;

  /** Ends the document that was built and starts a fresh one. */
  takeRoot(): YamlNode | undefined {
    const root = this.#root;
    this.#root = undefined;
    this.#anchors = new Map();
    this.#merged = 0;
    return root;
  }

  scalar(value: string, plain: boolean, offset: number, properties: NodeProperties = none): void {
    const reset = properties.tag === '!reset';
    const node: YamlScalar = reset
      ? { kind: 'scalar', value: '', plain: true, offset, reset }
      : { kind: 'scalar', value, plain: plain && properties.tag === undefined, offset };
    if (properties.anchor !== undefined) this.#anchors.set(properties.anchor, node);
    this.#add(node);
  }

  open(kind: 'mapping' | 'sequence', offset: number, properties: NodeProperties = none): void {
    if (properties.anchor !== undefined) this.#anchors.set(properties.anchor, 'open');
    this.#stack.push({
      node: kind === 'mapping' ? { kind, entries: [], offset } : { kind, items: [], offset },
      anchor: properties.anchor,
      key: undefined,
      keyOffset: offset,
      merged: undefined,
    });
  }

  close(): void {
    const frame = this.#stack.pop();
    if (frame === undefined) return;
    if (frame.merged !== undefined && frame.node.kind === 'mapping') this.#merge(frame.node, frame.merged);
    if (frame.anchor !== undefined) this.#anchors.set(frame.anchor, frame.node);
    this.#add(frame.node);
  }

  alias(name: string, offset: number): void {
    const target = this.#anchors.get(name);
    if (target === undefined) throw new YamlRefusal(`the alias *${name} has no anchor before it`, offset);
    if (target === 'open') throw new YamlRefusal(`the alias *${name} stands inside its own anchor`, offset);
    this.#add(target);
  }

  #add(node: YamlNode): void {
    const frame = this.#stack.at(-1);
    if (frame === undefined) this.#root = node;
    else if (frame.node.kind === 'sequence') frame.node.items.push(node);
    else if (frame.key === undefined) {
      // A mapping or sequence as a key has no name that anybody asks for; its value is still walked.
      frame.key = node.kind === 'scalar' ? node.value : '';
      frame.keyOffset = node.offset;
    } else {
      if (frame.key === '<<') frame.merged = [...(frame.merged ?? []), node];
      else frame.node.entries.push({ key: frame.key, keyOffset: frame.keyOffset, value: node });
      frame.key = undefined;
    }
  }

  #merge(node: { entries: YamlEntry[]; offset: number }, merged: readonly YamlNode[]): void {
    const known = new Set(node.entries.map((entry) => entry.key));
    const sources = merged.flatMap((source) => (source.kind === 'sequence' ? source.items : [source]));
    for (const source of sources) {
      if (source.kind !== 'mapping') continue;
      this.#merged += source.entries.length;
      if (this.#merged > maxMergedEntries)
        throw new YamlRefusal(`its merge keys add more than ${maxMergedEntries} entries`, node.offset);
      const added = source.entries.filter((entry) => !known.has(entry.key));
      for (const entry of added) known.add(entry.key);
      node.entries = node.entries.concat(added);
    }
  }
}
