/** Bounds on what gem servers give. Bytes, milliseconds or numbers of things. */
export interface RubyLimits {
  readonly gemBytes: number;
  /** That a gem unpacks to, and of files in it. */
  readonly unpackedBytes: number;
  readonly files: number;
  /** Of a gem's page in a server's index. */
  readonly pageBytes: number;
  /** Of a gem's metadata. */
  readonly metadataBytes: number;
  /** For one answer, all tries together. */
  readonly time: number;
}

export const defaultRubyLimits: RubyLimits = {
  gemBytes: 1024 ** 3,
  unpackedBytes: 4 * 1024 ** 3,
  files: 100_000,
  pageBytes: 32 * 1024 ** 2,
  metadataBytes: 8 * 1024 ** 2,
  time: 15 * 60_000,
};
