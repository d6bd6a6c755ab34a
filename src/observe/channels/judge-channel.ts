import type { ChannelLook } from '../../results/index.ts';
import type { Release } from './look-at-release.ts';

export interface Compared {
  /** Of the platform that is asked about, `arm64`. */
  readonly wanted: Release;
  readonly architecture: string;
  /** Of another one, whose lack shows that it's not the platform's. */
  readonly other: Release;
  readonly otherArchitecture: string;
}

export type ChannelVerdict = Pick<ChannelLook, 'result' | 'reason' | 'why' | 'version'>;

/**
 * Has the channel the platform? A 404 alone says little: that it's the platform's lack shows in the other one's being there.
 * A file that neither has is none of what the channel publishes.
 */
export function judgeChannel(compared: Compared): ChannelVerdict {
  const { wanted, architecture, other, otherArchitecture } = compared;
  if (wanted.is === 'unknown') return unknown(wanted.reason, wanted.why);
  if (wanted.is === 'there') return judgeFiles(wanted, compared);
  switch (other.is) {
    case 'there':
      return {
        result: 'none',
        why: `it publishes ${other.version} for ${otherArchitecture}, and nothing for ${architecture}`,
      };
    case 'absent':
      return { result: 'gone', why: `it publishes nothing, for ${otherArchitecture} neither` };
    case 'unknown':
      return unknown(
        other.reason,
        `nothing is there for ${architecture}, and whether the channel is there at all is not known: ${other.why}`,
      );
  }
}

function judgeFiles(
  { version, present, missing }: Extract<Release, { is: 'there' }>,
  { architecture, other, otherArchitecture }: Compared,
): ChannelVerdict {
  const said = `it publishes ${version} for ${architecture}`;
  if (missing.length === 0) return { result: 'has', version, why: `${said}, with all its files` };
  const lacks = `${version} for ${architecture} lacks ${missing.join(', ')}`;
  if (other.is !== 'there' || present.length === 0) return { ...unknown('incomplete', lacks), version };
  const own = missing.filter((file) => !other.missing.includes(file));
  if (own.length === 0)
    return { result: 'has', version, why: `${said}, with all files that ${otherArchitecture} has` };
  return { ...unknown('incomplete', `${lacks}; ${otherArchitecture} has ${own.join(', ')}`), version };
}

function unknown(reason: string, why: string): ChannelVerdict {
  return { result: 'unknown', reason, why };
}

/** One version of a channel, for both architectures. */
export interface ComparedVersion extends Compared {
  readonly version: string;
}

/**
 * Is it so that the platform came with a version? Its own release shows it, and that the one before lacked it. Old releases
 * go: where neither architecture has one any more, nobody can tell.
 */
export function judgeSince(
  first: ComparedVersion,
  before: ComparedVersion | undefined,
): NonNullable<ChannelLook['since']> {
  const { version } = first;
  const { result, why } = judgeChannel(first);
  if (result === 'none')
    return { version, seen: 'contradicted', why: `${version} is there for ${first.otherArchitecture} alone` };
  if (result !== 'has') return { version, seen: 'unknown', why: `of ${version} nobody can tell: ${why}` };
  const is = `${version} is there for ${first.architecture}`;
  if (before === undefined) return { version, seen: 'confirmed', why: is };
  const earlier = judgeChannel(before);
  if (earlier.result === 'has')
    return {
      version,
      seen: 'contradicted',
      why: `${before.version} is there for ${first.architecture} already`,
    };
  return earlier.result === 'none'
    ? { version, seen: 'confirmed', why: `${is}, and ${before.version} is not` }
    : { version, seen: 'confirmed', why: `${is}; of ${before.version} nobody can tell: ${earlier.why}` };
}
