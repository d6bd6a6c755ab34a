import type { FileFacts } from '../../../../binary/index.ts';
import type { EntryKind } from '../../../../layer/index.ts';
import type { CallOptions } from '../../../../registry/index.ts';
import type { Counterpart } from '../counterparts/index.ts';
import type { DebControl } from '../deb/index.ts';

/** A file, directory, link or device of a package. */
export interface StoredFile {
  /**
   * From the root, without a leading slash, as the package has it: it may lead through what is a link in the image. Bytes
   * that aren't UTF-8 are U+DC80 up, as in a layer's entries.
   */
  readonly path: string;
  /** A `hardlink` is one of a file; further names of a symbolic link or a device are of that kind themselves. */
  readonly kind: Exclude<EntryKind, 'whiteout' | 'opaque'>;
  /** Permission bits with setuid, setgid and sticky. Of a hard link, this and what follows is its file's. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Bytes; 0 for all but files and hard links. */
  readonly size: number;
  /** Hexadecimal, of files and hard links. */
  readonly sha256?: string;
  readonly md5?: string;
  /** A symbolic link's target as written; of a hard link, the `path` it names. */
  readonly linkName?: string;
  /** Extended attributes, base64 values by name. */
  readonly xattrs?: Readonly<Record<string, string>>;
  /** Major and minor number. */
  readonly device?: readonly [number, number];
  /** What a file is, looked at as an image's files are; absent where it could not be inspected. */
  readonly facts?: FileFacts;
  /**
   * The bytes, afresh at each call, checked against `sha256` at their end.
   * @throws DebianError `DEBIAN_CACHE` where the store lost or damaged them, or for what is no file.
   */
  readonly content: () => AsyncIterable<Uint8Array>;
}

export interface StoredPackage {
  readonly control: DebControl;
  /** In the package's order, the root left out. Where it has a path twice, dpkg takes the last. */
  readonly files: readonly StoredFile[];
}

/** Packages, unpacked once and kept. To be closed. */
export interface PackageStore {
  /**
   * Fetches and unpacks the package unless that was done before. Nothing of its files is in memory then but facts; their
   * content stays readable until the store is closed.
   * @throws DebianError, or the signal's reason.
   */
  get(counterpart: Counterpart, options?: CallOptions): Promise<StoredPackage>;
  /** Ends its threads. Nothing may be asked of it any more. */
  close(): Promise<void>;
}
