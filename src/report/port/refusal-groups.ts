import type { PortRefusal } from '../../results/index.ts';

/** Refusals of one kind, those that nobody could determine apart from those that are sure. */
export interface RefusalGroup {
  readonly kind: string;
  readonly undetermined: boolean;
  readonly count: number;
  readonly blocks: readonly RefusalBlock[];
}

/** Refusals of a group that differ in their paths only, so that the rest is said once. */
export interface RefusalBlock {
  readonly first: PortRefusal;
  readonly refusals: readonly PortRefusal[];
}

/** The sure ones first, then in the order that the refusals have. */
export function groupRefusals(refusals: readonly PortRefusal[]): readonly RefusalGroup[] {
  const sorted = [
    ...refusals.filter(({ undetermined }) => !undetermined),
    ...refusals.filter(({ undetermined }) => undetermined),
  ];
  return split(sorted, ({ kind, undetermined }) => [kind, undetermined]).map(({ first, refusals: same }) => ({
    kind: first.kind,
    undetermined: first.undetermined,
    count: same.length,
    blocks: split(same, ({ path, why, lift, guess, layer }) => [
      withoutPath(why, path),
      withoutPath(lift, path),
      guess,
      layer?.index,
      layer?.digest,
    ]),
  }));
}

/** Sentences that repeat the path differ by it alone. */
function withoutPath(text: string, path: string | undefined): string {
  return path === undefined ? text : text.replaceAll(path, '\0');
}

function split(
  refusals: readonly PortRefusal[],
  keyOf: (refusal: PortRefusal) => readonly unknown[],
): readonly RefusalBlock[] {
  const blocks = new Map<string, { readonly first: PortRefusal; readonly refusals: PortRefusal[] }>();
  for (const refusal of refusals) {
    const key = JSON.stringify(keyOf(refusal));
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, { first: refusal, refusals: [refusal] });
    else block.refusals.push(refusal);
  }
  return [...blocks.values()];
}
