import type { MergedView } from '../../../../layer/index.ts';
import { relative } from './tables.ts';
import type { Diversion, ListedPath } from './types.ts';

/** Says where the paths of packages' lists are in an image. */
export class Places {
  readonly #view: MergedView;
  readonly #diversions: ReadonlyMap<string, Diversion>;
  readonly #folders = new Map<string, string>();

  constructor(view: MergedView, diversions: readonly Diversion[]) {
    this.#view = view;
    this.#diversions = new Map(diversions.map((diversion) => [diversion.from, diversion]));
  }

  /** `line` is one of a package's list, with or without a leading slash. `undefined` for the root. */
  of(line: string, owner: string): ListedPath | undefined {
    const listed = relative(line);
    if (listed === '' || listed === '.') return undefined;
    const diversion = this.#diversions.get(listed);
    const isDiverted = diversion !== undefined && diversion.by !== owner;
    const path = this.#place(isDiverted ? diversion.to : listed);
    return isDiverted ? { listed, path, divertedBy: diversion.by ?? '' } : { listed, path };
  }

  /** Links are followed on the way, not at the end: the package owns the link. */
  #place(path: string): string {
    const slash = path.lastIndexOf('/');
    if (slash < 0) return path;
    const folder = path.slice(0, slash);
    const known = this.#folders.get(folder);
    const place = known ?? this.#folder(folder);
    if (known === undefined) this.#folders.set(folder, place);
    return place === '' ? path.slice(slash + 1) : `${place}${path.slice(slash)}`;
  }

  /** Where a folder isn't in the image, nothing of the package is there: its path stays as it is. */
  #folder(folder: string): string {
    const resolved = this.#view.resolve(folder);
    return resolved.found ? resolved.entry.path : folder;
  }
}
