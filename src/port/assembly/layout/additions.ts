import { compareText } from '../../../core/index.ts';
import type { LayerEntry } from '../../../layer/index.ts';
import type { AddedPath } from '../../plan-types.ts';
import { locateDirectory } from './directories.ts';
import type { Draft } from './draft.ts';
import type { Body } from './types.ts';

/** Lays out the paths that the plan adds to a layer, sorted, so that directories come before what is in them. */
export function layOutAdditions(draft: Draft): void {
  const added = [...(draft.plan.added ?? [])].sort((left, right) => compareText(left.path, right.path));
  for (const item of added) {
    const problem = problemOf(item);
    if (problem !== undefined) draft.refuse(item.path, `it is to be added, but ${problem}`);
    else if (item.kind === 'whiteout') draft.hideLater(item.path, item.why, 'too');
    else add(draft, item);
  }
}

function add(draft: Draft, item: Exclude<AddedPath, { kind: 'whiteout' }>): void {
  const source = { from: undefined, claim: undefined };
  const place =
    item.kind === 'directory'
      ? locateDirectory(draft, item.path, source)
      : draft.locate(item.path, item.kind, source);
  // A directory that the new base has behind a link is there already.
  if (place === undefined || 'standsIn' in place) return;
  if (item.kind === 'directory' && !draft.isFirst(place.path)) return;
  const entry = { ...entryOf(item, draft.space.input.created), path: place.path };
  draft.place(place, draft.inodeOf(entry));
  const body: Body = item.kind === 'file' ? item : 'none';
  draft.addToTail(entry, body, place.before);
  draft.recordAdded({
    path: place.path,
    kind: item.kind,
    ...(item.kind === 'file' && { sha256: item.sha256 }),
    ...('origin' in item && { origin: item.origin }),
    why: item.why,
  });
}

function entryOf(item: Exclude<AddedPath, { kind: 'whiteout' }>, created: number): LayerEntry {
  const { path, kind, uid = 0, gid = 0, mtime = created, xattrs } = item;
  const usual = kind === 'symlink' ? 0o777 : kind === 'directory' ? 0o755 : 0o644;
  const mode = kind === 'symlink' ? usual : (item.mode ?? usual);
  return {
    ...{ path, kind, mode, uid, gid, mtime },
    size: kind === 'file' ? item.size : 0,
    ...(kind === 'file' && { sha256: item.sha256, ...(item.facts && { facts: item.facts }) }),
    ...(kind === 'symlink' && { linkName: item.linkName }),
    ...(xattrs !== undefined && { xattrs }),
  };
}

function problemOf(item: AddedPath): string | undefined {
  const parts = item.path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0')))
    return 'its path is not one from the root';
  if (parts.some((part) => part.startsWith('.wh.'))) return 'its name is one of a whiteout';
  if (item.kind === 'symlink' && item.linkName === '') return 'it is a link to nowhere';
  if (item.kind !== 'file') return undefined;
  if (!/^[0-9a-f]{64}$/.test(item.sha256)) return 'the hash of its content is no sha256';
  return Number.isSafeInteger(item.size) && item.size >= 0 ? undefined : 'its content has no usable size';
}
