import type { Draft } from './draft.ts';
import type { NewPlaces } from './new-places.ts';
import type { Standing } from './standings.ts';
import type { ArchitectureNames, FileReplay, PackageFiles } from './types.ts';

/** A replay of files while it's planned. */
export interface FileParts {
  readonly draft: Draft;
  readonly input: FileReplay;
  readonly names: ArchitectureNames;
  readonly standings: ReadonlyMap<PackageFiles, Standing>;
  readonly places: NewPlaces;
  /** The file of the database that lists all packages. */
  readonly recordPath: string;
}

/** The layer in which the image records the package. */
export function layerOf(installed: PackageFiles, { draft }: Pick<FileParts, 'draft'>): number {
  const { view, baseLayers } = draft.image;
  const list = view.lookup(installed.infoFiles.get('list') ?? installed.recordedIn);
  const own = list !== undefined && list.layer >= baseLayers ? list : view.lookup(installed.recordedIn);
  return own?.layer ?? baseLayers;
}
