export { asFolder, isHttpAddress, isSafeServer } from './address.ts';
export { FetchError } from './errors.ts';
export { createFetch, type Fetch, type FetchOptions } from './fetch.ts';
export { FileError, FileStore, type FileSum, type StoredFile } from './file-store.ts';
export { persistent } from './persistent.ts';
export type { Sharing } from './sharing.ts';
export { Spool } from './spool.ts';
export { Turns } from './turns.ts';
