export {
  type ChannelFetch,
  type ChannelFetchOptions,
  type ChannelLookOptions,
  createChannelFetch,
  lookAtChannels,
} from './channels/index.ts';
export { checkProducts } from './check.ts';
export { look } from './look.ts';
export { observationOf, type SeenOf } from './observation-of.ts';
export type { CheckOptions } from './options.ts';
export type { LookOptions } from './types.ts';
