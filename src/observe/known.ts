import { compareText } from '../core/index.ts';
import type { Observation, ObservationResult } from '../results/index.ts';

/** Does the platform's image run, as far as was looked? */
export function isGood(result: ObservationResult): boolean {
  switch (result) {
    case 'multi-arch':
    case 'single-arch':
      return true;
    case 'none':
    case 'mislabelled':
    case 'partial':
    case 'gone':
    case 'unknown':
      return false;
  }
}

/** Did it come from the bytes themselves? */
export function isOfBytes({ method }: Pick<Observation, 'method'>): boolean {
  return method !== 'manifest';
}

/** What was last known of a reference; what nobody could tell is no knowledge. */
export function lastKnown(
  observations: readonly Observation[],
  { reference, platform }: Pick<Observation, 'reference' | 'platform'>,
): Observation | undefined {
  return observations
    .filter((one) => one.reference === reference && one.platform === platform && one.result !== 'unknown')
    .sort(oldestFirst)
    .at(-1);
}

/** Of one moment, what the bytes said counts more. */
function oldestFirst(left: Observation, right: Observation): number {
  return compareText(left.at, right.at) || Number(isOfBytes(left)) - Number(isOfBytes(right));
}

/**
 * What the bytes said of an image holds for as long as a reference names that very image: a look at documents alone
 * neither clears what an audit found, nor takes back what it proved.
 */
export function withEarlierAudit(seen: Observation, earlier: readonly Observation[]): Observation {
  if (seen.method !== 'manifest' || !isGood(seen.result) || seen.image === undefined) return seen;
  const before = earlier
    .filter((one) => one.image === seen.image && one.platform === seen.platform)
    .filter(({ method }) => method === 'audit' || method === 'build')
    .filter((one) => one.result !== 'unknown' && one.at <= seen.at)
    .sort(oldestFirst)
    .at(-1);
  if (before === undefined) return seen;
  const why = `still the image ${seen.image}, of which it was found on ${before.at.slice(0, 10)}: ${before.why}`;
  return {
    ...seen,
    method: 'audit',
    result: isGood(before.result) ? seen.result : before.result,
    // Not longer for each time that it's said again.
    why: before.why.startsWith('still the image ') ? before.why : why.slice(0, 2048),
  };
}
