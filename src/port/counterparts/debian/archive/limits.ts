/** Bounds on what an archive sends. Bytes, or milliseconds. */
export interface ArchiveLimits {
  readonly releaseBytes: number;
  /** Of an index, compressed and decompressed. */
  readonly indexBytes: number;
  /** Of one package file. */
  readonly packageBytes: number;
  /** For one Release file, one index, one package. */
  readonly releaseTime: number;
  readonly downloadTime: number;
}

export const defaultArchiveLimits: ArchiveLimits = {
  releaseBytes: 32 * 1024 ** 2,
  indexBytes: 1024 ** 3,
  packageBytes: 8 * 1024 ** 3,
  releaseTime: 60_000,
  downloadTime: 30 * 60_000,
};
