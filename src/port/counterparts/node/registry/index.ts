export { type Integrity, isStrong, parseIntegrity } from './integrity.ts';
export { Registry, type RegistryParts, type VersionRecord } from './registry.ts';
export { obtainTarball, type Tarball, TarballCache } from './tarballs.ts';
export { type PackageFile, unpackTarball } from './unpack.ts';
