import type { Platform } from '../oci/index.ts';
import type { AccessOptions } from '../registry/index.ts';
import type { Remedy } from '../results/index.ts';

/** Knows what helps where an image isn't ready. */
export interface RemedySource {
  /** Best first. `reference` is canonical. */
  remediesFor(reference: string, about: { readonly platform: string }): Promise<readonly Remedy[]>;
}

export interface ScanOptions extends AccessOptions {
  /**
   * Paths of files and folders, image references with any transport, and `-` for stdin. What exists as a path is one;
   * of the rest, what looks like a path is an error and everything else a reference.
   */
  readonly inputs: readonly string[];
  /** The target; `linux/arm64` unless told. */
  readonly platform?: Platform;
  /** Gives what came in on stdin; needed where `-` is an input. */
  readonly stdin?: () => Promise<string>;
  /** Compose profiles that are on; all unless told. */
  readonly profiles?: readonly string[];
  /**
   * Compare the layers of the target's image with those of linux/amd64: finds many images that only claim the target,
   * for three requests more an index.
   */
  readonly compareLayers?: boolean;
  /** Audit what is `suspect`, or all that claims the target: read the bytes, and say `mislabelled` where they lie. */
  readonly deep?: 'suspect' | 'all';
  /** Compressed bytes of layers that `deep` may read in all; images beyond keep their verdict, and say so. 2 GB unless told. */
  readonly deepBytes?: number;
  /** Opens the catalog, which is asked where something isn't ready; without it, only registries are. */
  readonly catalog?: () => Promise<RemedySource>;
  /** What kept results of audits depend on besides the bytes: armload's version. */
  readonly generation?: string;
}
