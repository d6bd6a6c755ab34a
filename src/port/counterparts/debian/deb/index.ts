export type { DebControl } from './control-tar.ts';
export type { DebLimits } from './limits.ts';
export { type Deb, type DebEntry, type OpenDebOptions, openDeb } from './open-deb.ts';
