/**
 * A YAML document as a plain tree with offsets: what extractors walk, whichever parser read it. Aliases are resolved
 * to the node of their anchor, so that a position is where the text stands and the tree may share nodes (it is never
 * cyclic). Merge keys are resolved: own keys win, then the merged mappings in their order.
 */
export type YamlNode = YamlScalar | YamlMapping | YamlSequence;

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly value: string;
  /** Not quoted and not a block: `null`, `true` and numbers mean themselves. */
  readonly plain: boolean;
  /** Of the first character of the text, after an opening quote. */
  readonly offset: number;
  /** Compose's `!reset`: the value goes away instead of being merged. Such a scalar is null. */
  readonly reset?: boolean;
}

export interface YamlEntry {
  readonly key: string;
  readonly keyOffset: number;
  readonly value: YamlNode;
}

export interface YamlMapping {
  readonly kind: 'mapping';
  readonly entries: readonly YamlEntry[];
  readonly offset: number;
}

interface YamlSequence {
  readonly kind: 'sequence';
  readonly items: readonly YamlNode[];
  readonly offset: number;
}

/** The value under a key. With a key written twice the last one counts, as in the tools that accept it. */
export function field(node: YamlNode | undefined, key: string): YamlNode | undefined {
  if (node?.kind !== 'mapping') return undefined;
  for (let index = node.entries.length - 1; index >= 0; index--) {
    const entry = node.entries[index];
    if (entry?.key === key) return entry.value;
  }
  return undefined;
}

/** The node at a path of keys. */
export function fieldAt(node: YamlNode | undefined, ...path: readonly string[]): YamlNode | undefined {
  let current = node;
  for (const key of path) current = field(current, key);
  return current;
}

/** A scalar under a key, unless it is null or absent. */
export function scalarField(node: YamlNode | undefined, key: string): YamlScalar | undefined {
  const value = field(node, key);
  return value?.kind === 'scalar' && !isNull(value) ? value : undefined;
}

/** The text of a scalar under a key. */
export function textField(node: YamlNode | undefined, key: string): string | undefined {
  return scalarField(node, key)?.value;
}

/** The items of a sequence under a key; none where there is no sequence. */
export function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === 'sequence' ? node.items : [];
}

export function isNull(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.plain && /^(?:|~|null|Null|NULL)$/.test(node.value);
}

/** The texts of a sequence of scalars, or of one scalar. */
export function textsOf(node: YamlNode | undefined): string[] {
  if (node?.kind === 'scalar') return isNull(node) ? [] : [node.value];
  return itemsOf(node).flatMap((item) => (item.kind === 'scalar' ? [item.value] : []));
}
