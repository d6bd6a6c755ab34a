export {
  type ArchiveReader,
  type ArchiveReaderOptions,
  addressOf,
  createArchiveReader,
  type ReadSourceOptions,
  type SourceOffer,
} from './archive-reader.ts';
export { createFetch, type Fetch, type FetchOptions } from './fetch.ts';
export { type ArchiveLimits, defaultArchiveLimits } from './limits.ts';
export { type OfferedPackage, readPackages } from './packages.ts';
