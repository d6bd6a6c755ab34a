export { baseOrigin } from './base-origin.ts';
