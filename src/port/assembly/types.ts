import type { EventSink } from '../../core/index.ts';
import type { LayerEntry, LayerSource, MergedView } from '../../layer/index.ts';
import type { Descriptor, Digest } from '../../oci/index.ts';
import type { BlobSource } from '../../registry/index.ts';
import type { Account } from '../account.ts';
import type { PortPlan } from '../plan-types.ts';

export interface AssembleInput {
  /** The whole source image. Its last layers, as many as `layers`, are above the base. */
  readonly source: MergedView;
  /** The source image's layers above the base, lowest first. */
  readonly layers: readonly LayerSource[];
  /** The new base. */
  readonly base: MergedView;
  /** The new base's layers, as many as `base` has: read where the plan copies from them. */
  readonly baseLayers: readonly LayerSource[];
  readonly plan: PortPlan;
  /**
   * The path's name on the new platform: the same where it names no architecture, `undefined` where it does and nothing
   * is known to take its place.
   */
  readonly mapPath: (path: string) => string | undefined;
  /** The time of new entries, seconds since the epoch: see `timeOfNewEntries`. */
  readonly created: number;
}

export interface AssembleOptions {
  /** A folder of the caller's, where the new blobs stay when all went well. Nothing else is left in it. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: EventSink;
}

export interface AssembledLayer {
  /** `kept`: the source image's own blob, to be mounted or copied. `rewritten`: a new one. */
  readonly kind: 'kept' | 'rewritten';
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** The blob, afresh at each call; a rewritten one as long as its file is in the work folder. */
  readonly blob: BlobSource;
  /** What its tar must hold, in order. */
  readonly promised: readonly LayerEntry[];
}

export interface AssembledLayers {
  /** Those above the base, lowest first. */
  readonly layers: readonly AssembledLayer[];
  readonly account: Account;
  /** What the bytes of rewritten blobs depend on besides their content: the diff-ids depend on neither. */
  readonly compressor: { readonly gzipLevel: number; readonly zlib: string };
}
