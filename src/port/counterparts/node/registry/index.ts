export { type Integrity, parseIntegrity } from './integrity.ts';
export { Registry, type VersionRecord } from './registry.ts';
export { obtainTarball, type Tarball, TarballCache } from './tarballs.ts';
export { type PackageFile, unpackTarball } from './unpack.ts';
