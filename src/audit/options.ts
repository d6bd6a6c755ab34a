import type { Platform } from '../oci/index.ts';
import type { AccessOptions } from '../registry/index.ts';
import type { StartOverride } from './types.ts';

export interface AuditOptions extends AccessOptions, AuditorOptions {
  /** Image references with any transport. */
  readonly references: readonly string[];
}

/** How images are audited, wherever they come from. */
export interface AuditorOptions
  extends Pick<AccessOptions, 'cacheDirectory' | 'noCache' | 'environment' | 'onEvent' | 'signal'> {
  /** The target; `linux/arm64` unless told. */
  readonly platform?: Platform;
  /** Every platform of an index, each for what the index calls it. */
  readonly allPlatforms?: boolean;
  /** What Kubernetes starts instead of the image's own entrypoint and command. */
  readonly override?: StartOverride;
  /** Run what was audited too. */
  readonly run?: SmokeRunOptions;
  /** What kept results depend on besides the bytes: armload's version. */
  readonly generation?: string;
  /** Compressed bytes that may be read in all; an image that would go over is `unknown`. */
  readonly maxBytes?: number;
}

/** What an image is called in the result. */
export interface ImageName {
  /** Canonical. */
  readonly reference: string;
  readonly written: string;
}

/** How an image is tried out. */
export interface SmokeRunOptions {
  /** Commands to run, each as words; what the image starts, with `--version` and the like, unless told. */
  readonly commands?: readonly (readonly string[])[];
  /** The best that is there unless told. */
  readonly means?: SmokeMeans;
  /** For each command; 30 unless told. */
  readonly timeoutSeconds?: number;
}

export const smokeMeans = ['native', 'docker', 'user-namespace'] as const;
export type SmokeMeans = (typeof smokeMeans)[number];
