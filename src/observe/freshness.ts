import type { Observation } from '../results/index.ts';
import { isOfBytes, lastKnown } from './known.ts';
import type { Target } from './types.ts';

/** What is new enough. */
export interface Freshness {
  /** Milliseconds; what was found out later than so long ago. Nothing is, unless told. */
  readonly olderThan: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly platform: string;
  /** Only what came from the bytes counts. */
  readonly bytes: boolean;
}

/** The observation that is new enough to make another look needless. */
export function freshFor(
  { repository, tags }: Target,
  known: readonly Observation[],
  freshness: Freshness,
): Observation | undefined {
  for (const tag of tags) {
    const last = freshOf(`${repository}:${tag}`, known, freshness);
    if (last !== undefined) return last;
  }
  return undefined;
}

/** The tags of a repository that somebody looked at lately: its list of tags need not be asked for, either. */
export function freshTags(
  repository: string,
  known: readonly Observation[],
  freshness: Freshness,
): readonly string[] {
  if (freshness.olderThan === undefined) return [];
  return tagsKnownOf(repository, known).filter(
    (tag) => freshOf(`${repository}:${tag}`, known, freshness) !== undefined,
  );
}

/** Each tag of the repository that was ever looked at. */
export function tagsKnownOf(repository: string, known: readonly Observation[]): readonly string[] {
  const start = `${repository}:`;
  const tags = known.flatMap(({ reference }) =>
    reference.startsWith(start) && !reference.includes('@') ? [reference.slice(start.length)] : [],
  );
  return [...new Set(tags)];
}

function freshOf(
  reference: string,
  known: readonly Observation[],
  { olderThan, now, platform, bytes }: Freshness,
): Observation | undefined {
  if (olderThan === undefined) return undefined;
  const counting = bytes ? known.filter(isOfBytes) : known;
  const last = lastKnown(counting, { reference, platform });
  return last !== undefined && now - Date.parse(last.at) < olderThan ? last : undefined;
}
