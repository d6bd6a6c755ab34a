export { readApkDatabase } from './database.ts';
export { apkOrigin } from './origin.ts';
