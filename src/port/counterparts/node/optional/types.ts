import type { ViewEntry } from '../../../../layer/index.ts';
import type { RegistryChoice } from '../configuration/index.ts';
import type { Manifest } from '../manifest.ts';
import type { VersionRecord } from '../registry/index.ts';

/** A package of the image that is for the old platform alone. */
export interface OldPackage {
  /** Its own folder: no link. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Its files with machine code of the old machine, above the base. */
  readonly foreign: readonly ViewEntry[];
}

/** The package that takes an old one's place, as the registry has it. */
export interface Chosen {
  readonly old: OldPackage;
  readonly record: VersionRecord;
  readonly registry: RegistryChoice;
  /** The folder of the package that names both as optional. */
  readonly parent: string;
}

/** Why a package has no counterpart. */
export interface Doubt {
  readonly kind: 'no-counterpart' | 'counterpart' | 'altered';
  /** A sentence. */
  readonly why: string;
  /** The beginning of a sentence. */
  readonly lift: string;
  readonly undetermined?: true;
}
