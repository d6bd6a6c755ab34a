import { foreignCodeIn } from '../../audit/index.ts';
import { compareText } from '../../core/index.ts';
import type { LayerEntry, LayerFacts } from '../../layer/index.ts';
import type { Material, OriginPlan, PlacedAddition, PortImage, Refusal } from '../origin-types.ts';
import { entryPath, type LayerPlan, type PathPlan, type PortPlan } from '../plan-types.ts';
import { emptiedDirectories } from './emptied-directories.ts';

/** What all origins say together. */
export interface JoinedPlans {
  /** By visible path. */
  readonly paths: ReadonlyMap<string, PathPlan>;
  readonly added: readonly PlacedAddition[];
  readonly refusals: readonly Refusal[];
  readonly materials: readonly Material[];
  readonly notes: readonly string[];
}

export const noPlans: JoinedPlans = {
  paths: new Map(),
  added: [],
  refusals: [],
  materials: [],
  notes: [],
};

/** Adds what one more origin says; those before it have answered for their paths. */
export function joined(before: JoinedPlans, plan: OriginPlan): JoinedPlans {
  return {
    paths: new Map([...plan.paths, ...before.paths]),
    added: [...before.added, ...plan.added],
    refusals: [...before.refusals, ...plan.refusals.filter(({ path }) => !before.paths.has(path ?? ''))],
    materials: [...before.materials, ...plan.materials],
    notes: [...before.notes, ...plan.notes],
  };
}

/** The plan of every entry of every layer above the base: what nothing speaks of is kept as it is. */
export function layerPlans(image: PortImage, plans: JoinedPlans): PortPlan {
  const emptied = emptiedDirectories(image, plans);
  const layers = image.view.layers.slice(image.baseLayers).map((facts, index): LayerPlan => {
    const paths = new Map<string, PathPlan>();
    for (const entry of facts.entries)
      paths.set(entryPath(entry), planOf(entry, { image, plans, emptied, layer: image.baseLayers + index }));
    return { paths, added: additionsTo(index, plans.added, facts) };
  });
  return { layers };
}

interface Around {
  readonly image: PortImage;
  readonly plans: JoinedPlans;
  readonly emptied: ReadonlyMap<string, PathPlan>;
  /** Of the whole image's layers. */
  readonly layer: number;
}

const kept: PathPlan = { action: 'keep', why: 'it holds no machine code of the old architecture' };
const keptMarker: PathPlan = { action: 'keep', why: 'it hides the same in the new image' };
const keptHidden: PathPlan = { action: 'keep', why: 'a layer above hides it' };
const droppedHidden: PathPlan = {
  action: 'drop',
  why: 'machine code of the old architecture that a layer above hides',
  below: 'shows',
};
const keptCode: PathPlan = { action: 'keep', why: 'machine code that nothing took the place of' };
const keptElse: PathPlan = { action: 'keep', why: 'it is no file with content' };

function planOf(entry: LayerEntry, { image, plans, emptied, layer }: Around): PathPlan {
  if (entry.kind === 'whiteout' || entry.kind === 'opaque') return keptMarker;
  const isForeign = entry.facts !== undefined && foreignCodeIn(entry.facts, image.target).length > 0;
  if (image.view.lookup(entry.path)?.layer !== layer) return isForeign ? droppedHidden : keptHidden;
  const planned = plans.paths.get(entry.path) ?? emptied.get(entry.path);
  if (planned !== undefined) return planned;
  if (isForeign) return keptCode;
  return entry.kind === 'file' ? kept : keptElse;
}

/** Directories of the layer itself need no addition. */
function additionsTo(
  index: number,
  added: readonly PlacedAddition[],
  facts: LayerFacts,
): LayerPlan['added'] & {} {
  const named = new Set(facts.entries.filter(({ kind }) => kind === 'directory').map(({ path }) => path));
  return added
    .filter(({ layer, kind, path }) => layer === index && !(kind === 'directory' && named.has(path)))
    .map(({ layer: _layer, ...item }) => item)
    .sort((left, right) => compareText(left.path, right.path));
}
