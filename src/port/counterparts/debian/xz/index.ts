export { unxz, type XzLimits } from './unxz.ts';
