import { type DebLimits, defaultDebLimits } from '../deb/index.ts';

/** Bounds on one package, besides those of reading it. Bytes. */
export interface UnpackLimits extends DebLimits {
  /** Of all facts together, as JSON. */
  readonly indexBytes: number;
  /** Inflated from archives among the files; of those beyond, no more is read. */
  readonly inflatedBytes: number;
}

export const defaultUnpackLimits: UnpackLimits = {
  ...defaultDebLimits,
  indexBytes: 256 * 1024 ** 2,
  inflatedBytes: 4 * 1024 ** 3,
};
