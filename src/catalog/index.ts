export type { Catalog, ImageMatch } from './catalog.ts';
export { type ChannelPlace, channelAddress } from './channels.ts';
export { CatalogError } from './errors.ts';
export { builtInCatalogFolder, defaultObservationsFolder } from './folders.ts';
export type { ImageVerdict } from './image-verdict.ts';
export { listCatalog, type ResultOptions, showProduct } from './lists.ts';
export { type CatalogOptions, loadCatalog } from './load-catalog.ts';
export {
  type Observation,
  type ObservationResult,
  observationResults,
  observationSchema,
} from './observation.ts';
export {
  appendObservations,
  type KeptObservations,
  newestObservations,
  readObservations,
} from './observation-store.ts';
export { catalogPage, type PageOptions } from './page.ts';
export { type ImagePlace, type Product, tagOfVersion, versionOfTag } from './product.ts';
export {
  type Channels,
  type Claim,
  type ProductDocument,
  type ProductImage,
  productJsonSchema,
  productSchema,
  type Workaround,
} from './product-schema.ts';
export type { RecipeChoice } from './recipes.ts';
export type { RemedyOptions } from './remedies.ts';
export { type JudgedProduct, stateOf } from './state.ts';
export { compareVersions, isInRange, isPrerelease, readVersion, type Version } from './versions.ts';
export type { StateOptions } from './view.ts';
export type { JudgedWorkaround } from './workarounds.ts';
