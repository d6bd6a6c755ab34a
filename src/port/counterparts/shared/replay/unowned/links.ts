import type { ViewEntry } from '../../../../../layer/index.ts';
import type { Draft } from '../draft.ts';
import { joined, parentOf, relativeTo } from '../folders.ts';
import type { NewPlaces } from '../new-places.ts';
import type { FileDatabase } from '../types.ts';

/** Leads the links that no package owns to where their targets are now. To be called when everything else has its place. */
export function planLinks(draft: Draft, database: FileDatabase, places: NewPlaces): void {
  const links = [...draft.image.view.entries()].filter(
    (there) =>
      there.entry.kind === 'symlink' &&
      draft.isAbove(there) &&
      !draft.isTaken(there.path) &&
      database.ownersOf(there.path).length === 0,
  );
  // A link to a link that goes, goes too: each round may take the next one along.
  for (let left = links, before = -1; left.length !== before; ) {
    before = left.length;
    left = left.filter((there) => planLink(draft, there, places) !== 'dropped');
  }
}

function planLink(draft: Draft, there: ViewEntry, places: NewPlaces): 'dropped' | undefined {
  const { path, entry } = there;
  const plan = draft.paths.get(path);
  if (plan !== undefined && plan.action !== 'rename') return undefined;
  const linkName = entry.linkName ?? '';
  const target = draft.image.view.resolve(linkName, { from: parentOf(path), followLast: false });
  // A link to nowhere leads there still.
  if (!target.found) return undefined;
  const fate = draft.fateOf(target.entry.path);
  const place = plan === undefined ? path : plan.to;
  if (fate.kind === 'goes') {
    draft.plan(path, {
      action: 'drop',
      why: `it leads to /${target.entry.path}, which the new image has no more`,
    });
    draft.notes.about('links dropped, for what they lead to is gone', path);
    return 'dropped';
  }
  const wanted = fate.kind === 'moves' ? fate.to : target.entry.path;
  const name = nameFor(linkName, { place, wanted, draft, places });
  if (name === linkName) return undefined;
  draft.plan(path, {
    action: 'replace',
    with: { kind: 'symlink', linkName: name, origin: 'respelled' },
    ...(place === path ? {} : { to: place }),
    why: `it leads to /${target.entry.path}, which is now at /${wanted}`,
  });
  return undefined;
}

interface LinkParts {
  readonly place: string;
  readonly wanted: string;
  readonly draft: Draft;
  readonly places: NewPlaces;
}

/** As it is written where that still leads there, then with the architecture respelled, else by the shortest way. */
function nameFor(linkName: string, { place, wanted, draft, places }: LinkParts): string {
  const isAbsolute = linkName.startsWith('/');
  const spelled = draft.spelling.candidates(isAbsolute ? linkName.slice(1) : linkName);
  const names = [linkName, ...spelled.map((name) => (isAbsolute ? `/${name}` : name))];
  const folder = parentOf(place);
  const leadsThere = (name: string): boolean => {
    const path = joined(folder, name);
    return path === wanted || places.at(path) === wanted;
  };
  return names.find(leadsThere) ?? (isAbsolute ? `/${wanted}` : relativeTo(folder, wanted));
}
