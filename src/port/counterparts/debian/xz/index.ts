export { unxz } from './unxz.ts';
