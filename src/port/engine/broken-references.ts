import type { MergedView, ViewEntry } from '../../layer/index.ts';
import type { Account } from '../account.ts';
import type { Refusal } from '../origin-types.ts';

export interface BeforeAndAfter {
  /** The source image's files, and how many of its layers are the old base's. */
  readonly source: MergedView;
  readonly baseLayers: number;
  /** The new image's files, and how many of its layers are the new base's. */
  readonly view: MergedView;
  readonly newBaseLayers: number;
  readonly account: Account;
}

/**
 * What is above the base and names a path that was there, and is not any more: symbolic links, scripts by their
 * interpreter, and `/etc/ld.so.preload`. All of it would fail without a word.
 */
export function brokenReferences(images: BeforeAndAfter): readonly Refusal[] {
  const { source, baseLayers, view } = images;
  const moved = movedPaths(images.account);
  const refusals: Refusal[] = [];
  for (const there of source.entries()) {
    if (there.layer < baseLayers) continue;
    const now = view.lookup(moved.get(there.path) ?? there.path);
    if (now === undefined || now.layer < images.newBaseLayers) continue;
    for (const named of namedBy(there, now, images)) refusals.push(lostRefusal(now.path, named));
  }
  return refusals;
}

function movedPaths({ records }: Account): ReadonlyMap<string, string> {
  return new Map(records.flatMap(({ path, to }) => (to === undefined ? [] : [[path, to] as const])));
}

interface Named {
  /** As it's written. */
  readonly target: string;
  readonly as: string;
}

/** Paths that the file names, that led somewhere in the source and lead nowhere now. */
function namedBy(before: ViewEntry, now: ViewEntry, { source, view }: BeforeAndAfter): readonly Named[] {
  const { entry } = now;
  if (entry.kind === 'symlink') {
    const isBroken = before.entry.kind === 'symlink' && source.resolve(before.path).found;
    return isBroken && !view.resolve(now.path).found
      ? [{ target: entry.linkName ?? '', as: 'it leads to' }]
      : [];
  }
  const isLost = (path: string): boolean => source.resolve(path).found && !view.resolve(path).found;
  if (now.path === 'etc/ld.so.preload')
    return preloaded(view, now)
      .filter(isLost)
      .map((target) => ({ target, as: 'every program is to load' }));
  if (entry.facts?.kind !== 'script' || (entry.mode & 0o111) === 0) return [];
  const { interpreter } = entry.facts.script;
  return interpreter.startsWith('/') && isLost(interpreter)
    ? [{ target: interpreter, as: 'it is a script for' }]
    : [];
}

function preloaded(view: MergedView, file: ViewEntry): readonly string[] {
  const text = Buffer.from(view.content(file) ?? []).toString('utf8');
  const lines = text.split('\n').map((line) => line.split('#', 1)[0] ?? '');
  return lines.flatMap((line) => line.split(/[\s:]+/)).filter((word) => word.startsWith('/'));
}

function lostRefusal(path: string, { target, as }: Named): Refusal {
  return {
    path,
    kind: 'no-counterpart',
    why: `${as} ${target}, which the new image does not have, and neither a counterpart of it`,
    lift: `Put another in its place with --replace /${path}=FILE, or waive it with a reason: --waive /${path}=REASON.`,
    waivable: true,
  };
}
