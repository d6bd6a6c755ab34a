import type { Observation } from '../results/index.ts';
import { CatalogError } from './errors.ts';
import { type ImageVerdict, verdictOf } from './image-verdict.ts';
import type { Product } from './product.ts';
import type { Claim, UpstreamLink } from './product-schema.ts';
import { type Sighting, sightingsOf } from './standing.ts';
import { covers, isAskedFor, readScope, type Scope } from './versions.ts';
import { type JudgedWorkaround, judgeWorkarounds } from './workarounds.ts';

export const catalogPlatform = 'linux/arm64';

/** What a product is judged by. */
export interface StateOptions {
  /** Of this product; those made after `now` don't count yet. */
  readonly observations: readonly Observation[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `linux/arm64` unless told: it's what links, claims and workarounds speak of. */
  readonly platform?: string;
}

/** A product as it was known at one time, for what is asked about. */
export interface View {
  readonly product: Product;
  readonly scope: Scope;
  /** `YYYY-MM-DD`, UTC. */
  readonly today: string;
  /** Oldest first; all of the product's images. */
  readonly sightings: readonly Sighting[];
  readonly verdicts: readonly ImageVerdict[];
  readonly workarounds: readonly JudgedWorkaround[];
  /** Newest first; only those that hold for all that is asked about. */
  readonly claims: readonly Claim[];
  readonly links: readonly UpstreamLink[];
  /** When somebody last found out something, and the whole days since. */
  readonly observed?: string;
  readonly age?: number;
}

const day = 24 * 60 * 60 * 1000;

/**
 * Gathers what is known of a product, or of one version or range of it.
 * @throws CatalogError `VERSION_INVALID`
 */
export function viewOf(product: Product, asked: string | undefined, options: StateOptions): View {
  const scope = readScope(asked);
  if (scope === undefined)
    throw new CatalogError(
      'VERSION_INVALID',
      `"${asked}" is no version of ${product.title}, and no range of them`,
      {
        hint: `Write it like ${product.name}@1.2.3 or '${product.name}@<1.2'.`,
      },
    );
  const { now, platform = catalogPlatform } = options;
  const today = new Date(now).toISOString().slice(0, 10);
  const observations = options.observations.filter(({ at }) => Date.parse(at) <= now);
  const sightings = sightingsOf(product, observations, platform);
  const speaks = platform === catalogPlatform;
  const verdicts = (product.images ?? []).map((image) => verdictOf(image, { product, sightings, scope }));
  return {
    product,
    scope,
    today,
    sightings,
    verdicts,
    workarounds: speaks ? judgeWorkarounds(product, { scope, sightings, observations, today, platform }) : [],
    claims: speaks ? claimsFor(product, scope, today) : [],
    links: speaks ? (product.links ?? []).filter(({ since = '' }) => since <= today) : [],
    ...lastSeen(sightings, scope, now),
  };
}

function claimsFor({ claims = [] }: Product, scope: Scope, today: string): readonly Claim[] {
  return claims
    .filter(({ date, versions }) => date <= today && covers(versions, scope))
    .sort((left, right) => (left.date < right.date ? 1 : left.date > right.date ? -1 : 0));
}

function lastSeen(
  sightings: readonly Sighting[],
  scope: Scope,
  now: number,
): { readonly observed?: string; readonly age?: number } {
  const observed = sightings.findLast(({ version }) => isAskedFor(version, scope))?.observation.at;
  if (observed === undefined) return {};
  return { observed, age: Math.floor((now - Date.parse(observed)) / day) };
}
