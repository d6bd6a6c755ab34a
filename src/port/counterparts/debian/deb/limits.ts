/** Bounds on one package. Bytes unless said otherwise. */
export interface DebLimits {
  /** Of the control tar, decompressed. */
  readonly controlBytes: number;
  /** Of the data tar, decompressed, and for each byte of the package once `ratioFreeBytes` are. */
  readonly dataBytes: number;
  readonly ratio: number;
  readonly ratioFreeBytes: number;
  readonly entries: number;
}

export const defaultDebLimits: DebLimits = {
  controlBytes: 64 * 1024 ** 2,
  dataBytes: 32 * 1024 ** 3,
  ratio: 1000,
  ratioFreeBytes: 256 * 1024 ** 2,
  entries: 500_000,
};
