import type { ViewEntry } from '../../../../../layer/index.ts';
import type { Draft } from '../draft.ts';
import { foldersOf } from '../folders.ts';
import type { FileDatabase } from '../types.ts';

/** Says where a file that no package owns goes with its folder. */
export class MovedFolders {
  readonly #draft: Draft;
  readonly #database: FileDatabase;
  /** Folders that hold machine code which nothing answers for: what belongs together stays together. */
  readonly #stuck = new Set<string>();
  readonly #names = new Map<string, string | undefined>();

  constructor(draft: Draft, database: FileDatabase, stuck: readonly ViewEntry[]) {
    this.#draft = draft;
    this.#database = database;
    for (const { path } of stuck) for (const folder of foldersOf(path)) this.#stuck.add(folder);
  }

  /** `undefined` where it stays. */
  newPlace(path: string): string | undefined {
    const folders = foldersOf(path);
    const at = folders.findIndex((folder) => this.#isOwned(folder));
    const owned = folders[at];
    if (owned === undefined) return undefined;
    const own = folders[at - 1];
    if (own !== undefined && this.#stuck.has(own)) return undefined;
    const name = this.nameOf(owned);
    return name === undefined ? undefined : `${name}${path.slice(owned.length)}`;
  }

  /** The folder's name on the new architecture; `undefined` where it's the same. */
  nameOf(folder: string): string | undefined {
    if (!this.#names.has(folder)) this.#names.set(folder, this.#find(folder));
    return this.#names.get(folder);
  }

  #find(folder: string): string | undefined {
    const names = this.#draft.spelling.candidates(folder);
    return names.find((name) => this.#isThere(name)) ?? names[0];
  }

  #isThere(folder: string): boolean {
    return this.#draft.holds(folder) || this.#draft.image.newBase.resolve(folder).found;
  }

  #isOwned(folder: string): boolean {
    return this.#database.ownersOf(folder).length > 0;
  }
}
