import { ArmloadError } from '../core/index.ts';

/** What is wrong with a catalog, or with what was asked of it. */
export class CatalogError extends ArmloadError<
  | 'CATALOG_INVALID'
  | 'CATALOG_UNREADABLE'
  | 'CATALOG_MISSING'
  | 'PRODUCT_UNKNOWN'
  | 'VERSION_INVALID'
  | 'OBSERVATIONS_UNREADABLE'
  | 'OBSERVATIONS_UNWRITABLE'
  | 'OBSERVATION_INVALID'
> {}
