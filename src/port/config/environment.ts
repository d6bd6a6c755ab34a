import { defaultPath } from '../../audit/index.ts';
import { type Adapted, type Merging, mapText, mergeNamed, type Three } from './merge.ts';

/** Elements compared, so that a hostile PATH costs little; a longer one is merged element by element. */
const maxElements = 1_000;

type Words = readonly string[];
/** A PATH in all three documents. */
type Paths = Readonly<Record<keyof Three<string>, string>>;

/** Merges `NAME=value` lists by name, PATH element by element. */
export function mergeEnvironment(merging: Merging, lists: Three<Words>): Words {
  const three = { old: byName(lists.old), app: byName(lists.app), base: byName(lists.base) };
  const adapt = (member: string, entry: string): Adapted<string> => {
    if (!merging.hasBase || !entry.startsWith('PATH=')) return { value: adaptEntry(merging, member, entry) };
    const paths = {
      old: pathOf(three.old.get('PATH')),
      app: pathOf(entry),
      base: pathOf(three.base.get('PATH')),
    };
    return { value: `PATH=${mergeSearchPath(merging, paths)}`, action: 'merged' };
  };
  return [...mergeNamed(merging, 'config.Env', { three, adapt }).values()];
}

/** Of a name that stands twice the last entry counts. */
function byName(list: Words | undefined): ReadonlyMap<string, string> {
  return new Map((list ?? []).map((entry) => [entry.split('=', 1)[0] ?? '', entry]));
}

/** An image builder that adds to an absent PATH adds to the default one. */
function pathOf(entry: string | undefined): string {
  return entry === undefined ? defaultPath : entry.slice(entry.indexOf('=') + 1);
}

function adaptEntry(merging: Merging, member: string, entry: string): string {
  const at = entry.indexOf('=');
  if (at < 0) return entry;
  const value = entry.slice(at + 1);
  if (merging.words.counterpart(value) !== undefined) {
    const why = 'what reads it goes on as for the old architecture';
    merging.problems.push({ member, kind: 'names-architecture', value, why });
  }
  return `${entry.slice(0, at)}=${mapText(merging, member, value)}`;
}

/** The new base's PATH with what the image adds around it; element by element where the image rearranges it. */
function mergeSearchPath(merging: Merging, paths: Paths): string {
  const [old, app, base] = [split(paths.old), split(paths.app), split(paths.base)];
  const own = (elements: Words) => elements.map((element) => mapText(merging, 'config.Env.PATH', element));
  const at = placeIn(app, old);
  if (at < 0) return rearranged(own, { old, app, base }).join(':');
  return [...own(app.slice(0, at)), ...base, ...own(app.slice(at + old.length))].join(':');
}

function split(path: string): Words {
  return path.split(':');
}

/** Where a run of elements stands in a list; -1 where it doesn't. */
function placeIn(list: Words, run: Words): number {
  for (let at = 0; at + run.length <= Math.min(list.length, maxElements); at += 1)
    if (run.every((element, offset) => list[at + offset] === element)) return at;
  return -1;
}

/** What the image took from the old base stays if the new base has it; what only the new base has goes to the end. */
function rearranged(
  own: (elements: Words) => Words,
  { old, app, base }: Readonly<Record<keyof Three<Words>, Words>>,
): Words {
  const [before, now] = [new Set(old), new Set(base)];
  const kept = app.flatMap((element) => {
    if (now.has(element)) return [element];
    const [mapped = element] = own([element]);
    // Gone from the base, and no counterpart of it came.
    return before.has(element) && !now.has(mapped) ? [] : [mapped];
  });
  const there = new Set(kept);
  return [...kept, ...base.filter((element) => !before.has(element) && !there.has(element))];
}
