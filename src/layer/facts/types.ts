import type { FileFacts } from '../../binary/index.ts';
import type { Digest } from '../../oci/index.ts';
import type { Compression } from '../codec/media-type.ts';

export type EntryKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'character-device'
  | 'block-device'
  | 'fifo'
  /** Hides `path` in lower layers (image-spec layer.md, "Whiteouts"). */
  | 'whiteout'
  /** Hides what lower layers have in the directory `path`. */
  | 'opaque';

/** One entry of a layer's tar, as plain data. */
export interface LayerEntry {
  /** From the root, without a leading or closing slash; empty for the root itself. Bytes that aren't UTF-8 are U+DC80 up. */
  readonly path: string;
  readonly kind: EntryKind;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the content, holes counted; 0 for all but files. */
  readonly size: number;
  /** Seconds since the epoch; may be negative or have a fraction. */
  readonly mtime: number;
  /** A symbolic link's target as written; of a hard link, the `path` it names. */
  readonly linkName?: string;
  /** Extended attributes, base64 values by name: `security.capability`. */
  readonly xattrs?: Readonly<Record<string, string>>;
  /** Major and minor number. */
  readonly device?: readonly [number, number];
  /** Of a file's content, hexadecimal; absent where a note says why. */
  readonly sha256?: string;
  /** The same, where the reader was asked for it. */
  readonly md5?: string;
  readonly sha1?: string;
  /** What the file is; absent where a note says why. */
  readonly facts?: FileFacts;
}

/** Something about a layer that a reader of its facts should know. */
export interface LayerNote {
  readonly kind:
    | 'path-escapes'
    | 'path-too-long'
    | 'name-not-utf8'
    | 'bad-whiteout'
    | 'unknown-type'
    | 'sparse-too-large'
    | 'content-too-large'
    | 'inspection-failed'
    | 'compression-differs';
  readonly path?: string;
  readonly text: string;
}

/** Everything later steps ask of a layer, read once. */
export interface LayerFacts {
  /** The digest of the uncompressed tar. */
  readonly diffId: Digest;
  /** Bytes of the tar. */
  readonly size: number;
  readonly compression: Compression;
  /** `estargz` and `zstd:chunked` are gzip and zstd with an index for lazy pulling. */
  readonly format: 'tar' | 'estargz' | 'zstd:chunked';
  /** In the order of the tar. */
  readonly entries: readonly LayerEntry[];
  readonly notes: readonly LayerNote[];
  /** Notes beyond those kept. */
  readonly notesOmitted: number;
  /** Contents of the wanted files, by the index of their entry. */
  readonly contents: ReadonlyMap<number, Uint8Array>;
}
