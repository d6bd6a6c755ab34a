import type { FileFacts } from '../binary/index.ts';
import type { LayerEntry } from '../layer/index.ts';

/** A file's content from elsewhere: a package, a release, the new base, or made anew. */
export interface NewContent {
  /** Gives the bytes afresh at each call; they are checked against `size` and `sha256` as they are written. */
  readonly content: () => AsyncIterable<Uint8Array>;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Where it's from, for people and for provenance: `libz1 1:1.2.13 (arm64)`, `regenerated`. */
  readonly origin: string;
  /** What the file is, where it was looked at. */
  readonly facts?: FileFacts;
}

/** What takes a path's place. */
export type Replacement =
  | ({
      readonly kind: 'file';
      /** Permission bits; those of the replaced file unless told, and needed where a link is replaced. */
      readonly mode?: number;
    } & NewContent)
  | { readonly kind: 'symlink'; readonly linkName: string; readonly origin: string };

/** The entry's bytes, header and content, as they are. For a whiteout: hide the same in the new base, by assembly's rules. */
export interface KeepPlan {
  readonly action: 'keep';
  readonly why: string;
}

/** A file of the old base with new metadata: the new base's content, the entry's mode, owner, times and attributes. */
export interface CopyUpPlan {
  readonly action: 'copy-up';
  readonly why: string;
  /** The path in the new base; the entry's own unless told, and a hard link's target for a link to the old base. */
  readonly from?: string;
  /** Where it goes; the entry's own path unless told. */
  readonly to?: string;
}

/** Other content, with the owner, mode, extended attributes and time of the file it replaces. */
export interface ReplacePlan {
  readonly action: 'replace';
  readonly why: string;
  readonly with: Replacement;
  /** Where it goes; the entry's own path unless told. */
  readonly to?: string;
  /** Seconds since the epoch; the replaced file's unless told. */
  readonly mtime?: number;
}

/** The same under another path; for a whiteout, the path to be hidden instead. */
export interface RenamePlan {
  readonly action: 'rename';
  readonly why: string;
  readonly to: string;
}

export interface DropPlan {
  readonly action: 'drop';
  readonly why: string;
  /**
   * What becomes of a file that the new base or a lower layer has there: `hidden` by a whiteout, or it `shows`. Unless
   * told, files are hidden, and what lower layers have in a dropped directory shows.
   */
  readonly below?: 'hidden' | 'shows';
}

/** What becomes of one entry of a layer above the base. Paths are as in LayerEntry: from the root, without a slash. */
export type PathPlan = KeepPlan | CopyUpPlan | ReplacePlan | RenamePlan | DropPlan;

interface AddedFacts {
  readonly path: string;
  readonly why: string;
  /** Permission bits; 0644 for files and 0755 for directories unless told. */
  readonly mode?: number;
  /** 0 unless told. */
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since the epoch; the assembly's time of new entries unless told. */
  readonly mtime?: number;
  /** Base64 values by name. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** A path that the source layer doesn't have. A `whiteout` hides what the new base or a lower layer has there. */
export type AddedPath = AddedFacts &
  (
    | ({ readonly kind: 'file' } & NewContent)
    | { readonly kind: 'symlink'; readonly linkName: string; readonly origin: string }
    | { readonly kind: 'directory' }
    | { readonly kind: 'whiteout' }
  );

/** What becomes of one layer above the base. */
export interface LayerPlan {
  /** By `entryPath`: one item for each path of the layer's tar, and none beside. It holds for all entries of the path. */
  readonly paths: ReadonlyMap<string, PathPlan>;
  readonly added?: readonly AddedPath[];
}

/** What becomes of every layer above the base, lowest first. */
export interface PortPlan {
  readonly layers: readonly LayerPlan[];
}

/** The path of an entry in its tar: its own, or that of the marker which hides it (image-spec layer.md, "Whiteouts"). */
export function entryPath(entry: Pick<LayerEntry, 'kind' | 'path'>): string {
  if (entry.kind === 'opaque') return entry.path === '' ? '.wh..wh..opq' : `${entry.path}/.wh..wh..opq`;
  if (entry.kind !== 'whiteout') return entry.path;
  const slash = entry.path.lastIndexOf('/') + 1;
  return `${entry.path.slice(0, slash)}.wh.${entry.path.slice(slash)}`;
}
