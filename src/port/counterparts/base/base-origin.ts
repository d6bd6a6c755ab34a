import { foreignCodeIn } from '../../../audit/index.ts';
import type { MergedView, ViewEntry } from '../../../layer/index.ts';
import type { Origin, OriginPlan, PortImage, Refusal } from '../../origin-types.ts';
import type { PathPlan } from '../../plan-types.ts';

/**
 * The new base as an origin: files that layers above the base only copied up (`chmod`, `chown`, `touch`, `cp`) are the old
 * base's byte for byte, and their counterparts are in its sibling. Found by content, not by name.
 */
export function baseOrigin(): Origin {
  return { name: 'base', wanted: [], plan: async (image, { taken }) => planCopies(image, taken) };
}

function planCopies(image: PortImage, taken: ReadonlySet<string>): OriginPlan {
  const paths = new Map<string, PathPlan>();
  const refusals: Refusal[] = [];
  if (image.baseLayers > 0) {
    const copies = new Copies(image);
    for (const there of image.view.entries()) {
      if (there.layer < image.baseLayers || taken.has(there.path)) continue;
      const found = copies.planFor(there);
      if (found === undefined) continue;
      if ('kind' in found) refusals.push(found);
      else paths.set(there.path, found);
    }
  }
  return { paths, added: [], refusals, materials: [], notes: notesOf(paths) };
}

function notesOf(paths: ReadonlyMap<string, PathPlan>): readonly string[] {
  const copied = [...paths.values()].filter(({ action }) => action === 'copy-up').length;
  if (copied === 0) return [];
  const files = copied === 1 ? '1 file' : `${copied} files`;
  return [`${files} of the base with new owner, mode or time: taken from the new base`];
}

class Copies {
  readonly #image: PortImage;
  readonly #oldFiles: ReadonlyMap<string, readonly string[]>;

  constructor(image: PortImage) {
    this.#image = image;
    this.#oldFiles = pathsByContent(image.oldBase);
  }

  /** `undefined` for what isn't the old base's, or is the same on both. */
  planFor(there: ViewEntry): PathPlan | Refusal | undefined {
    const { entry, path } = there;
    const before = this.#image.oldBase.lookup(path)?.entry;
    if (entry.kind === 'symlink')
      return before?.kind === 'symlink' && before.linkName === entry.linkName
        ? this.#link(path)
        : this.#override(path);
    if (entry.kind !== 'file' || entry.sha256 === undefined) return this.#override(there.path);
    if (before?.kind === 'file' && before.sha256 === entry.sha256 && entry.size > 0)
      return this.#sameFile(there);
    // Neutral bytes are right wherever they come from.
    if (!this.#isForeign(there)) return this.#override(path);
    const names = this.#oldFiles.get(entry.sha256);
    return names === undefined ? undefined : this.#copied(there, names);
  }

  /** Copied up in its place. */
  #sameFile({ path, entry }: ViewEntry): PathPlan | Refusal | undefined {
    const to = this.#image.mapPath(path);
    const there = to === undefined ? undefined : this.#inNewBase(to);
    if (to === undefined || there === undefined)
      return this.#isForeign({ entry }) ? this.#missing(path, [path]) : undefined;
    if (to === path && there.entry.sha256 === entry.sha256) return undefined;
    const why = "the old base's file with new metadata; the content is the new base's";
    return { action: 'copy-up', why, ...(to === path ? {} : { from: to, to }) };
  }

  /** A copy of one of the old base's programs under another name. */
  #copied({ path }: ViewEntry, names: readonly string[]): PathPlan | Refusal {
    for (const name of names) {
      const from = this.#image.mapPath(name);
      if (from === undefined || this.#inNewBase(from) === undefined) continue;
      const to = this.#counterpartPlace(path);
      return {
        action: 'copy-up',
        from,
        ...(to === undefined ? {} : { to }),
        why: `a copy of the old base's /${name}; the content is the new base's`,
      };
    }
    return this.#missing(path, names);
  }

  /**
   * Something of the image's own in place of what the base has in a folder of the architecture: it goes to where the new
   * base has its counterpart, which would be used instead of it.
   */
  #override(path: string): PathPlan | undefined {
    const to = this.#counterpartPlace(path);
    if (to === undefined) return undefined;
    return { action: 'rename', to, why: `it takes the place of the base's file, which is /${to} now` };
  }

  #counterpartPlace(path: string): string | undefined {
    const to = this.#image.mapPath(path);
    const { oldBase, newBase, view } = this.#image;
    if (to === undefined || to === path || view.lookup(path)?.entry.kind === 'directory') return undefined;
    if (oldBase.lookup(path) === undefined || newBase.lookup(path) !== undefined) return undefined;
    return newBase.resolve(to, { followLast: false }).found ? to : undefined;
  }

  #link(path: string): PathPlan | undefined {
    const to = this.#image.mapPath(path);
    if (to === undefined) return undefined;
    const there = this.#image.newBase.resolve(to, { followLast: false });
    if (!there.found || there.entry.entry.kind !== 'symlink') return undefined;
    const { linkName } = there.entry.entry;
    if (to === path && linkName === this.#image.view.lookup(path)?.entry.linkName) return undefined;
    const why = "the old base's link with a new owner or time; it leads where the new base's does";
    return { action: 'copy-up', why, ...(to === path ? {} : { from: to, to }) };
  }

  #inNewBase(path: string): ViewEntry | undefined {
    const found = this.#image.newBase.resolve(path, { followLast: false });
    if (!found.found || found.entry.entry.kind !== 'file') return undefined;
    return this.#isForeign(found.entry) ? undefined : found.entry;
  }

  #isForeign({ entry }: Pick<ViewEntry, 'entry'>): boolean {
    return entry.facts !== undefined && foreignCodeIn(entry.facts, this.#image.target).length > 0;
  }

  #missing(path: string, names: readonly string[]): Refusal {
    return {
      path,
      kind: 'no-counterpart',
      guess: `base: /${names[0] ?? path}`,
      why: `it is the old base's /${names[0] ?? path}, and the new base has no such program`,
      lift: `Name a file for it with --replace /${path}=FILE, or another base with --base.`,
      waivable: true,
    };
  }
}

/** Machine code may have any name in an upper layer: looked up by what it is. */
function pathsByContent(view: MergedView): ReadonlyMap<string, readonly string[]> {
  const byHash = new Map<string, string[]>();
  for (const { path, entry } of view.entries()) {
    if (entry.kind !== 'file' || entry.sha256 === undefined) continue;
    const same = byHash.get(entry.sha256);
    if (same === undefined) byHash.set(entry.sha256, [path]);
    else if (!same.includes(path)) same.push(path);
  }
  return byHash;
}
