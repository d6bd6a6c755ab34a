export { rpmOrigin } from './origin.ts';
