import type { SmokeRunOptions } from '../audit/index.ts';
import type { Clock } from '../core/index.ts';
import type { Platform } from '../oci/index.ts';
import type { SignSettings } from '../publish/index.ts';
import type { AccessOptions } from '../registry/index.ts';
import type { BaseKnowledge } from './base/index.ts';
import type { PortShared } from './shared-types.ts';

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

/** Where packages of another distribution come from, beyond what the image says. */
export interface PackageSettings {
  /** Addresses of repositories to their mirrors': the longest prefix wins. */
  readonly mirrors?: Readonly<Record<string, string>>;
  /** Files of this machine with keys that may sign every repository: PEM for Alpine's, OpenPGP for RPM's. */
  readonly keyrings?: readonly string[];
  /** Take newer versions from the same repositories where the installed one is gone. */
  readonly allowUpgrade?: boolean;
  /** Take what no trusted key signed, and say so. */
  readonly allowUnsigned?: boolean;
}

/** Where RPM packages come from. */
export interface RpmSettings extends PackageSettings {
  /** Addresses of repositories besides those that the image names, or in place of lists of mirrors that it names. */
  readonly repositories?: readonly string[];
}

/** Where wheels of Python's packages come from. */
export interface PythonSettings {
  /**
   * Addresses of indexes (Simple repository API), first choice first. Unless told, those of pip's own configuration on this
   * machine, else the one that an installed pip goes to by itself.
   */
  readonly indexes?: readonly string[];
}

/** How Go programs are built anew. */
export interface GoSettings {
  /** Yes unless told. */
  readonly enabled?: boolean;
  /** The go command: a name on PATH, or an absolute path; `go` unless told. */
  readonly program?: string;
  /** For each step; 1800 unless told. */
  readonly timeoutSeconds?: number;
  /**
   * By absolute path of the image, what a program was linked with: Go doesn't record it with `-trimpath`. It counts where
   * it gives the image's own program.
   */
  readonly linkFlags?: Readonly<Record<string, string>>;
  /** Upstream's own programs: what matches comes before building. */
  readonly assets?: readonly GoAsset[];
}

/** A program of a release, for one platform. */
export interface GoAsset {
  /** Path of the main module. */
  readonly module: string;
  /** Of the module, as its programs record it; any unless told. */
  readonly version?: string;
  /** Of `main`; any of the module unless told. */
  readonly package?: string;
  /** Such as `linux/arm64`. */
  readonly platform: string;
  /** A file, or an https address, with `!/MEMBER` behind for a file in an archive. */
  readonly from: string;
  /** Of what `from` names, hexadecimal. */
  readonly sha256: string;
  /** When it was recorded, ISO 8601. */
  readonly added?: string;
}

/** Where Node packages come from, before what npm's configuration says. */
export interface NodeSettings {
  /** Address of the npm registry. */
  readonly registry?: string;
  /** Addresses of the registries of scopes, by scope: `@acme`. */
  readonly scopes?: Readonly<Record<string, string>>;
}

/** Where newer jars, and those for other platforms, come from. */
export interface JavaSettings {
  /**
   * Addresses of Maven repositories, first choice first. Unless told, those of Maven's own settings on this machine, and the
   * one that an installed Maven goes to by itself.
   */
  readonly repositories?: readonly string[];
  /** Take newer versions of jars that have no machine code for the platform in the installed one. */
  readonly allowUpgrade?: boolean;
}

/** Where NuGet packages come from. */
export interface DotnetSettings {
  /**
   * Addresses of NuGet sources (version 3: of their index.json), first choice first. Unless told, those of NuGet's own
   * configuration on this machine.
   */
  readonly sources?: readonly string[];
}

/** Where Ruby gems come from. */
export interface RubySettings {
  /**
   * Addresses of gem servers, first choice first. Unless told, those of RubyGems' and Bundler's configuration on this machine,
   * those that the image's own Gemfile.lock names, or the one that an installed gem goes to by itself.
   */
  readonly sources?: readonly string[];
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
  readonly apk?: PackageSettings;
  readonly rpm?: RpmSettings;
  readonly node?: NodeSettings;
  readonly go?: GoSettings;
  readonly python?: PythonSettings;
  readonly java?: JavaSettings;
  readonly dotnet?: DotnetSettings;
  readonly ruby?: RubySettings;
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
  /** What it has in common with other ports of the same options; of its own unless told. */
  readonly shared?: PortShared;
}
