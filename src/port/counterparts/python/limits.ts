/** Bounds on what indexes and wheels give. Bytes, milliseconds or numbers of things. */
export interface PythonLimits {
  /** Of one project's page, and how many files it may list. */
  readonly pageBytes: number;
  readonly pageFiles: number;
  /** For one page, and for one wheel, all tries together. */
  readonly pageTime: number;
  readonly wheelTime: number;
  /** Of a wheel, and of what it unpacks to; of files in it. */
  readonly wheelBytes: number;
  readonly unpackedBytes: number;
  readonly wheelFiles: number;
  /** Unpacked for each packed byte, counted above `ratioFreeBytes`. */
  readonly ratio: number;
  readonly ratioFreeBytes: number;
  /** Of a wheel's RECORD, METADATA or WHEEL. */
  readonly recordBytes: number;
  /** Wheels and pages fetched at a time. */
  readonly parallel: number;
  /** Wheels of the old architecture that are looked at for one distribution. */
  readonly candidates: number;
}

export const defaultPythonLimits: PythonLimits = {
  pageBytes: 64 * 1024 ** 2,
  pageFiles: 200_000,
  pageTime: 2 * 60_000,
  wheelTime: 30 * 60_000,
  wheelBytes: 4 * 1024 ** 3,
  unpackedBytes: 16 * 1024 ** 3,
  wheelFiles: 200_000,
  ratio: 200,
  ratioFreeBytes: 256 * 1024 ** 2,
  recordBytes: 32 * 1024 ** 2,
  parallel: 4,
  candidates: 4,
};
