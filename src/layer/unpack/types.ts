import type { LayerSource } from '../layer-reader.ts';
import type { LayerLimits } from '../limits.ts';
import type { MergedView } from '../merge/types.ts';

export interface UnpackLimits {
  /** Of all files together, holes of sparse files counted, a file with several links once. */
  readonly bytes: number;
  /** Paths of the view. */
  readonly paths: number;
}

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

export interface UnpackOptions {
  readonly view: MergedView;
  /** Lowest first; as many as the view has. */
  readonly layers: readonly LayerSource[];
  /** Must not exist yet, or be empty. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  /** 16 GiB and a million paths unless told. */
  readonly limits?: Partial<UnpackLimits>;
  /** Of each layer's decompression. */
  readonly layerLimits?: Partial<LayerLimits>;
  /** Who gets the files: what the image says, or one for all. Needs root; whoever runs this unless told. */
  readonly owner?: 'image' | FileOwner;
}

/** What was made. */
export interface UnpackReport {
  readonly directories: number;
  /** Files with content of their own. */
  readonly files: number;
  /** Further names of those files. */
  readonly hardlinks: number;
  readonly symlinks: number;
  /** Of all files, holes counted. */
  readonly bytes: number;
  /** Paths of devices and FIFOs, which are never made, and of links to a target that no file system can hold. */
  readonly skipped: number;
}
