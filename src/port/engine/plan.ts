import { foreignCodeIn } from '../../audit/index.ts';
import { compareText } from '../../core/index.ts';
import type { LayerEntry, LayerFacts } from '../../layer/index.ts';
import type { OriginPlan, PlacedAddition, PortImage } from '../origin-types.ts';
import { entryPath, type LayerPlan, type PathPlan, type PortPlan } from '../plan-types.ts';
import { emptiedDirectories } from './emptied-directories.ts';
import { Places } from './places.ts';
import type { JoinedPlans } from './types.ts';

export const noPlans: JoinedPlans = {
  paths: new Map(),
  added: [],
  refusals: [],
  materials: [],
  notes: [],
  vouched: new Set(),
};

/** Adds what one more origin says; those before it have answered for their paths. */
export function joined(before: JoinedPlans, plan: OriginPlan): JoinedPlans {
  return {
    paths: new Map([...plan.paths, ...before.paths]),
    added: [...before.added, ...plan.added],
    refusals: [...before.refusals, ...plan.refusals.filter(({ path }) => !before.paths.has(path ?? ''))],
    materials: [...before.materials, ...plan.materials],
    notes: [...before.notes, ...plan.notes],
    vouched: new Set([...before.vouched, ...(plan.vouched ?? [])]),
  };
}

/**
 * Paths that are one origin's own: it answers for them, or would if it could be reached. Otherwise the image would depend on
 * who is reached today.
 */
export function answeredFor({ paths, refusals }: JoinedPlans): ReadonlySet<string> {
  const waiting = refusals.filter(({ undetermined }) => undetermined === true);
  return new Set([
    ...paths.keys(),
    ...waiting.flatMap(({ path, covers = [] }) => [...(path === undefined ? [] : [path]), ...covers]),
  ]);
}

/** The plan of every entry of every layer above the base: what nothing speaks of is kept as it is. */
export function layerPlans(image: PortImage, plans: JoinedPlans): PortPlan {
  const emptied = emptiedDirectories(image, plans);
  const places = new Places(image.view);
  const layers = image.view.layers.slice(image.baseLayers).map((facts, index): LayerPlan => {
    const around = { image, plans, emptied, places, layer: image.baseLayers + index };
    const paths = pathPlans(facts, around);
    return { paths, added: additionsTo(index, plans.added, directoriesOf(facts, paths)) };
  });
  return { layers };
}

interface Around {
  readonly image: PortImage;
  readonly plans: JoinedPlans;
  readonly emptied: ReadonlyMap<string, PathPlan>;
  readonly places: Places;
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
const keptTwice: PathPlan = {
  action: 'keep',
  why: 'the layer has it more than once; machine code of the old architecture is hidden by what comes later',
};
const keptElse: PathPlan = { action: 'keep', why: 'it is no file with content' };

/** A plan holds for all entries of a path; of several, the one that shows decides. */
function pathPlans({ entries }: LayerFacts, around: Around): ReadonlyMap<string, PathPlan> {
  const plans = new Map<string, PathPlan>();
  const files = new Map<string, LayerEntry>();
  for (const entry of entries) {
    const path = entryPath(entry);
    const content = entry.kind === 'hardlink' ? files.get(entry.linkName ?? '') : entry;
    if (content !== undefined) files.set(entry.path, content);
    const [before, plan] = [plans.get(path), planOf(entry, content ?? entry, around)];
    const hidesCode = before === droppedHidden && plan.action === 'keep' && plan !== keptHidden;
    plans.set(path, hidesCode ? keptTwice : before === droppedHidden && plan === keptHidden ? before : plan);
  }
  return plans;
}

/** `content`: of a hard link, the file of the layer that it's another name of; else the entry itself. */
function planOf(
  entry: LayerEntry,
  content: LayerEntry,
  { image, plans, emptied, places, layer }: Around,
): PathPlan {
  if (entry.kind === 'whiteout' || entry.kind === 'opaque')
    return plans.paths.get(entryPath(entry)) ?? keptMarker;
  const path = places.of(entry, layer);
  if (path === undefined && entry.kind === 'directory') return hiddenDirectory(entry, { plans, emptied });
  if (path === undefined) return holdsForeign(content, image) ? hiddenCode(content, places) : keptHidden;
  const planned = plans.paths.get(path) ?? emptied.get(path);
  if (planned !== undefined) return planned;
  if (holdsForeign(entry, image)) return keptCode;
  if (entry.kind === 'hardlink') return linkPlan(image, path);
  return entry.kind === 'file' ? kept : keptElse;
}

function holdsForeign({ facts }: LayerEntry, { target }: PortImage): boolean {
  return facts !== undefined && foreignCodeIn(facts, target).length > 0;
}

/** A directory that a layer above names again goes where that one goes: here it would stay behind, empty. */
function hiddenDirectory(
  { path }: LayerEntry,
  { plans, emptied }: Pick<Around, 'plans' | 'emptied'>,
): PathPlan {
  const above = plans.paths.get(path) ?? emptied.get(path);
  return above?.action === 'rename' || above?.action === 'drop' ? above : keptHidden;
}

/** Gone from its own path; a hard link may still hold on to it. */
function hiddenCode(entry: LayerEntry, places: Places): PathPlan {
  const [name] = places.namesOf(entry);
  if (name === undefined) return droppedHidden;
  return { action: 'keep', why: `machine code that is there under another name, /${name}` };
}

function linkPlan({ view, target }: PortImage, path: string): PathPlan {
  const facts = view.lookup(path)?.entry.facts;
  return facts !== undefined && foreignCodeIn(facts, target).length > 0 ? keptCode : kept;
}

/** Where a layer's own directories go. */
function directoriesOf({ entries }: LayerFacts, paths: ReadonlyMap<string, PathPlan>): ReadonlySet<string> {
  const directories = new Set<string>();
  for (const { kind, path } of entries) {
    const plan = kind === 'directory' ? paths.get(path) : undefined;
    if (plan === undefined || plan.action === 'drop') continue;
    directories.add(('to' in plan ? plan.to : undefined) ?? path);
  }
  return directories;
}

/** Directories of the layer itself need no addition: some engines take no layer that names a path twice. */
function additionsTo(
  index: number,
  added: readonly PlacedAddition[],
  named: ReadonlySet<string>,
): LayerPlan['added'] & {} {
  return added
    .filter(({ layer, kind, path }) => layer === index && !(kind === 'directory' && named.has(path)))
    .map(({ layer: _layer, ...item }) => item)
    .sort((left, right) => compareText(left.path, right.path));
}
