import { type JudgedProduct, type Product, stateOf } from '../catalog/index.ts';
import { compareText, systemClock } from '../core/index.ts';
import { formatPlatform } from '../oci/index.ts';
import {
  type CatalogCheckResult,
  type ChannelLook,
  type CheckedProduct,
  catalogCheckSchemaVersion,
  type Observation,
  observationResults,
  severities,
} from '../results/index.ts';
import { channelFindings, lookAtChannels } from './channels/index.ts';
import { eachLimited, oneAtATime } from './each-limited.ts';
import { findingsOf } from './findings.ts';
import { freshFor } from './freshness.ts';
import { lastKnown, withEarlierAudit } from './known.ts';
import { lookAtTarget } from './look-at-target.ts';
import type { CheckOptions } from './options.ts';
import { regressionBetween } from './regression.ts';
import { type ProductTargets, targetsOf } from './targets.ts';
import type { Target } from './types.ts';

/** Products, and images of each, that are asked about at a time; the registry client bounds the requests to each registry. */
const productsAtOnce = 12;
const imagesAtOnce = 4;

/**
 * Looks at the images of products, keeps what was seen, and says what became of the products' states. What a registry
 * says, or doesn't say, never throws. Where it's interrupted, what was seen so far has been kept.
 * @throws what `record` throws; the signal's reason.
 */
export async function checkProducts(
  products: readonly Product[],
  given: CheckOptions,
): Promise<CatalogCheckResult> {
  const check: Check = { options: inOrder(given), looks: new Map() };
  const { onEvent } = given;
  const checked: CheckedProduct[] = [];
  onEvent?.({ type: 'phase', phase: 'looking at products', total: products.length });
  await eachLimited(stalestFirst(products, given), productsAtOnce, async (product) => {
    checked.push(await checkProduct(product, check));
    onEvent?.({ type: 'progress', done: checked.length, total: products.length });
  });
  return resultOf(
    checked.sort((left, right) => compareText(left.product, right.product)),
    given,
  );
}

interface Check {
  readonly options: CheckOptions;
  /** By target: what several products have in common is looked at once. */
  readonly looks: Map<string, Promise<Observation>>;
}

/** Audits share a reader and a budget of bytes, and lines of a file come one after the other. */
function inOrder(options: CheckOptions): CheckOptions {
  const { audit, record } = options;
  return {
    ...options,
    ...(audit && { audit: { audit: oneAtATime((image, as) => audit.audit(image, as)) } }),
    ...(record && { record: oneAtATime(record) }),
  };
}

/** Where requests are few they go to what nobody has looked at for longest. */
function stalestFirst(products: readonly Product[], { observations }: CheckOptions): readonly Product[] {
  const dated = products.map((product) => ({
    product,
    last: observations(product.name)
      .map(({ at }) => at)
      .sort(compareText)
      .at(-1),
  }));
  return dated
    .sort((left, right) => compareText(left.last ?? '', right.last ?? ''))
    .map(({ product }) => product);
}

/** What was seen; or, `fresh`, what is known and new enough. */
interface Answer {
  readonly seen: Observation;
  readonly fresh: boolean;
}

async function checkProduct(product: Product, check: Check): Promise<CheckedProduct> {
  const { options } = check;
  const known = options.observations(product.name);
  const platform = formatPlatform(options.platform);
  const { region = 'us-east-1', olderThan } = options;
  const freshness = { olderThan, now: nowOf(options), platform, bytes: options.audit !== undefined };
  const planned = await targetsOf(product, { ...options, region, known, freshness });
  const answers: Answer[] = [];
  await eachLimited([...planned.targets.entries()], imagesAtOnce, async ([at, target]) => {
    const before = freshFor(target, known, freshness);
    answers[at] =
      before === undefined
        ? { seen: await lookOnce(target, { product, known, check }), fresh: false }
        : { seen: before, fresh: true };
  });
  const channels = await channelsOf(product, options);
  return checkedProduct(product, { planned, answers, channels, known, options });
}

async function channelsOf(
  product: Product,
  { fetchChannel, platform, clock, signal, tags }: CheckOptions,
): Promise<readonly ChannelLook[]> {
  // Who asks for a tag asks for images alone.
  if (fetchChannel === undefined || tags !== undefined) return [];
  return lookAtChannels(product, { fetch: fetchChannel, platform, clock, signal });
}

interface Looking {
  readonly product: Product;
  readonly known: readonly Observation[];
  readonly check: Check;
}

/** Each product keeps what was seen of its images, whichever asked. */
async function lookOnce(target: Target, { product, known, check }: Looking): Promise<Observation> {
  const { options, looks } = check;
  const key = `${target.repository}:${target.tags.join()}`;
  const looking = looks.get(key) ?? lookAtTarget(target, options);
  looks.set(key, looking);
  const looked = await looking;
  const seen = options.audit === undefined ? withEarlierAudit(looked, known) : looked;
  await options.record?.(product.name, seen);
  return seen;
}

interface Checked {
  readonly planned: ProductTargets;
  readonly answers: readonly Answer[];
  readonly channels: readonly ChannelLook[];
  readonly known: readonly Observation[];
  readonly options: CheckOptions;
}

function checkedProduct(
  product: Product,
  { planned, answers, channels, known, options }: Checked,
): CheckedProduct {
  const seen = answers.filter(({ fresh }) => !fresh).map((one) => one.seen);
  const regressions = seen.flatMap((one) => regressionBetween(lastKnown(known, one), one) ?? []);
  const stateWith = (observations: readonly Observation[]) =>
    stateOf(product, undefined, {
      observations,
      now: nowOf(options),
      platform: formatPlatform(options.platform),
    });
  const after = stateWith([...known, ...seen]);
  return {
    product: product.name,
    before: plain(stateWith(known)),
    after: plain(after),
    observations: seen,
    ...(channels.length > 0 && { channels: [...channels] }),
    regressions,
    findings: [
      ...findingsOf(seen, regressions, after.findings),
      ...planned.findings,
      ...channelFindings(channels, product.channels),
    ],
    fresh: answers.flatMap(({ fresh, seen: { reference, at } }) => (fresh ? [{ reference, at }] : [])),
  };
}

function plain({ state, because, since, observed, age }: JudgedProduct): CheckedProduct['after'] {
  return {
    state,
    because: [...because],
    ...(since === undefined ? {} : { since }),
    ...(observed === undefined ? {} : { observed }),
    ...(age === undefined ? {} : { age }),
  };
}

function resultOf(products: readonly CheckedProduct[], options: CheckOptions): CatalogCheckResult {
  const observations = products.flatMap((one) => one.observations);
  const findings = products.flatMap((one) => one.findings);
  return {
    schemaVersion: catalogCheckSchemaVersion,
    platform: formatPlatform(options.platform),
    recorded: options.record !== undefined,
    summary: {
      products: products.length,
      observations: observations.length,
      results: countBy(observationResults, observations, ({ result }: Observation) => result),
      regressions: products.reduce((sum, { regressions }) => sum + regressions.length, 0),
      findings: countBy(severities, findings, ({ severity }) => severity),
      moved: products.filter(({ before, after }) => before.state !== after.state).length,
    },
    products: [...products],
  };
}

function countBy<Word extends string, Item>(
  words: readonly Word[],
  items: readonly Item[],
  wordOf: (item: Item) => Word,
): Record<Word, number> {
  const counts = Object.fromEntries(words.map((word) => [word, 0])) as Record<Word, number>;
  for (const item of items) counts[wordOf(item)] += 1;
  return counts;
}

function nowOf({ clock = systemClock }: CheckOptions): number {
  return clock.now();
}
