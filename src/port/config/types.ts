import type { MergedView } from '../../layer/index.ts';
import type { Digest, Platform } from '../../oci/index.ts';

/** A layer above the base in the new image. */
export interface OwnLayer {
  readonly diffId: Digest;
  /** Which of the image's own layers it is or replaces, counted from the base; absent for an added one. */
  readonly original?: number;
  /** What the history is to say of it: `replaced: 3 files`. Absent for a layer that is kept. */
  readonly comment?: string;
}

export interface MergeConfigInput {
  /** The configs as they are. Both bases or none: without one the whole image is above it. */
  readonly oldBase?: Uint8Array;
  readonly app: Uint8Array;
  readonly newBase?: Uint8Array;
  /** What the new image is for. */
  readonly platform: Platform;
  /** The new image's files. */
  readonly view: MergedView;
  /** The image's files as they were: a path that was missing before is then no problem of the port. */
  readonly originalView?: MergedView;
  /** The layers above the base, lowest first. */
  readonly layers: readonly OwnLayer[];
  /** RFC 3339; the image's own time unless told. */
  readonly created?: string;
  /** Takes the place of what the image says of its base's digest, if it does. */
  readonly baseDigest?: Digest;
}

/** What became of one member of the config, for the account. */
export interface ConfigDecision {
  /** `config.Env.JAVA_HOME`, `architecture`. */
  readonly member: string;
  readonly action: /** Unchanged above the base: the new base's value, or none where the new base has none. */
    | 'from-base'
    | 'kept'
    /** Kept, with paths or words spelled for the new architecture. */
    | 'mapped'
    /** Made of both, part by part. */
    | 'merged'
    /** As the caller said. */
    | 'set'
    | 'removed';
  readonly why: string;
}

export interface ConfigProblem {
  readonly member: string;
  readonly kind: /** A path that is not in the new image. */
    | 'missing-path'
    /** A word for the old architecture, which nothing tells how to translate. */
    | 'names-architecture';
  /** The path or word. */
  readonly value: string;
  readonly why: string;
}

export interface ConfigMerge {
  /** The new config: compact JSON, equal for equal input. */
  readonly bytes: Uint8Array;
  readonly decisions: readonly ConfigDecision[];
  readonly problems: readonly ConfigProblem[];
}
