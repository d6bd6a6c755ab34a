import { type LayerEntry, type LayerFacts, mergeLayers } from '../../../layer/index.ts';
import { entryPath, type LayerPlan } from '../../plan-types.ts';
import { AssemblyError, Problems } from '../errors.ts';
import type { AssembleInput } from '../types.ts';
import { layOutAdditions } from './additions.ts';
import { BaseCopies } from './base-copies.ts';
import { layOutDirectory } from './directories.ts';
import { Draft } from './draft.ts';
import { Files } from './files.ts';
import { applySourceLayer } from './source-layer.ts';
import { Tree } from './tree.ts';
import type { LayerLayout, Workspace } from './types.ts';
import { Whiteouts } from './whiteouts.ts';

/** How all layers above the base are to be written, and what must be read of the new base for it. */
export interface Layout {
  readonly layers: readonly LayerLayout[];
  readonly copies: BaseCopies;
}

/**
 * Decides, from what is known of the layers and before any byte of them is read, what becomes of each entry.
 * @throws AssemblyError `ASSEMBLY_UNPLANNED` or `ASSEMBLY_REFUSED`, naming every path at fault.
 */
export function layOut(input: AssembleInput): Layout {
  const space = workspaceOf(input);
  const first = input.source.layers.length - input.layers.length;
  const layers = input.source.layers.slice(first);
  checkPlans(layers, space);
  const layouts = layers.map((facts, index) => {
    const plan = input.plan.layers[index] ?? { paths: new Map() };
    return layOutLayer(new Draft(space, facts, { index, plan }));
  });
  space.refused.raise('ASSEMBLY_REFUSED', 'the layers can not be written as planned');
  return { layers: layouts, copies: space.copies };
}

function workspaceOf(input: AssembleInput): Workspace {
  const { source, layers, base, baseLayers, plan } = input;
  const first = source.layers.length - layers.length;
  if (first < 0)
    throw new RangeError(`the source has ${source.layers.length} layers, given are ${layers.length}`);
  if (baseLayers.length !== base.layers.length)
    throw new RangeError(`the base has ${base.layers.length} layers, given are ${baseLayers.length}`);
  if (plan.layers.length !== layers.length)
    throw new AssemblyError(
      'ASSEMBLY_UNPLANNED',
      `the plan has ${plan.layers.length} layers, but there are ${layers.length} above the base`,
    );
  const oldBase = mergeLayers(source.layers.slice(0, first));
  return {
    input,
    oldBase,
    source: new Tree(oldBase),
    built: new Tree(base),
    moved: new Map(),
    placements: new Map(),
    copies: new BaseCopies(),
    unplanned: new Problems(),
    refused: new Problems(),
  };
}

/** @throws AssemblyError `ASSEMBLY_UNPLANNED`. */
function checkPlans(layers: readonly LayerFacts[], { input, unplanned }: Workspace): void {
  for (const [layer, facts] of layers.entries()) {
    const { paths }: LayerPlan = input.plan.layers[layer] ?? { paths: new Map() };
    const known = new Set(facts.entries.map(entryPath));
    for (const path of known)
      if (!paths.has(path)) unplanned.add({ layer, path, text: 'the plan says nothing of it' });
    for (const [path, item] of paths) {
      if (!known.has(path))
        unplanned.add({ layer, path, text: 'it is planned, but the layer has no such entry' });
      if ('to' in item && item.to !== undefined && !isPlainPath(item.to))
        unplanned.add({ layer, path, text: `it is to become ${item.to}, which is no path from the root` });
    }
  }
  unplanned.raise('ASSEMBLY_UNPLANNED', 'the plan does not fit the layers');
}

function isPlainPath(path: string): boolean {
  return path.split('/').every((part) => !['', '.', '..'].includes(part) && !part.includes('\0'));
}

function layOutLayer(draft: Draft): LayerLayout {
  const { space, facts, index } = draft;
  const whiteouts = new Whiteouts(draft);
  whiteouts.decide();
  const sources = applySourceLayer(space.source, facts, index);
  const files = new Files(draft, sources);
  for (const [entryIndex, entry] of facts.entries.entries()) {
    const item = draft.itemOf(entry);
    if (entry.kind === 'directory' && item !== undefined)
      layOutDirectory(draft, entry, { index: entryIndex, item, source: sources[entryIndex] });
    else files.layOut(entryIndex);
  }
  layOutAdditions(draft);
  whiteouts.settle();
  draft.hideAll();
  if (isRewritten(draft)) dropLazyIndex(draft);
  return layoutOf(draft);
}

/** eStargz keeps an index of its tar in the tar (stargz-snapshotter, estargz.md); of a rewritten one it would lie. */
function dropLazyIndex(draft: Draft): void {
  const { facts, space } = draft;
  const last = facts.entries.length - 1;
  const path = facts.entries[last]?.path;
  if (facts.format !== 'estargz' || path !== 'stargz.index.json') return;
  const node = space.built.find(path, draft.index)?.node;
  if (node !== undefined) space.built.remove(node);
  draft.emit(last, 'skip');
  draft.record(last, {
    outcome: 'dropped',
    why: "the layer's index for lazy pulling does not fit the rewritten layer",
  });
}

function isRewritten({ emissions, tail }: Draft): boolean {
  return tail.length > 0 || emissions.some(({ what, before }) => what !== 'pass' || before.length > 0);
}

function layoutOf(draft: Draft): LayerLayout {
  const { facts, emissions, tail, records } = draft;
  const promised: LayerEntry[] = [];
  for (const [index, { before, what }] of emissions.entries()) {
    for (const parent of before) promised.push(parent.entry);
    const entry = what === 'pass' ? facts.entries[index] : typeof what === 'object' ? what.entry : undefined;
    if (entry !== undefined) promised.push(entry);
  }
  for (const { entry } of tail) promised.push(entry);
  return { facts, rewritten: isRewritten(draft), emissions, tail, promised, records };
}
