/** Bounds on one layer. Bytes unless said otherwise. */
export interface LayerLimits {
  /** Of the tar, decompressed. */
  readonly uncompressedBytes: number;
  /** Decompressed for each compressed byte, counted once `ratioFreeBytes` are decompressed. */
  readonly ratio: number;
  readonly ratioFreeBytes: number;
  readonly entries: number;
  /** Of all facts together, as JSON. */
  readonly documentBytes: number;
  /** Holes of all sparse files together that are hashed and inspected as zeros. */
  readonly sparseBytes: number;
  /** Inflated from archives inside the layer; of those beyond, no more is read. */
  readonly inflatedBytes: number;
  /** Of one file whose content is kept, and of all of them together. */
  readonly contentBytes: number;
  readonly contentsBytes: number;
}

export const defaultLayerLimits: LayerLimits = {
  uncompressedBytes: 64 * 1024 ** 3,
  ratio: 500,
  ratioFreeBytes: 1024 ** 3,
  entries: 500_000,
  documentBytes: 256 * 1024 ** 2,
  sparseBytes: 1024 ** 3,
  inflatedBytes: 4 * 1024 ** 3,
  contentBytes: 16 * 1024 ** 2,
  contentsBytes: 64 * 1024 ** 2,
};
