import type { Digest } from '../../oci/index.ts';
import type { LayerEntry, LayerFacts } from '../facts/types.ts';

/** A path of an image, all layers applied. */
export interface ViewEntry {
  /** From the root, without a leading slash; empty for the root. */
  readonly path: string;
  /**
   * What is there. For a hard link, the entry of the file it shares. For a directory that no layer's tar names, one
   * made up: mode 0755, owner 0, time 0.
   */
  readonly entry: LayerEntry;
  /** Index of the layer that gives this path. */
  readonly layer: number;
  /** Index of the layer that gives `entry`: a lower one where a hard link leads there. */
  readonly contentLayer: number;
  /** True for a directory that no tar entry made. */
  readonly implicit: boolean;
}

export interface ViewNote {
  readonly kind: /** A hard link names nothing, or a directory: engines refuse the layer. The path is left out. */
    | 'hardlink-target-missing'
    /** A path leads through a file of its own layer: engines refuse the layer. The path is left out. */
    | 'parent-not-directory'
    /** A path leads through a symbolic link of a lower layer: engines disagree on what happens. */
    | 'through-lower-symlink'
    /** The root itself is to be something else than a directory. The entry is left out. */
    | 'bad-root';
  readonly path: string;
  readonly layer: number;
  readonly text: string;
}

/** How a path ends when its links are followed. */
export type Resolution =
  | {
      readonly found: true;
      readonly entry: ViewEntry;
      /** The symbolic links followed, in order. */
      readonly through: readonly ViewEntry[];
    }
  | {
      readonly found: false;
      /** `missing`, `not-directory`: nothing at `path`, or a file where a directory is needed. */
      readonly reason: 'missing' | 'not-directory' | 'too-many-links';
      /** Where it ended. */
      readonly path: string;
      readonly through: readonly ViewEntry[];
    };

/** The files of an image as a container sees them. */
export interface MergedView {
  readonly layers: readonly LayerFacts[];
  readonly notes: readonly ViewNote[];
  /** Number of paths, the root not counted. */
  readonly size: number;
  /** The path itself: no link is followed, not even on the way. */
  lookup(path: string): ViewEntry | undefined;
  /**
   * Follows symbolic links as the kernel does inside a container: absolute targets start at the root, `..` above the root
   * stays there, at most 40 links. `followLast: false` leaves a link at the end alone.
   */
  resolve(path: string, options?: { readonly followLast?: boolean; readonly from?: string }): Resolution;
  /** What is in a directory, sorted by name; empty for what is none. No link is followed. */
  list(path: string): readonly ViewEntry[];
  /** All paths, a directory before what is in it, names in the order of their code units. */
  entries(): IterableIterator<ViewEntry>;
  /** All paths of the file that this path is one of, itself included, sorted. */
  links(path: string): readonly string[];
  /** The content of a wanted file, if it was kept. */
  content(entry: ViewEntry): Uint8Array | undefined;
  /** The diff-id of the layer that gives the path. */
  diffId(entry: ViewEntry): Digest | undefined;
}

export interface MergeOptions {
  /**
   * What becomes of a lower layer's symbolic link when a path leads through it. `replace`: a directory takes its place,
   * as when containerd, Docker and CRI-O unpack a layer for overlayfs. `follow`: the path goes where the link points, as
   * when layers are unpacked on top of each other (umoci, kaniko, other snapshotters).
   */
  readonly symlinkedParents?: 'replace' | 'follow';
}
