export { type HistoryEntry, type ImageConfig, parseConfig } from './config.ts';
export {
  algorithmOf,
  type Digest,
  type DigestAlgorithm,
  DigestChecker,
  digestOf,
  isDigest,
  parseDigest,
  verifyDigest,
} from './digest.ts';
export { maxIndexEntries, maxManifestBytes } from './document.ts';
export { DocumentError, InvalidReferenceError } from './errors.ts';
export {
  type ArtifactManifest,
  type Descriptor,
  type ImageManifest,
  type Index,
  type IndexEntry,
  isAttestation,
  type Manifest,
  parseManifest,
  type Schema1Manifest,
} from './manifest.ts';
export { acceptedManifestTypes, imageConfigTypes, indexTypes, mediaTypes } from './media-types.ts';
export {
  defaultPlatform,
  formatPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
  runsOn,
  samePlatform,
} from './platform.ts';
export { formatReference, parseReference, type Reference, repositoryName } from './reference.ts';
export { parseRunSettings, type RunSettings } from './run-settings.ts';
