import type { CatalogCheckResult, CheckedProduct } from '../../results/index.ts';
import type { Outcome } from '../outcome.ts';

/**
 * The exit code of a check of the catalog, and why:
 *
 * | code | when |
 * |---|---|
 * | 0 | nothing is worse than it was |
 * | 1 | an image or a channel lost the platform, an image lies about it, or contradicts what is said of its product |
 * | 2 | none of that, but something could not be determined |
 */
export function catalogCheckOutcomeOf({ products }: CatalogCheckResult): Outcome {
  if (products.some(({ regressions }) => regressions.length > 0))
    return { code: 1, reason: 'an image lost its platform' };
  if (products.some(({ findings }) => findings.some(({ kind }) => kind === 'channel-lost')))
    return { code: 1, reason: 'a channel lost its platform' };
  if (products.some(({ findings }) => findings.some(({ severity }) => severity === 'error')))
    return { code: 1, reason: 'an image is not what it says' };
  if (products.some(({ after }) => after.state === 'regressed'))
    return { code: 1, reason: 'a product has regressed' };
  if (products.some(isUndetermined)) return { code: 2, reason: 'something could not be determined' };
  return { code: 0, reason: 'nothing is worse than it was' };
}

/** Is there something that nobody could tell? */
export function isUndetermined({ observations, findings }: CheckedProduct): boolean {
  return (
    observations.some(({ result }) => result === 'unknown') ||
    findings.some((one) => one.undetermined === true)
  );
}

/** What a reader should see without asking for all. */
export function isWorthTelling(product: CheckedProduct): boolean {
  // Of channels nothing is kept: each look is news.
  const { before, after, regressions, findings, channels = [] } = product;
  return (
    before.state !== after.state ||
    after.state === 'regressed' ||
    regressions.length > 0 ||
    findings.some(({ severity }) => severity !== 'note') ||
    channels.length > 0 ||
    isUndetermined(product)
  );
}
