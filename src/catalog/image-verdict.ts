import type { Product } from './product.ts';
import type { Claim, ProductImage } from './product-schema.ts';
import { type Sighting, type Standing, standingOf } from './standing.ts';
import {
  compareVersions,
  covers,
  isAskedFor,
  isDevelopmentTag,
  isInRange,
  isPrerelease,
  type Scope,
} from './versions.ts';

/** What the sightings of one image come to, for what is asked about. */
export interface ImageVerdict {
  readonly image: ProductImage;
  /**
   * `good`: read and right. `listed`: only a registry says so. `single`: an image for the target alone. `bad`: it isn't
   * there or isn't right. `unseen`: nobody looked.
   */
  readonly is: 'good' | 'listed' | 'single' | 'bad' | 'unseen';
  /** What it rests on. */
  readonly standing?: Standing;
  /** Of a bad one, what it contradicts: an earlier sighting, or what somebody claimed. */
  readonly contradicts?: { readonly sighting: Sighting } | { readonly claim: Claim };
}

/** Judges an image by its own name; by former names only for versions that stand under them alone. */
export function verdictOf(
  image: ProductImage,
  {
    product,
    sightings,
    scope,
  }: { readonly product: Product; readonly sightings: readonly Sighting[]; readonly scope: Scope },
): ImageVerdict {
  const all = sightings.filter((sighting) => sighting.image === image);
  const references = standingsIn(all, scope);
  const bad = worst(references);
  if (bad !== undefined) return { image, is: 'bad', standing: bad, ...contradicted(bad, all, product) };
  const best =
    newest(references.filter(({ is, by }) => is === 'audited' && !hasNewerBad(by, references))) ??
    newest(references.filter(({ is }) => is === 'audited' || is === 'listed')) ??
    newest(references.filter(({ is }) => is === 'single'));
  if (best === undefined) return { image, is: 'unseen' };
  const audited = best.is === 'audited' && !hasNewerBad(best.by, references);
  return { image, is: audited ? 'good' : best.is === 'single' ? 'single' : 'listed', standing: best };
}

/** One standing a reference: of the image's own name, or where that has none, of the names that it had. */
function standingsIn(all: readonly Sighting[], scope: Scope): readonly Standing[] {
  const asked = all.filter(
    ({ version, tag = '' }) =>
      isAskedFor(version, scope) &&
      (scope.of !== 'now' || (version === undefined ? !isDevelopmentTag(tag) : !isPrerelease(version))),
  );
  const own = standings(
    plain(
      asked.filter(({ place }) => place === 'own'),
      scope,
    ),
  );
  if (own.length > 0) return own;
  // An old registry that was shut down says nothing of the product.
  const former = asked.filter(
    ({ place, observation }) => place === 'former' && observation.result !== 'gone',
  );
  const named = standings(plain(former, scope));
  return named.length > 0 ? named : standings(asked.filter(({ place }) => place === 'arch-name'));
}

/** Without variants (`alpine`, `debug`), unless one is asked for or there's nothing else: they needn't have every platform. */
function plain(sightings: readonly Sighting[], scope: Scope): readonly Sighting[] {
  const variant = scope.of === 'version' ? scope.version.variant : undefined;
  const wanted = sightings.filter(({ version }) => version === undefined || version.variant === variant);
  return wanted.length > 0 ? wanted : sightings;
}

export function standings(sightings: readonly Sighting[]): readonly Standing[] {
  const byReference = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const { reference } = sighting.observation;
    const group = byReference.get(reference);
    if (group === undefined) byReference.set(reference, [sighting]);
    else group.push(sighting);
  }
  return [...byReference.values()].flatMap((group) => standingOf(group) ?? []);
}

/**
 * The bad one that counts, newest version first. One is past where a later version was read and is right, or, where it
 * was only missing, is listed again.
 */
function worst(references: readonly Standing[]): Standing | undefined {
  return newest(references.filter((one) => one.is === 'bad' && !isPast(one, references)));
}

function isPast(bad: Standing, references: readonly Standing[]): boolean {
  const bytes = bad.by.observation.method !== 'manifest';
  return references.some(
    (one) =>
      isNewer(one.by, bad.by) &&
      (one.is === 'audited' || (!bytes && (one.is === 'listed' || one.is === 'single'))),
  );
}

function hasNewerBad(good: Sighting, references: readonly Standing[]): boolean {
  return references.some((one) => one.is === 'bad' && isNewer(one.by, good));
}

function isNewer(left: Sighting, right: Sighting): boolean {
  return (
    left.version !== undefined &&
    right.version !== undefined &&
    compareVersions(left.version, right.version) > 0
  );
}

/** By version; those without one by time, before all versions. */
function newest(references: readonly Standing[]): Standing | undefined {
  return [...references]
    .sort((left, right) => {
      const [a, b] = [left.by.version, right.by.version];
      if (a !== undefined && b !== undefined) {
        const order = compareVersions(a, b);
        if (order !== 0) return order;
      } else if (a !== b) return a === undefined ? 1 : -1;
      return Date.parse(left.by.observation.at) - Date.parse(right.by.observation.at);
    })
    .at(-1);
}

/** Was the platform seen before, in this version or an earlier one, or did somebody say it's there? */
function contradicted(
  { first }: Standing,
  all: readonly Sighting[],
  product: Product,
): Pick<ImageVerdict, 'contradicts'> {
  const when = Date.parse(first.observation.at);
  const sighting = all.findLast(
    (one) =>
      one.place !== 'mirror' &&
      one.observation.result === 'multi-arch' &&
      Date.parse(one.observation.at) < when &&
      (one.observation.reference === first.observation.reference ||
        (one.version?.variant === first.version?.variant && !isNewer(one, first))),
  );
  if (sighting !== undefined) return { contradicts: { sighting } };
  const claim = (product.claims ?? []).find(
    ({ says, versions, date }) =>
      says === 'supported' &&
      date <= first.observation.at.slice(0, 10) &&
      (first.version === undefined || versions === undefined
        ? covers(versions, { of: 'now' })
        : isInRange(first.version, versions) === true),
  );
  return claim === undefined ? {} : { contradicts: { claim } };
}
