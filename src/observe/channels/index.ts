export {
  type ChannelFetch,
  type ChannelFetchOptions,
  createChannelFetch,
} from './channel-fetch.ts';
export { channelFindings } from './channel-findings.ts';
export { type ChannelLookOptions, lookAtChannels } from './look-at-channels.ts';
