import type { PlatformAuditors } from '../audit/index.ts';
import type { Clock } from '../core/index.ts';
import type { Platform } from '../oci/index.ts';
import type { ImageAccess } from '../registry/index.ts';

/** What looking at one reference needs. */
export interface LookOptions {
  readonly access: ImageAccess;
  readonly platform: Platform;
  /** Reads the bytes of what claims the platform; without it, the registry's documents decide. */
  readonly audit?: Pick<PlatformAuditors, 'audit'>;
  /** Compares the target's documents with amd64's too, for three requests more an index. */
  readonly compareLayers?: boolean;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Something to look at. */
export interface Target {
  /** The registry and repository. */
  readonly repository: string;
  /** Likeliest first; the next is tried where the one before isn't there. */
  readonly tags: readonly [string, ...string[]];
}
