import type { Observation } from '../results/index.ts';
import { look } from './look.ts';
import type { LookOptions, Target } from './types.ts';

/**
 * Looks at a target by its likeliest tag, or by the next one where that isn't there.
 * @throws the signal's reason.
 */
export async function lookAtTarget(
  { repository, tags: [likeliest, ...others] }: Target,
  options: LookOptions,
): Promise<Observation> {
  const first = await look(`${repository}:${likeliest}`, options);
  let seen = first;
  for (const tag of others) {
    if (!isAbsent(seen)) break;
    seen = await look(`${repository}:${tag}`, options);
  }
  return isAbsent(seen) ? first : seen;
}

function isAbsent({ result, reason }: Observation): boolean {
  return result === 'gone' || (result === 'unknown' && reason === 'not-found');
}
