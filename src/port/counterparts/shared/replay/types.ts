import type { PortImage } from '../../../origin-types.ts';
import type { Conffile, Diversion, ListedPath } from '../../debian/database/index.ts';
import type { StoredFile } from '../../debian/store/index.ts';

/** What a package manager recorded of a file's content. Hexadecimal. */
export interface Sum {
  readonly algorithm: 'md5' | 'sha1' | 'sha256';
  readonly hex: string;
}

/** An installed package as far as its files are concerned, whatever manager installed it. */
export interface PackageFiles {
  readonly name: string;
  readonly version: string;
  /** `all` for packages of every architecture. */
  readonly architecture: string;
  readonly state: string;
  readonly source: { readonly name: string };
  readonly conffiles: readonly Conffile[];
  /** Absent where what the package has is unknown. */
  readonly files?: readonly ListedPath[];
  /** MD5 by the path as listed, where that's what the manager keeps. */
  readonly md5sums?: ReadonlyMap<string, string>;
  /** By the path as listed, of configuration files too. */
  readonly sums?: ReadonlyMap<string, Sum>;
  /** The file of the database that names it. */
  readonly recordedIn: string;
  /** Files of the database about this package alone, by what they are. */
  readonly infoFiles: ReadonlyMap<string, string>;
}

/** A package of the new architecture, unpacked. */
export interface NewPackage {
  readonly control: { readonly name: string; readonly version: string; readonly architecture: string };
  readonly files: readonly StoredFile[];
}

export interface ReplayedFiles {
  readonly installed: PackageFiles;
  readonly stored: NewPackage;
  /** `upgrade` where it's a newer version. */
  readonly match: 'same' | 'rebuild' | 'upgrade';
}

export interface FileDatabase {
  readonly packages: readonly PackageFiles[];
  readonly diversions: readonly Diversion[];
  ownersOf(path: string): readonly PackageFiles[];
}

/** What the files of a replay are planned from. */
export interface FileReplay {
  /** For people: `debian`, `apk`, `rpm`. `debian` unless told. */
  readonly ecosystem?: string;
  /**
   * Files that are the same for both architectures get the new package's time: the manager records it, and compiled Python
   * names its source's.
   */
  readonly withTimes?: boolean;
  readonly image: PortImage;
  /** Paths that others answer for. */
  readonly taken: ReadonlySet<string>;
  /** Of the whole image. */
  readonly database: FileDatabase;
  /** Of the base and its sibling. */
  readonly bases?: { readonly old: FileDatabase; readonly new: FileDatabase };
  readonly replayed: readonly ReplayedFiles[];
  /** Packages that want a counterpart and have none: refused already, and left as they are. */
  readonly refused: readonly PackageFiles[];
  /** Packages of the old architecture that the new one has no use for: their files go. */
  readonly gone?: readonly PackageFiles[];
  /** The old architecture's package just as it's installed, where the image doesn't tell what its files were. */
  originalOf?(installed: PackageFiles): Promise<NewPackage | undefined>;
  readonly signal?: AbortSignal | undefined;
}

/** A package manager's names of the two architectures. */
export interface ArchitectureNames {
  readonly source: string;
  readonly target: string;
}
