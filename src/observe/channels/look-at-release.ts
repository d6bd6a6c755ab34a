import { type ChannelPlace, type Channels, channelAddress } from '../../catalog/index.ts';
import type { ChannelFetch } from './channel-fetch.ts';
import { ChannelError } from './errors.ts';

export interface ReleaseQuestion {
  readonly channels: Channels;
  readonly place: ChannelPlace;
  readonly fetch: ChannelFetch;
  readonly signal?: AbortSignal | undefined;
}

/** What a channel has for one architecture under one version, or under its word for the newest. */
export type Release =
  | {
      readonly is: 'there';
      readonly version: string;
      /** Names of files, of those that are asked about. */
      readonly present: readonly string[];
      readonly missing: readonly string[];
    }
  | { readonly is: 'absent' }
  | { readonly is: 'unknown'; readonly reason: string; readonly why: string };

/**
 * Looks up the version that is published, and whether its files are there: of the version that was told, so that one which
 * comes meanwhile doesn't mix with it.
 * @throws the signal's reason.
 */
export async function lookAtRelease(question: ReleaseQuestion): Promise<Release> {
  const { channels, place, fetch, signal } = question;
  try {
    const answer = await fetch('GET', channelAddress(channels.version, place), { signal });
    if (answer.is === 'absent') return answer;
    const version = versionIn(answer.text, channels.variable);
    if (version === undefined) return malformed(question);
    const [present, missing]: [string[], string[]] = [[], []];
    for (const template of channels.files) {
      const url = channelAddress(template, { ...place, version });
      const { is } = await fetch('HEAD', url, { signal });
      (is === 'there' ? present : missing).push(fileName(url));
    }
    return { is: 'there', version, present, missing };
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return { is: 'unknown', reason: error.code, why: error.message };
  }
}

/** `FLATCAR_VERSION=3033.2.0`, in quotes or not. Of several such lines nobody can tell which is meant. */
function versionIn(text: string, variable: string): string | undefined {
  const values = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith(`${variable}=`))
    .map((line) =>
      line
        .slice(variable.length + 1)
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2'),
    );
  const [value, ...more] = values;
  return value !== undefined && more.length === 0 && /^\d[\w.+-]{0,63}$/.test(value) ? value : undefined;
}

function malformed({ channels, place }: ReleaseQuestion): Release {
  const url = channelAddress(channels.version, place);
  return {
    is: 'unknown',
    reason: 'malformed',
    why: `${url} says no version in a line ${channels.variable}=`,
  };
}

function fileName(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
