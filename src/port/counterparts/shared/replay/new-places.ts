import type { MergedView } from '../../../../layer/index.ts';
import type { Diversion } from '../../debian/database/index.ts';
import type { Spelling } from './spelling.ts';

/** Says where a package's paths go in the new image: through its links and diversions. */
export class NewPlaces {
  readonly #view: MergedView;
  readonly #diversions = new Map<string, Diversion>();
  readonly #folders = new Map<string, string>();

  /** @param view the old image's, whose links outside of architectures' folders the new one has too. */
  constructor(view: MergedView, diversions: readonly Diversion[], spelling: Pick<Spelling, 'candidates'>) {
    this.#view = view;
    for (const diversion of diversions) this.#diversions.set(diversion.from, diversion);
    for (const { from, to, ...rest } of diversions) {
      const targets = spelling.candidates(to);
      for (const [at, name] of spelling.candidates(from).entries())
        if (!this.#diversions.has(name))
          this.#diversions.set(name, { ...rest, from: name, to: targets[at] ?? to });
    }
  }

  /** `path` is a package's, `owner` its name. */
  of(path: string, owner: string): string {
    const diversion = this.#diversions.get(path);
    return this.at(diversion !== undefined && diversion.by !== owner ? diversion.to : path);
  }

  /** Links are followed on the way, not at the end; of a folder that isn't there, as far as it goes. */
  at(path: string): string {
    const slash = path.lastIndexOf('/');
    if (slash < 0) return path;
    const folder = path.slice(0, slash);
    const known = this.#folders.get(folder);
    const place = known ?? this.#folder(folder);
    if (known === undefined) this.#folders.set(folder, place);
    return place === '' ? path.slice(slash + 1) : `${place}${path.slice(slash)}`;
  }

  #folder(folder: string): string {
    const resolved = this.#view.resolve(folder);
    if (resolved.found) return resolved.entry.path;
    return resolved.reason === 'missing' ? resolved.path : folder;
  }
}
