export { readRpmDatabase } from './database.ts';
export { rpmOrigin } from './origin.ts';
