import type { Product, ProductImage } from '../catalog/index.ts';
import type { CheckFinding, Observation } from '../results/index.ts';
import { type Freshness, freshTags, tagsKnownOf } from './freshness.ts';
import { isGood, lastKnown } from './known.ts';
import { firstVersion, newestReleases, type TagForm, tagOfVersion, tagsOfVersion } from './release-tags.ts';
import { listTags, type TagList } from './tag-list.ts';
import type { LookOptions, Target } from './types.ts';

/** Which tags are looked at. */
export interface TagChoice {
  /** These, whatever else there is. */
  readonly tags?: readonly string[];
  /** So many of the newest releases; 1 unless told. */
  readonly newest?: number;
}

export interface ProductTargets {
  readonly targets: readonly Target[];
  readonly findings: readonly CheckFinding[];
}

export interface TargetOptions extends Pick<LookOptions, 'access' | 'signal'>, TagChoice {
  /** In the place of `{region}`. */
  readonly region: string;
  /** What is known of the product. */
  readonly known: readonly Observation[];
  readonly freshness: Freshness;
}

/** First versions of claims that are looked for, for each image. */
const maxClaimed = 3;
/** Tags that went away and are looked for, for each image. */
const maxGone = 10;
const none: ProductTargets = { targets: [], findings: [] };

/**
 * What to look at of a product: of each of its images the newest stable releases, those with which the platform is claimed
 * to have come, and those that were good and went away; the same tags of their copies; and the images of workarounds that
 * are offered still.
 * @throws only what an abort threw.
 */
export async function targetsOf(product: Product, options: TargetOptions): Promise<ProductTargets> {
  const parts: ProductTargets[] = [];
  for (const image of product.images ?? []) parts.push(await ofImage(product, image, options));
  if (options.tags === undefined)
    for (const found of await ofWorkarounds(product, options)) parts.push(found);
  if (parts.length === 0 && product.channels === undefined) {
    const why = `${product.name} names no image, so there is nothing to look at`;
    return { targets: [], findings: [{ kind: 'no-image', severity: 'note', why }] };
  }
  return {
    targets: unique(parts.flatMap(({ targets }) => targets)),
    findings: parts.flatMap(({ findings }) => findings),
  };
}

async function ofImage(
  product: Product,
  image: ProductImage,
  options: TargetOptions,
): Promise<ProductTargets> {
  const repository = placed(image.reference, options);
  const chosen = await chooseTags(product, image, { repository, options });
  const copies = (image.mirrors ?? []).map((mirror) => placed(mirror, options));
  const own = chosen.tags.flatMap((tags) =>
    [repository, ...copies].map((one): Target => ({ repository: one, tags })),
  );
  const others = options.tags === undefined ? await ofArchNames(image, options) : [];
  return {
    targets: [...own, ...others.flatMap(({ targets }) => targets)],
    findings: [...chosen.findings, ...others.flatMap(({ findings }) => findings)],
  };
}

/** Names with an architecture in them have releases of their own. */
async function ofArchNames(image: ProductImage, options: TargetOptions): Promise<readonly ProductTargets[]> {
  const found: ProductTargets[] = [];
  for (const name of image.archNames ?? []) found.push(await newestOf(placed(name, options), options));
  return found;
}

interface Chosen {
  readonly tags: readonly Target['tags'][];
  readonly findings: readonly CheckFinding[];
}

interface Around {
  readonly repository: string;
  readonly options: TargetOptions;
}

async function chooseTags(
  product: Product,
  image: ProductImage,
  { repository, options }: Around,
): Promise<Chosen> {
  if (options.tags !== undefined)
    return { tags: options.tags.map((tag): Target['tags'] => [tag]), findings: [] };
  const fresh = freshTags(repository, options.known, options.freshness);
  if (fresh.length > 0) return { tags: fresh.map((tag): Target['tags'] => [tag]), findings: [] };
  const claimed = claimedVersions(product);
  const list = await listTags(repository, options);
  if (!('tags' in list)) {
    const known = newestReleases(tagsKnownOf(repository, options.known), {
      most: options.newest ?? 1,
      form: image.tag,
    });
    const guessed = claimed.map((version) => tagsOfVersion(version, image.tag));
    // A registry that lists nothing may still tell of what was seen before.
    const tags = [...known.map((tag): Target['tags'] => [tag]), ...guessed];
    return { tags: tags.filter(isOnlyOnce), findings: [notListed(repository, list)] };
  }
  const newest = newestOrMoving(list.tags, image.tag, options.newest ?? 1);
  const since = claimed.flatMap((version) => tagOfVersion(list.tags, version, image.tag) ?? []);
  return {
    tags: [...new Set([...newest, ...since, ...goneSince(list, repository, options)])].map(
      (tag): Target['tags'] => [tag],
    ),
    findings: findingsIn({ repository, list, newest }),
  };
}

