import type { PortImage } from '../../../origin-types.ts';
import type { Counterpart } from '../counterparts/index.ts';
import type { InstalledPackage, PackageDatabase } from '../database/index.ts';
import type { StoredPackage } from '../store/index.ts';

/** A package of the image, and the target's that takes its place. */
export interface ReplayedPackage {
  readonly installed: InstalledPackage;
  readonly stored: StoredPackage;
  /** `upgrade` where it's a newer version. */
  readonly match: Counterpart['match'];
}

/** Everything that a replay is planned from. */
export interface ReplayInput {
  readonly image: PortImage;
  /** Paths that others answer for. */
  readonly taken: ReadonlySet<string>;
  /** Of the whole image. */
  readonly database: PackageDatabase;
  /** Of the base and its sibling; absent without a base, or where it has no packages. */
  readonly bases?: { readonly old: PackageDatabase; readonly new: PackageDatabase };
  readonly replayed: readonly ReplayedPackage[];
  /** Packages that want a counterpart and have none: refused already, and left as they are. */
  readonly refused: readonly InstalledPackage[];
  /** Packages of the old architecture that the new one has no use for: their files go. */
  readonly gone?: readonly InstalledPackage[];
  /** Packages of the new architecture that the image lacks and that others need. */
  readonly extra?: readonly StoredPackage[];
  /**
   * The old architecture's package just as it's installed: asked where the image doesn't tell what its files were.
   * `undefined` where no source has it any more.
   */
  readonly originalOf?: (installed: InstalledPackage) => Promise<StoredPackage | undefined>;
  readonly signal?: AbortSignal | undefined;
}

/** Debian's names of the two architectures. */
export interface DebianNames {
  readonly source: string;
  readonly target: string;
}
