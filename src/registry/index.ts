export type { Destination } from './access/destination.ts';
export { type ImageAccess, type OpenedImage, openAccess } from './access/image-access.ts';
export type { AccessOptions } from './access/options.ts';
export { type ArchiveWriter, createOciArchive } from './archive/write-oci-archive.ts';
export { type CachingOptions, cachingRepository } from './cache/caching-repository.ts';
export { type CacheOptions, defaultCacheDirectory, memoryCache, openCache } from './cache/open-cache.ts';
export type { RegistryCache } from './cache/registry-cache.ts';
export { SharedFlights } from './cache/shared-flights.ts';
export { readSmallBlob } from './cache/small-blob.ts';
export { firstMatch } from './credentials/chain.ts';
export { type CredentialOptions, openCredentials } from './credentials/default-store.ts';
export { credentialIdentity, type IdentityOf } from './credentials/identity.ts';
export { type PullSecret, pullSecretStore } from './credentials/pull-secrets.ts';
export type { TracedStore } from './credentials/source.ts';
export { type FailedRequest, RegistryError, type RegistryFailure } from './errors.ts';
export { loadHosts } from './hosts/host-table.ts';
export { parseRegistries, type RegistriesSettings } from './hosts/settings.ts';
export {
  callOptions,
  type Reading,
  readChild,
  readConfig,
  readConfigBytes,
  readManifest,
} from './images/documents.ts';
export { chooseOffer, collectOffers, type Offer, platformNames } from './images/offers.ts';
export { type Layout, openLayout } from './layout/layout.ts';
export type { LocalRepository } from './layout/stored-repository.ts';
export { formatLocation, type LocalLocation, type Location, parseLocation } from './location.ts';
export { makeFolders } from './make-folders.ts';
export { type OpenedLocal, openLocal } from './open-local.ts';
export { createRegistryClient, type RegistryClient, type RegistryClientOptions } from './remote/client.ts';
export {
  type RegistryOptions,
  type RegistryRequest,
  type RunningRegistry,
  startRegistry,
} from './server/start-registry.ts';
export type {
  BlobSource,
  CallOptions,
  Credential,
  CredentialStore,
  FetchedManifest,
  Quota,
  Repository,
  ResolvedManifest,
  WritableRepository,
} from './types.ts';
