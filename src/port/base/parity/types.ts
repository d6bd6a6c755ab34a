import type { MergedView } from '../../../layer/index.ts';
import type { Digest } from '../../../oci/index.ts';

/** One of the two images compared: the old base, or its sibling for the target platform. */
export interface ParitySide {
  readonly view: MergedView;
  /** The image config as it is. */
  readonly config: Uint8Array;
  /** The index it's from, where that is known. */
  readonly indexDigest?: Digest;
}

export interface ParityOptions {
  /** Takes newer packages of the same release; so it is unless told. */
  readonly allowNewer?: boolean;
}

/** One thing in which the sibling differs. */
export interface ParityDifference {
  readonly kind:
    | 'distribution'
    | 'libc'
    | 'package'
    | 'user'
    | 'group'
    | 'shell'
    | 'certificates'
    | 'layout'
    | 'path';
  /** A package, a user, a path. */
  readonly name: string;
  /** Absent where the old base has none. */
  readonly old?: string;
  /** Absent where the sibling has none. */
  readonly new?: string;
  /** `harmless`: what is built on the old base can't tell. */
  readonly weight: 'harmless' | 'newer' | 'different';
  readonly why: string;
}

/** Something that could not be compared. */
export interface Uncompared {
  readonly what: string;
  readonly why: string;
}

export interface ParityReport {
  /**
   * `equal`, `newer-patch` (same release, some packages newer), `different`; `unknown` where nothing differs but
   * something could not be compared.
   */
  readonly verdict: 'equal' | 'newer-patch' | 'different' | 'unknown';
  /** Both are from one index, so the publisher says that they are the same: packages are not compared. */
  readonly exact: boolean;
  /** By the default policy: one index, or the same release and libc with equal or newer packages. */
  readonly acceptable: boolean;
  /** Sorted by kind and name. */
  readonly differences: readonly ParityDifference[];
  readonly uncompared: readonly Uncompared[];
}

/** What one comparison gives. */
export interface Comparison {
  readonly differences: readonly ParityDifference[];
  readonly uncompared?: readonly Uncompared[];
}
