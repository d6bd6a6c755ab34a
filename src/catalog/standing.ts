import { compareText } from '../core/index.ts';
import type { Observation } from '../results/index.ts';
import { type ImagePlace, type Product, placesOf, versionOfTag } from './product.ts';
import type { ProductImage } from './product-schema.ts';
import { repositoryKey, splitReference } from './repositories.ts';
import type { Version } from './versions.ts';

/** An observation of one of a product's images. */
export interface Sighting {
  readonly observation: Observation;
  readonly image: ProductImage;
  readonly place: ImagePlace;
  readonly tag?: string;
  /** Absent where the tag names none. */
  readonly version?: Version;
}

/**
 * The observations of a product's own images for one platform, oldest first, each once; those that could tell nothing are
 * left out. What was built by armload is no sighting of what the product publishes.
 */
export function sightingsOf(
  product: Pick<Product, 'images'>,
  observations: readonly Observation[],
  platform: string,
): readonly Sighting[] {
  const places = new Map<string, { readonly image: ProductImage; readonly place: ImagePlace }>();
  for (const image of product.images ?? [])
    for (const { place, repository } of placesOf(image))
      places.set(repositoryKey(repository), { image, place });
  return inOrder(observations.filter((one) => one.platform === platform && isTelling(one))).flatMap(
    (observation) => {
      const { repository = '', tag } = splitReference(observation.reference) ?? {};
      const found = places.get(repositoryKey(repository));
      if (found === undefined || observation.method === 'build') return [];
      const version = tag === undefined ? undefined : versionOfTag(tag, found.image);
      return [
        {
          observation,
          ...found,
          ...(tag === undefined ? {} : { tag }),
          ...(version === undefined ? {} : { version }),
        },
      ];
    },
  );
}

/** Did anybody find out? */
export function isTelling({ result }: Observation): boolean {
  return result !== 'unknown';
}

/** The platform is there, as far as the method sees. */
export function isGood({ result }: Observation): boolean {
  return result === 'multi-arch' || result === 'single-arch';
}

/** By time; of one time, the worse last, so that no order of lines can hide it. Equal ones once. */
export function inOrder(observations: readonly Observation[]): readonly Observation[] {
  const keyed = observations.map((observation) => ({
    observation,
    key: JSON.stringify(observation),
    time: Date.parse(observation.at),
  }));
  const sorted = keyed.sort(
    (left, right) =>
      left.time - right.time ||
      Number(isGood(right.observation)) - Number(isGood(left.observation)) ||
      compareText(left.key, right.key),
  );
  return sorted
    .filter(({ key }, index) => key !== sorted[index - 1]?.key)
    .map(({ observation }) => observation);
}

/** How one reference stands, by all that was seen of it. */
export interface Standing {
  /** `audited`: its bytes were read and are right. `listed`: its registry says so. `single`: one image, for the target alone. */
  readonly is: 'audited' | 'listed' | 'single' | 'bad';
  /** What decides. */
  readonly by: Sighting;
  /** Of bad ones, the first since it was last good. */
  readonly first: Sighting;
  /** Its tag moved on to what no audit has read. */
  readonly movedTo?: string;
}

/**
 * What the sightings of one reference come to. A bad audit is answered by a good audit only: documents that say the right
 * thing are what it contradicts. Newer documents without the platform go before an older audit.
 */
export function standingOf(sightings: readonly Sighting[]): Standing | undefined {
  const newest = (method: Observation['method']) =>
    sightings.findLast(({ observation }) => observation.method === method);
  const audit = newest('audit');
  const others = [newest('run'), newest('manifest')].filter((one) => one !== undefined);
  const bad = [audit, ...others].find(
    (one) => one !== undefined && !isGood(one.observation) && (one === audit || !isBefore(one, audit)),
  );
  if (bad !== undefined) return { is: 'bad', by: bad, first: firstSinceGood(sightings, bad) };
  const by = audit ?? others.at(-1);
  if (by === undefined) return undefined;
  return { is: goodness(by), by, first: by, ...moved(audit, others) };
}

function goodness({ observation }: Sighting): Standing['is'] {
  if (observation.result === 'single-arch') return 'single';
  return observation.method === 'audit' ? 'audited' : 'listed';
}

function isBefore(one: Sighting, other: Sighting | undefined): boolean {
  return other !== undefined && Date.parse(one.observation.at) < Date.parse(other.observation.at);
}

function firstSinceGood(sightings: readonly Sighting[], bad: Sighting): Sighting {
  const same = sightings.filter(({ observation }) => observation.method === bad.observation.method);
  const lastGood = same.findLastIndex(({ observation }) => isGood(observation));
  return same.slice(lastGood + 1).find(({ observation }) => !isGood(observation)) ?? bad;
}

function moved(audit: Sighting | undefined, others: readonly Sighting[]): { readonly movedTo?: string } {
  const digest = others.findLast((one) => !isBefore(one, audit))?.observation.digest;
  const audited = audit?.observation.digest;
  return digest === undefined || audited === undefined || digest === audited ? {} : { movedTo: digest };
}
