import type { SmokeRunOptions } from '../audit/index.ts';
import type { Clock } from '../core/index.ts';
import type { Platform } from '../oci/index.ts';
import type { SignSettings } from '../publish/index.ts';
import type { AccessOptions } from '../registry/index.ts';
import type { BaseKnowledge } from './base/index.ts';

/** A file that a person names for a path. */
export interface NamedReplacement {
  /** Absolute, in the image. */
  readonly path: string;
  /**
   * A file of this machine, or an https address. It may end in `#sha256:HEX`, and then in `!/MEMBER` for a file in a tar,
   * tar.gz, tar.xz, tar.zst or zip.
   */
  readonly from: string;
  /** Hexadecimal; needed for an address. */
  readonly sha256?: string;
}

/** A person's decision to carry a path over that would be refused. */
export interface Waiver {
  /** Absolute, in the image. */
  readonly path: string;
  readonly reason: string;
}

/** Where Debian packages come from, beyond what the image says. */
export interface DebianSettings {
  /** Addresses of archives to their mirrors': the longest prefix wins. */
  readonly mirrors?: Readonly<Record<string, string>>;
  /** Address of snapshots, with `{archive}` and `{time}`. */
  readonly snapshot?: string;
  /** Keyring files of this machine that may sign every source. */
  readonly keyrings?: readonly string[];
  /** Take newer versions of the same release where the installed one is gone. */
  readonly allowUpgrade?: boolean;
  /** Take sources that no trusted key signed, and say so. */
  readonly allowUnsigned?: boolean;
}

export interface PortSettings {
  /** What the new image is for; linux/arm64 unless told. */
  readonly platform?: Platform;
  /** Which of the source's images is ported; linux/amd64 unless told. */
  readonly from?: Platform;
  /** References that may be the base, first choice first. */
  readonly bases?: readonly string[];
  readonly knownBases?: BaseKnowledge;
  /** Look for no base: the whole image counts as above it. */
  readonly noBase?: boolean;
  /** Take the base's sibling even where it's not equal or newer of the same release. */
  readonly allowBaseDifferences?: boolean;
  readonly replacements?: readonly NamedReplacement[];
  readonly waivers?: readonly Waiver[];
  readonly debian?: DebianSettings;
  /** Plan, put together and audit, but write nothing. */
  readonly dryRun?: boolean;
  /** Port even where the source has the platform already, and put the port in the place of that image. */
  readonly replaceExisting?: boolean;
  /** Publish the port alone, without the platforms that the source has. */
  readonly only?: boolean;
  /** Move the tag even if somebody moved it meanwhile. */
  readonly force?: boolean;
  /** Attach provenance, account and SBOM; yes unless told. */
  readonly attach?: boolean;
  readonly sign?: SignSettings;
  /** Try the result out before it's published. */
  readonly run?: SmokeRunOptions;
  /** SOURCE_DATE_EPOCH is read from here; the process's unless told. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** armload's version, for provenance. */
  readonly version?: string;
  /** What kept results depend on besides the bytes; nothing of audits is kept without it. */
  readonly generation?: string;
}

export interface PortOptions extends AccessOptions, PortSettings {
  /** A location of any transport. */
  readonly reference: string;
  /** `host/repository:tag`, `oci:DIR:TAG` or `oci-archive:FILE[:TAG]`; needed unless it's a dry run. */
  readonly to?: string;
  /** A folder for the work; a fresh one among the system's temporary ones unless told. */
  readonly workFolder?: string;
}
