import type { LayerEntry } from '../../../layer/index.ts';
import type { PathPlan } from '../../plan-types.ts';
import type { Claim, Draft, Place } from './draft.ts';
import type { SourceEntry } from './source-layer.ts';
import { baseLayer, pathOf, splitPath } from './tree.ts';

/** What became of a directory that is to be at a path. */
export type DirectoryPlace = Place | { readonly standsIn: string } | undefined;

/**
 * Finds where a directory goes. Never over a symbolic link of the new base, which would take what is behind the link
 * away (the dynamic loader, as a rule): the link's target stands in for it, and is made where it's missing.
 */
export function locateDirectory(
  draft: Draft,
  wanted: string,
  source: { readonly from: string | undefined; readonly claim: Claim | undefined },
): DirectoryPlace {
  const place = draft.locate(wanted, 'directory', source);
  const existing = place?.existing;
  if (place === undefined || existing?.layer !== baseLayer || existing.inode.entry.kind !== 'symlink')
    return place;
  const shown = source.from ?? wanted;
  const { built } = draft.space;
  const descent = built.descend(wanted, draft.index);
  const link = `the new base's link /${pathOf(existing)}`;
  if (!descent.ok) return draft.refuse(shown, `${link} stands there, and can't be followed: ${descent.text}`);
  if (descent.inTheWay !== undefined)
    return draft.refuse(
      shown,
      `${link} stands there, and leads to /${pathOf(descent.inTheWay)}, a ${descent.inTheWay.inode.entry.kind}`,
    );
  if (descent.missing.length === 0) return { standsIn: pathOf(descent.at) };
  const target = [pathOf(descent.at), ...descent.missing].filter((part) => part !== '').join('/');
  return draft.locate(target, 'directory', source);
}

/** Lays out a directory's entry. What is in it has entries of its own. */
export function layOutDirectory(
  draft: Draft,
  entry: LayerEntry,
  at: { readonly index: number; readonly item: PathPlan; readonly source: SourceEntry | undefined },
): void {
  const { index, item, source } = at;
  if (item.action === 'drop') {
    draft.record(index, { outcome: 'dropped', why: item.why });
    if (item.below === 'hidden') draft.hideLater(entry.path, `dropped: ${item.why}`, 'too');
    return;
  }
  if (item.action === 'replace') {
    draft.refuse(entry.path, 'a directory has no content to replace');
    return;
  }
  // A directory that was copied up has nothing of the base's but its name.
  const wanted = item.action === 'keep' ? entry.path : (item.to ?? entry.path);
  if (splitPath(wanted)[1] === '') {
    layOutRoot(draft, entry, at);
    return;
  }
  const place = locateDirectory(draft, wanted, { from: entry.path, claim: source });
  if (place === undefined) return;
  if ('standsIn' in place) {
    draft.record(index, {
      outcome: 'mapped',
      to: place.standsIn,
      why: 'the new base has a link there; the directory behind it stays as it is',
    });
    return;
  }
  emit(draft, { entry, place, ...at });
}

function emit(
  draft: Draft,
  at: {
    readonly entry: LayerEntry;
    readonly place: Place;
    readonly index: number;
    readonly item: PathPlan;
    readonly source: SourceEntry | undefined;
  },
): void {
  const { entry, place, index, item, source } = at;
  const isSame = place.path === entry.path;
  const placed = isSame ? entry : { ...entry, path: place.path };
  const isFirst = isSame || draft.isFirst(place.path);
  if (isFirst) draft.place(place, draft.inodeOf(placed));
  if (source !== undefined) {
    if (isSame) draft.space.moved.delete(source.node);
    else draft.space.moved.set(source.node, place.path);
  }
  const moved = isFirst ? ({ entry: placed, body: 'none' } as const) : 'skip';
  draft.emit(index, isSame ? 'pass' : moved, place.before);
  draft.record(index, {
    outcome: isSame ? 'kept' : 'mapped',
    ...(isSame ? {} : { to: place.path }),
    why: item.why,
  });
}

function layOutRoot(
  draft: Draft,
  entry: LayerEntry,
  at: { readonly index: number; readonly item: PathPlan },
): void {
  if (entry.path !== '') {
    draft.refuse(entry.path, 'it is to become the root of the image');
    return;
  }
  draft.space.built.root.inode = draft.inodeOf(entry);
  draft.emit(at.index, 'pass');
  draft.record(at.index, { outcome: 'kept', why: at.item.why });
}
