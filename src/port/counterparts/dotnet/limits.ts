/** Bounds on what sources give. Bytes, milliseconds or numbers of things. */
export interface DotnetLimits {
  readonly packageBytes: number;
  /** Of a source's own documents, and of a program's. */
  readonly documentBytes: number;
  /** Of a file taken out of a package. */
  readonly memberBytes: number;
  /** That a package unpacks to. */
  readonly unpackedBytes: number;
  /** For one answer, all tries together. */
  readonly time: number;
  /** Versions of a host that are looked at for one program. */
  readonly versions: number;
}

export const defaultDotnetLimits: DotnetLimits = {
  packageBytes: 1024 ** 3,
  documentBytes: 8 * 1024 ** 2,
  memberBytes: 512 * 1024 ** 2,
  unpackedBytes: 4 * 1024 ** 3,
  time: 15 * 60_000,
  versions: 40,
};
