/** Bounds on what a person names for a path. Bytes, or milliseconds. */
export interface ReleaseLimits {
  /** Of what is named, and of what is taken out of it. */
  readonly bytes: number;
  /** That an archive unpacks to, until its end. */
  readonly unpackedBytes: number;
  /** For one download, all tries together. */
  readonly time: number;
}

export const defaultReleaseLimits: ReleaseLimits = {
  bytes: 4 * 1024 ** 3,
  unpackedBytes: 16 * 1024 ** 3,
  time: 30 * 60_000,
};
