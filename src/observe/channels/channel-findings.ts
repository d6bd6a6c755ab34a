import { type Channels, compareVersions, readVersion } from '../../catalog/index.ts';
import type { ChannelLook, CheckFinding } from '../../results/index.ts';

/** What is wrong with the channels, and what nobody could tell of them. */
export function channelFindings(
  looks: readonly ChannelLook[],
  channels: Channels | undefined,
): CheckFinding[] {
  return looks.flatMap((look) => {
    const said = channels?.list.find(({ name }) => name === look.channel);
    return [...ofResult(look, said?.since), ...ofSince(look, said?.doubt !== undefined)];
  });
}

function ofResult(look: ChannelLook, since: string | undefined): CheckFinding[] {
  const { channel, result, why, compared } = look;
  const sentence = `channel ${channel}: ${why}`;
  switch (result) {
    case 'has':
      return [];
    case 'none':
      return hadIt(compared?.version, since)
        ? [
            {
              kind: 'channel-lost',
              severity: 'error',
              why: `${sentence}; it is said to have it since ${since}`,
            },
          ]
        : [{ kind: 'channel-lacks', severity: 'note', why: sentence }];
    case 'gone':
      return [{ kind: 'channel-gone', severity: 'note', why: sentence }];
    case 'unknown':
      return [{ kind: 'channel-unknown', severity: 'warning', undetermined: true, why: sentence }];
  }
}

/** Is what the channel publishes as new as what it's said to have the platform since? */
function hadIt(version: string | undefined, since: string | undefined): boolean {
  const [is, first] = [readVersion(version ?? ''), readVersion(since ?? '')];
  return is !== undefined && first !== undefined && compareVersions(is, first) >= 0;
}

/** What is doubted anyway is no news. */
function ofSince({ channel, since }: ChannelLook, isDoubted: boolean): CheckFinding[] {
  if (since?.seen !== 'contradicted') return [];
  const why = `channel ${channel} is said to have it since ${since.version}, and ${since.why}`;
  return [{ kind: 'contradicts-claim', severity: isDoubted ? 'note' : 'warning', why }];
}
