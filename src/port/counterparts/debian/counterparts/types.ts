import type { InstalledPackage } from '../database/index.ts';
import type { AptSource } from '../sources/index.ts';

/** The target architecture's package for an installed one. */
export interface Counterpart {
  readonly name: string;
  readonly version: string;
  /** The target's, or `all`. */
  readonly architecture: string;
  /** To fetch it from; may hold the password of a source, so `redact` it for people. */
  readonly url: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
  /**
   * `same`: the same version. `rebuild`: the same source, rebuilt without a change (`+bN`). `upgrade`: a newer version of the
   * same archive, which was asked for.
   */
  readonly match: 'same' | 'rebuild' | 'upgrade';
  readonly source: AptSource;
  /** Fingerprints of the keys that vouch for it; none where that was allowed. */
  readonly signers: readonly string[];
  /** What is to be recorded of the source: taken unsigned, of another suite. */
  readonly notes: readonly string[];
}

/** Why there is no counterpart, though everything could be read. */
export type RefusalReason =
  /** No source has the package for the target at all. */
  | 'not-in-archive'
  /** Sources have it in newer versions only. */
  | 'only-newer'
  /** Sources have it in older versions only. */
  | 'only-older'
  /** Sources have the very version, but built from another source package. */
  | 'other-source'
  /** It's of an architecture that the target doesn't take the place of: i386 in an amd64 image. */
  | 'other-architecture'
  /** Its installation was never finished. */
  | 'half-installed'
  /** Its upgrade has no version in common with other packages of its source, which must be of one version. */
  | 'siblings-differ';

/** Why it's not known whether there is one. */
export type UnknownReason =
  /** The image names no archive that could be read. */
  'no-sources' | 'source-unreachable' | 'source-unsigned' | 'source-expired' | 'source-unreadable';

export type CounterpartResult =
  | { readonly kind: 'found'; readonly package: InstalledPackage; readonly counterpart: Counterpart }
  | {
      readonly kind: 'refused';
      readonly package: InstalledPackage;
      readonly reason: RefusalReason;
      /** A sentence for people. */
      readonly text: string;
      readonly hint?: string;
      /** Versions that the sources have for the target, the newest first. */
      readonly offered: readonly string[];
    }
  | {
      readonly kind: 'unknown';
      readonly package: InstalledPackage;
      readonly reason: UnknownReason;
      readonly text: string;
      readonly hint?: string;
    };

/** A source that could not be used, or has nothing for the target. */
export interface SourceFailure {
  readonly source: AptSource;
  readonly reason: UnknownReason | 'nothing-for-target';
  readonly text: string;
  readonly hint?: string;
}

export interface Counterparts {
  /** One for each installed package of the image's own or another architecture; those of `all` need none. */
  readonly results: readonly CounterpartResult[];
  readonly failures: readonly SourceFailure[];
}