/** A version that is guessed at may be the one that's known. */
function isOnlyOnce(tags: Target['tags'], at: number, all: readonly Target['tags'][]): boolean {
  return !all.slice(0, at).some(([tag]) => tags.includes(tag));
}

/** Tags that were seen to be good and that the list no longer has: somebody may pull them still. */
function goneSince(
  { tags, isWhole }: Extract<TagList, { tags: unknown }>,
  repository: string,
  { known, freshness: { platform } }: TargetOptions,
): readonly string[] {
  if (!isWhole) return [];
  const there = new Set(tags);
  const wasGood = (tag: string) => {
    const last = lastKnown(known, { reference: `${repository}:${tag}`, platform });
    return last !== undefined && isGood(last.result);
  };
  return tagsKnownOf(repository, known)
    .filter((tag) => !there.has(tag) && wasGood(tag))
    .slice(0, maxGone);
}

/** A repository without releases is looked at by the tag that people pull. */
function newestOrMoving(tags: readonly string[], form: TagForm, most: number): readonly string[] {
  const newest = newestReleases(tags, { most, form });
  if (newest.length > 0) return newest;
  return ['latest', 'stable'].filter((tag) => tags.includes(tag)).slice(0, 1);
}

function findingsIn({
  repository,
  list,
  newest,
}: {
  readonly repository: string;
  readonly list: Extract<TagList, { tags: unknown }>;
  readonly newest: readonly string[];
}): CheckFinding[] {
  if (!list.isWhole) {
    const why = `${repository} has over ${list.tags.length} tags; whether newer releases follow was not found out`;
    return [{ kind: 'tags-unknown', severity: 'warning', reference: repository, undetermined: true, why }];
  }
  if (newest.length > 0) return [];
  const why = `none of the ${list.tags.length} tags of ${repository} names a release of the form that is known`;
  return [{ kind: 'no-release', severity: 'warning', reference: repository, undetermined: true, why }];
}

function notListed(repository: string, { reason, why }: Extract<TagList, { reason: string }>): CheckFinding {
  return {
    kind: 'tags-unknown',
    severity: 'warning',
    reference: repository,
    undetermined: true,
    why: `the tags of ${repository} are not known (${reason}): ${why}`,
  };
}

/** The versions with which the platform is said to have come. */
function claimedVersions({ claims = [] }: Product): readonly string[] {
  const versions = claims.flatMap(({ says, versions: range }) =>
    says === 'supported' && range !== undefined ? (firstVersion(range) ?? []) : [],
  );
  return [...new Set(versions)].slice(0, maxClaimed);
}

/** The images of workarounds that haven't run out; without a tag, their newest release. */
async function ofWorkarounds(product: Product, options: TargetOptions): Promise<readonly ProductTargets[]> {
  const today = new Date(options.freshness.now).toISOString().slice(0, 10);
  const images = (product.workarounds ?? []).flatMap(({ image, until }) =>
    image === undefined || (until !== undefined && until < today) ? [] : [image],
  );
  const found: ProductTargets[] = [];
  for (const { reference, tag } of images) {
    const repository = placed(reference, options);
    if (tag !== undefined) found.push({ ...none, targets: [{ repository, tags: [tag] }] });
    else found.push(await newestOf(repository, options));
  }
  return found;
}

async function newestOf(repository: string, options: TargetOptions): Promise<ProductTargets> {
  const fresh = freshTags(repository, options.known, options.freshness);
  if (fresh.length > 0) return { targets: fresh.map((tag) => ({ repository, tags: [tag] })), findings: [] };
  const list = await listTags(repository, options);
  if (!('tags' in list)) return { targets: [], findings: [notListed(repository, list)] };
  const newest = newestOrMoving(list.tags, undefined, 1);
  return {
    targets: newest.map((tag): Target => ({ repository, tags: [tag] })),
    findings: findingsIn({ repository, list, newest }),
  };
}

function placed(reference: string, { region }: TargetOptions): string {
  return reference.replace('{region}', region);
}

function unique(targets: readonly Target[]): Target[] {
  const seen = new Set<string>();
  return targets.filter(({ repository, tags }) => {
    const key = `${repository}:${tags.join()}`;
    return !seen.has(key) && seen.add(key);
  });
}
