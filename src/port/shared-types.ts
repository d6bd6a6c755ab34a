import type { LayerReader } from '../layer/index.ts';
import type { ImageAccess } from '../registry/index.ts';
import type { Sharing } from './fetch/index.ts';

/**
 * What several ports with the same options work with side by side: a layer, package or document that two of them want is
 * fetched and read once. To be closed when all of them are done.
 */
export interface PortShared extends Sharing {
  readonly access: ImageAccess;
  readonly reader: LayerReader;
  /** Kept from run to run, unless nothing is to be. */
  readonly cache: string;
  close(): Promise<void>;
}
