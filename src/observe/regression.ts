import type { Observation, Regression } from '../results/index.ts';
import { isGood, isOfBytes } from './known.ts';

/**
 * Is the platform's image lost? Only where it was known to be there, and is known not to be now: what nobody could tell
 * is no loss, and what an audit finds in the very image that documents were believed of is a finding, but no change.
 */
export function regressionBetween(
  before: Observation | undefined,
  after: Observation,
): Regression | undefined {
  if (before === undefined || !isGood(before.result)) return undefined;
  const kind = kindOf(before, after);
  if (kind === undefined) return undefined;
  return { kind, reference: after.reference, before, after, why: whyOf(kind, before, after) };
}

function kindOf(before: Observation, after: Observation): Regression['kind'] | undefined {
  switch (after.result) {
    case 'multi-arch':
    case 'single-arch':
    case 'unknown':
      return undefined;
    case 'none':
      return 'lost';
    case 'gone':
      return 'gone';
    case 'mislabelled':
      return 'mislabelled';
    case 'partial':
      return isOfBytes(before) || before.image !== after.image ? 'partial' : undefined;
  }
}

function whyOf(kind: Regression['kind'], before: Observation, after: Observation): string {
  const had = `on ${before.at.slice(0, 10)} it had ${after.platform}`;
  const now = {
    lost: 'now it has none',
    gone: 'now the tag is gone',
    mislabelled: isOfBytes(before)
      ? 'now its bytes are of another machine'
      : 'the bytes, which nobody had looked at, are of another machine',
    partial: 'now not all of it can run there',
  }[kind];
  const moved = before.digest !== undefined && after.digest !== undefined && before.digest !== after.digest;
  return `${had}, ${now}${moved ? `: the tag has moved from ${before.digest} to ${after.digest}` : ''}`;
}
