export { findIndexes, type IndexesResult } from './find-indexes.ts';
export type { Environment } from './pip-settings.ts';
