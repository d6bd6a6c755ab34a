export type { UnpackLimits } from './limits.ts';
export { createPackageStore, type PackageStoreOptions } from './package-store.ts';
export type { PackageStore, StoredFile, StoredPackage } from './types.ts';
