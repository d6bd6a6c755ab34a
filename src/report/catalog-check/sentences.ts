import type { CatalogCheckResult, ChannelLook, CheckedProduct, Observation } from '../../results/index.ts';
import { observationResults } from '../../results/index.ts';
import { count, plainText } from '../text.ts';
import { catalogCheckOutcomeOf } from './outcome.ts';

/** `supported → regressed`, or the state that stayed. */
export function describeMove({ before, after }: CheckedProduct): string {
  const [was, is] = [plainText(before.state), plainText(after.state)];
  return was === is ? is : `${was} → ${is}`;
}

/** `multi-arch (audit)`, `unknown (timeout)`. */
export function describeSeen({ result, reason, method }: Observation): string {
  if (result === 'unknown') return reason === undefined ? result : `${result} (${plainText(reason)})`;
  return method === 'manifest' ? result : `${result} (${method})`;
}

/** `has 4230.2.4; since 3033.2.0, confirmed`, `none; linux/amd64 has 2983.2.1`, `unknown (timeout)`. */
export function describeChannel({ result, reason, version, compared, since }: ChannelLook): string {
  const is = reason === undefined ? result : `${result} (${plainText(reason)})`;
  const of = version === undefined ? '' : ` ${plainText(version)}`;
  const other =
    result === 'none' && compared?.version !== undefined
      ? `; ${compared.platform} has ${plainText(compared.version)}`
      : '';
  const came = since === undefined ? '' : `; since ${plainText(since.version)}, ${sinceWords[since.seen]}`;
  return `${is}${of}${other}${came}`;
}

const sinceWords = {
  confirmed: 'confirmed',
  contradicted: 'contradicted',
  unknown: 'as people say',
} as const;

/** `3 products · 5 images looked at: 4 multi-arch, 1 none · 1 regression · 1 state moved · exit 1: …`. */
export function catalogCheckTotalsOf(result: CatalogCheckResult): string {
  const { code, reason } = catalogCheckOutcomeOf(result);
  const { products, observations, results, regressions, moved } = result.summary;
  const seen = observationResults.flatMap((word) => (results[word] > 0 ? [`${results[word]} ${word}`] : []));
  const channels = result.products.reduce((sum, one) => sum + (one.channels?.length ?? 0), 0);
  const fresh = result.products.reduce((sum, one) => sum + one.fresh.length, 0);
  return [
    count(products, 'product'),
    `${count(observations, 'image')} looked at${seen.length === 0 ? '' : `: ${seen.join(', ')}`}`,
    ...(channels === 0 ? [] : [`${count(channels, 'channel')} looked at`]),
    ...(fresh === 0 ? [] : [`${fresh} known already`]),
    ...(regressions === 0 ? [] : [count(regressions, 'regression')]),
    ...(moved === 0 ? [] : [`${count(moved, 'state')} moved`]),
    ...(result.recorded ? [] : ['nothing was recorded']),
    `exit ${code}: ${reason}`,
  ].join(' · ');
}
