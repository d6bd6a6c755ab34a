import type { FileFacts } from '../../../../binary/index.ts';
import type { StoredFile } from './types.ts';

/** Raised when an index of an older armload must not be read any more; also when an inspection finds more. */
export const indexVersion = 1;
/** Bytes of the SHA-256 that a document follows. */
export const checksumBytes = 32;
/** What a document begins with. */
export const documentStart = `{"version":${indexVersion},"rows":[`;

/** In the order of their codes in an index. */
export const kinds = [
  'file',
  'directory',
  'symlink',
  'hardlink',
  'character-device',
  'block-device',
  'fifo',
] as const satisfies readonly StoredFile['kind'][];

export interface RowDetails {
  /** Of files: SHA-256 and MD5. */
  readonly h?: readonly [sha256: string, md5: string];
  readonly l?: string;
  readonly x?: Readonly<Record<string, string>>;
  readonly d?: readonly [number, number];
  readonly f?: FileFacts;
}

/**
 * One path: the kind's code, path, mode, uid, gid, mtime, size, details. Bodies lie one after the other in the order of
 * the files' rows. A hard link's row has its path and the index of its file's row only.
 */
export type Row =
  | readonly [
      kind: number,
      path: string,
      mode: number,
      uid: number,
      gid: number,
      mtime: number,
      size: number,
      details: RowDetails,
    ]
  | readonly [kind: number, path: string, target: number, linkName: string];

/** What a document ends with, after its rows. */
export interface DocumentEnd {
  /** SHA-256 of the package that was unpacked. */
  readonly package: string;
  /** Of all files together. */
  readonly bodyBytes: number;
  /** The files of the control tar: names, and contents in base64. */
  readonly control: readonly (readonly [name: string, content: string])[];
}
