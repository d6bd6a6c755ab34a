import type { FileParts } from '../replay/file-parts.ts';
import type { Standing } from '../replay/standings.ts';
import type { ArchitectureNames } from '../replay/types.ts';
import type {
  FetchedPackage,
  Findings,
  InstalledDatabase,
  InstalledPackage,
  OfferedPackage,
  Offers,
} from './types.ts';

/** What a package manager knows, and how its packages are had. */
export interface Manager<P extends InstalledPackage, O extends OfferedPackage, N extends FetchedPackage> {
  /** For people: `apk`, `rpm`. */
  readonly ecosystem: string;
  readonly names: ArchitectureNames;
  readonly database: InstalledDatabase<P>;
  readonly bases?: { readonly old: InstalledDatabase<P>; readonly new: InstalledDatabase<P> };
  /** The file that lists all packages. */
  readonly recordPath: string;
  /** Did a person ask for it by name? */
  isChosen(name: string): boolean;
  /** @throws the signal's reason. */
  find(wanted: readonly P[]): Promise<Findings<P, O>>;
  /** @throws PackagesError, or the signal's reason. */
  fetch(offer: O): Promise<N>;
  /** Packages for the target that give what another needs. */
  offersFor(need: string): Promise<Offers<O>>;
  /** Tells files of new packages that the image's package manager was told to leave out. */
  leftOut?(replayed: readonly Replayed<P, N>[]): (path: string) => boolean;
  /** Plans the database's files. */
  planDatabase(parts: FileParts, state: NewState<P, N>): void | Promise<void>;
}

/** What the new image has of packages. */
export interface NewState<P extends InstalledPackage, N extends FetchedPackage> {
  readonly standings: ReadonlyMap<P, Standing<P, Replayed<P, N>>>;
  /** Of the new base, which the old one and the image lack. */
  readonly ofBase: readonly P[];
  /** Packages that others need on the new architecture alone. */
  readonly extra: readonly N[];
}

export interface Replayed<P extends InstalledPackage, N extends FetchedPackage> {
  readonly installed: P;
  readonly stored: N;
  readonly match: 'same' | 'upgrade';
}
