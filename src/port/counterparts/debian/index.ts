export {
  type ArchiveLimits,
  type ArchiveReader,
  type ArchiveReaderOptions,
  addressOf,
  createArchiveReader,
  createFetch,
  type Fetch,
  type FetchOptions,
  type OfferedPackage,
  type SourceOffer,
} from './archive/index.ts';
export {
  type ControlField,
  type ControlOptions,
  fieldOf,
  type Paragraph,
  parseControl,
  readControl,
} from './control.ts';
export {
  type Counterpart,
  type CounterpartResult,
  type Counterparts,
  type FindOptions,
  findCounterparts,
  type RefusalReason,
  type SourceFailure,
  type UnknownReason,
} from './counterparts/index.ts';
export {
  type Alternative,
  type AlternativeChoice,
  type Conffile,
  type DatabaseProblem,
  type DatabaseReading,
  type Diversion,
  type InstalledPackage,
  type ListedPath,
  type PackageDatabase,
  type PackageState,
  readDatabase,
  type StatOverride,
  type Trigger,
} from './database/index.ts';
export {
  type Deb,
  type DebControl,
  type DebEntry,
  type DebLimits,
  type OpenDebOptions,
  openDeb,
} from './deb/index.ts';
export { debianFiles } from './debian-files.ts';
export { DebianError } from './errors.ts';
export {
  type AptSource,
  mirrorSources,
  parseSources,
  readSources,
  type SignedBy,
  type SnapshotOptions,
  type SourceProblem,
  type SourcesReading,
  snapshotSources,
} from './sources/index.ts';
export {
  createPackageStore,
  type PackageStore,
  type PackageStoreOptions,
  type StoredFile,
  type StoredPackage,
  type UnpackLimits,
} from './store/index.ts';
export { type ImageKeyrings, type Keyring, readKeyrings } from './trust/index.ts';
export { compareVersions, type DebianVersion, parseVersion, withoutRebuild } from './version.ts';
