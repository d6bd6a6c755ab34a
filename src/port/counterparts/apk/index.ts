export { apkOrigin } from './origin.ts';
