export {
  type ArchiveReader,
  type ArchiveReaderOptions,
  addressOf,
  createArchiveReader,
  type SourceOffer,
} from './archive-reader.ts';
export { createFetch, type Fetch, type FetchOptions } from './fetch.ts';
export type { ArchiveLimits } from './limits.ts';
export type { OfferedPackage } from './packages.ts';
