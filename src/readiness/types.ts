import type { Digest, Platform } from '../oci/index.ts';
import type { Reading } from '../registry/index.ts';
import type { ImageResult } from '../results/index.ts';

/** What is said of one reference: everything of an image result but who uses it. */
export type Judgement = Pick<ImageResult, 'digest' | 'readiness' | 'platforms' | 'evidence' | 'remedies'> & {
  /** What claims to be the target's image, where anything does. */
  readonly target?: TargetImage;
};

export interface TargetImage {
  readonly digest: Digest;
  /** One of an index, or an image that has no index. */
  readonly of: 'index' | 'image';
}

export interface JudgeOptions {
  readonly platform: Platform;
  /**
   * Reads the two child manifests (target and amd64) and the target's config of each index, and compares them: three
   * requests more for an index. Off, an index costs the one request that fetches it.
   */
  readonly compareLayers?: boolean;
  /** How many tags may be asked to find the index a child digest belongs to. Default 20. */
  readonly maxTagLookups?: number;
  readonly signal?: AbortSignal;
}

/** What is judged: a reference, or a tag or digest of a layout or archive, which has no registry. */
export interface Subject {
  readonly registry?: string;
  readonly repository?: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** One judgement under way. */
export interface Case extends Reading {
  readonly reference: Subject;
  readonly options: JudgeOptions;
}
