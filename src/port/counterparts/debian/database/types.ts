import type { Paragraph } from '../control.ts';
import type { SourcePackage } from '../source-of.ts';

/** dpkg(1), "Package states". */
export type PackageState =
  | 'not-installed'
  | 'config-files'
  | 'half-installed'
  | 'unpacked'
  | 'half-configured'
  | 'triggers-awaited'
  | 'triggers-pending'
  | 'installed';

/** A configuration file: what the package brings once, and the administrator owns. */
export interface Conffile {
  /** From the root, as the package names it, without a leading slash. */
  readonly path: string;
  /** MD5 of what the package brought, hexadecimal; absent where dpkg wrote that it's new. */
  readonly md5?: string;
  /** The installed version of the package has it no more. */
  readonly obsolete: boolean;
}

/** A path of a package's list. */
export interface ListedPath {
  /** As the list names it, without a leading slash: `lib/x86_64-linux-gnu/libc.so.6`. */
  readonly listed: string;
  /** Where that is in the image, diversions and the symbolic links on its way followed: `usr/lib/…`. */
  readonly path: string;
  /** The package that has the path diverted; empty for a local diversion. */
  readonly divertedBy?: string;
}

/** `interest`, `activate` and their kinds (deb-triggers(5)). */
export interface Trigger {
  readonly directive: string;
  readonly name: string;
}

/** A package of the image's dpkg database. */
export interface InstalledPackage {
  readonly name: string;
  /** `all` for packages of every architecture; empty where an old record of a removed one has none. */
  readonly architecture: string;
  readonly version: string;
  readonly source: SourcePackage;
  readonly multiArch: 'no' | 'same' | 'foreign' | 'allowed';
  readonly essential: boolean;
  /** What is wanted (`install`, `hold`, …), the error flag, and the state. */
  readonly want: string;
  readonly flag: string;
  readonly state: PackageState;
  readonly conffiles: readonly Conffile[];
  /** Absent where the list is missing or unread: what the package owns is unknown then. */
  readonly files?: readonly ListedPath[];
  /** MD5 by the path as listed; absent where the file is missing or unread. */
  readonly md5sums?: ReadonlyMap<string, string>;
  readonly triggers: readonly Trigger[];
  /** The file of the database that names it, and its fields there, in order. */
  readonly recordedIn: string;
  readonly paragraph: Paragraph;
  /** Its files in `var/lib/dpkg/info`, by what they are; paths in the image. */
  readonly infoFiles: ReadonlyMap<string, string>;
}

/** dpkg-divert(1). */
export interface Diversion {
  /** Without leading slashes. */
  readonly from: string;
  readonly to: string;
  /** The package whose file stays at `from`; absent where an administrator diverted it. */
  readonly by?: string;
}

/** dpkg-statoverride(1): an owner and mode that win over the package's. */
export interface StatOverride {
  /** Names, or numbers after `#`. */
  readonly user: string;
  readonly group: string;
  readonly mode: number;
  /** Without a leading slash. */
  readonly path: string;
}

/** A group of links of update-alternatives(1). Paths are without leading slashes. */
export interface Alternative {
  readonly name: string;
  readonly mode: 'auto' | 'manual';
  readonly link: string;
  /** Links that follow the first, by their names. */
  readonly followers: ReadonlyMap<string, string>;
  readonly choices: readonly AlternativeChoice[];
  /** Where `etc/alternatives/NAME` points, as written; absent where it's no link. */
  readonly current?: string;
}

export interface AlternativeChoice {
  readonly path: string;
  readonly priority: number;
  /** Targets by the followers' names; a follower without a target has none. */
  readonly followers: ReadonlyMap<string, string>;
}

/** Something of the database that is missing or can't be read. */
export interface DatabaseProblem {
  /** Path in the image, without a leading slash. */
  readonly path: string;
  readonly text: string;
}

/** What dpkg knows of an image. */
export interface PackageDatabase {
  /** `distroless`: a file a package in `status.d`, without lists. Where both are there, both are read. */
  readonly form: 'dpkg' | 'distroless' | 'both';
  /** dpkg's own architecture in the image; absent where nothing tells. */
  readonly nativeArchitecture?: string;
  readonly foreignArchitectures: readonly string[];
  /** In the order of the database, those that aren't installed left out. */
  readonly packages: readonly InstalledPackage[];
  readonly diversions: readonly Diversion[];
  readonly statOverrides: readonly StatOverride[];
  readonly alternatives: readonly Alternative[];
  readonly problems: readonly DatabaseProblem[];
  /** The packages whose lists hold this path of the image; directories have many. */
  ownersOf(path: string): readonly InstalledPackage[];
}

export type DatabaseReading =
  | { readonly kind: 'read'; readonly database: PackageDatabase }
  /** No file of a dpkg database is in the image. */
  | { readonly kind: 'none' }
  /** There is one, but it can't be read: what is installed is unknown. */
  | { readonly kind: 'unreadable'; readonly path: string; readonly text: string };
