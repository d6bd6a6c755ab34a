import type { Material } from '../../../origin-types.ts';
import type { FileDatabase, PackageFiles } from '../replay/types.ts';
import type { NeedingPackage } from './needs.ts';
import type { UnpackedFile } from './unpack.ts';

/** An installed package with what it needs. */
export type InstalledPackage = PackageFiles & NeedingPackage;

export interface InstalledDatabase<P extends InstalledPackage> extends FileDatabase {
  readonly packages: readonly P[];
  ownersOf(path: string): readonly P[];
}

/** A package that a repository has. */
export interface OfferedPackage extends NeedingPackage {
  readonly version: string;
  /** As the package manager spells it. */
  readonly architecture: string;
}

/** One that was fetched, checked and unpacked. */
export interface FetchedPackage extends NeedingPackage {
  readonly control: { readonly name: string; readonly version: string; readonly architecture: string };
  readonly files: readonly UnpackedFile[];
  readonly material: Material;
  /** Kinds of scripts that would have to run where it's installed anew. */
  readonly scripts: readonly string[];
}

/** A package without a counterpart. */
export interface Failure<P> {
  readonly installed: P;
  /** `unknown` where not every repository could be asked. */
  readonly kind: 'refused' | 'unknown';
  /** No repository has a package of that name for the target. */
  readonly isAbsent: boolean;
  /** Sentences. */
  readonly text: string;
  readonly lift: string;
}

export interface Findings<P, O> {
  readonly found: readonly { readonly installed: P; readonly offer: O; readonly match: 'same' | 'upgrade' }[];
  readonly failed: readonly Failure<P>[];
}

export interface Offers<O> {
  /** The likeliest first. */
  readonly candidates: readonly O[];
  /** A repository that may have it couldn't be read. */
  readonly isUnknown: boolean;
}
