/** Bytes. */
export const limits = {
  /** Of an index, inflated. */
  index: 512 * 1024 ** 2,
  /** Of a package's signatures and control part together, as stored; and of each inflated. */
  control: 16 * 1024 ** 2,
  controlInflated: 64 * 1024 ** 2,
  /** How far a package may unpack for each byte of it, beyond `ratioFree`. */
  ratio: 500,
  ratioFree: 1024 ** 3,
} as const;
