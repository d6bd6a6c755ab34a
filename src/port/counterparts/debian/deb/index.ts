export { controlOf, type DebControl } from './control-tar.ts';
export { type DebLimits, defaultDebLimits } from './limits.ts';
export { type Deb, type DebEntry, type OpenDebOptions, openDeb } from './open-deb.ts';
