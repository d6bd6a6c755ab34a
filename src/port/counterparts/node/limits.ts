/** Bounds on what registries give. Bytes, milliseconds, or numbers of things. */
export interface NodeLimits {
  /** Of what a registry says of one version, and of all versions of a package. */
  readonly recordBytes: number;
  readonly packumentBytes: number;
  /** Of a package's tarball, of what it unpacks to, of one file in it. */
  readonly tarballBytes: number;
  readonly unpackedBytes: number;
  readonly fileBytes: number;
  readonly files: number;
  /** For a question, and for a tarball, all tries together. */
  readonly questionTime: number;
  readonly tarballTime: number;
  /** Optional packages of one package that are asked for where their names don't say which is meant. */
  readonly candidates: number;
}

export const defaultNodeLimits: NodeLimits = {
  recordBytes: 4 * 1024 ** 2,
  packumentBytes: 64 * 1024 ** 2,
  tarballBytes: 512 * 1024 ** 2,
  unpackedBytes: 2 * 1024 ** 3,
  fileBytes: 1024 ** 3,
  files: 50_000,
  questionTime: 60_000,
  tarballTime: 15 * 60_000,
  candidates: 64,
};
