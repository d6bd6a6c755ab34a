import type { Channels, Product } from '../../catalog/index.ts';
import { type Clock, systemClock } from '../../core/index.ts';
import { formatPlatform, type Platform } from '../../oci/index.ts';
import type { ChannelLook } from '../../results/index.ts';
import { eachLimited } from '../each-limited.ts';
import type { ChannelFetch } from './channel-fetch.ts';
import { type Compared, type ComparedVersion, judgeChannel, judgeSince } from './judge-channel.ts';
import { lookAtRelease, type Release } from './look-at-release.ts';

export interface ChannelLookOptions {
  readonly fetch: ChannelFetch;
  readonly platform: Platform;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Channel = Channels['list'][number];

const channelsAtOnce = 3;

/**
 * Looks at each channel of a product: which version it publishes for the platform and for another to compare, whether the
 * files are there, and whether the platform came with the version that people say. In the catalog's order; channels that
 * have ended are left out.
 * @throws only the signal's reason.
 */
export async function lookAtChannels(
  { channels }: Product,
  options: ChannelLookOptions,
): Promise<readonly ChannelLook[]> {
  if (channels === undefined) return [];
  const looks: ChannelLook[] = [];
  const list = channels.list.filter(({ ended }) => ended === undefined);
  await eachLimited([...list.entries()], channelsAtOnce, async ([at, channel]) => {
    looks[at] = await lookAtChannel(channel, channels, options);
  });
  return looks;
}

async function lookAtChannel(
  channel: Channel,
  channels: Channels,
  options: ChannelLookOptions,
): Promise<ChannelLook> {
  const { platform, clock = systemClock } = options;
  const look = (version: string, what: Channels) =>
    compare(channel.name, version, { ...options, channels: what });
  const newest = await look(channels.latest, channels);
  const { other, otherArchitecture } = newest;
  const since = await lookAtSince(channel, (version) => look(version, { ...channels, files: [] }));
  return {
    channel: channel.name,
    platform: formatPlatform(platform),
    ...judgeChannel(newest),
    compared: { platform: `${platform.os}/${otherArchitecture}`, ...versionOf(other) },
    at: new Date(clock.now()).toISOString(),
    ...(since === undefined ? {} : { since }),
  };
}

async function compare(
  channel: string,
  version: string,
  { channels, platform, fetch, signal }: ChannelLookOptions & { readonly channels: Channels },
): Promise<ComparedVersion> {
  const { architecture } = platform;
  const otherArchitecture = architecture === 'amd64' ? 'arm64' : 'amd64';
  const look = (of: string) =>
    lookAtRelease({ channels, place: { channel, architecture: of, version }, fetch, signal });
  const compared: Compared = {
    wanted: await look(architecture),
    architecture,
    other: await look(otherArchitecture),
    otherArchitecture,
  };
  return { version, ...compared };
}

async function lookAtSince(
  { since, before }: Channel,
  look: (version: string) => Promise<ComparedVersion>,
): Promise<ChannelLook['since']> {
  if (since === undefined) return undefined;
  const first = await look(since);
  return judgeSince(first, before === undefined ? undefined : await look(before));
}

function versionOf(release: Release): { readonly version?: string } {
  return release.is === 'there' ? { version: release.version } : {};
}
