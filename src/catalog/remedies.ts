import type { Observation, Remedy } from '../results/index.ts';
import { standings } from './image-verdict.ts';
import { type ImagePlace, type Product, tagOfVersion, versionOfTag } from './product.ts';
import type { ProductImage } from './product-schema.ts';
import { splitReference, withTag } from './repositories.ts';
import type { Standing } from './standing.ts';
import { compareVersions, isPrerelease, rangeStart, readScope, type Version } from './versions.ts';
import { catalogPlatform, type View, viewOf } from './view.ts';
import { isUsable, type JudgedWorkaround } from './workarounds.ts';

export interface RemedyOptions {
  /** Normalised, `linux/arm64`. The catalog says nothing of others. */
  readonly platform: string;
  /** What was observed of a product, by its name. */
  readonly observations: (product: string) => readonly Observation[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface Asked {
  readonly product: Product;
  readonly image: ProductImage;
  readonly place: ImagePlace;
  /** Canonical. */
  readonly reference: string;
  readonly tag?: string;
  readonly version?: Version;
  readonly view: View;
}

/** See `Catalog.remediesFor`. Best first: what upstream publishes, then others' images, then work of one's own. */
export function remediesOf(
  reference: string,
  { product, image, place }: Pick<Asked, 'product' | 'image' | 'place'>,
  { platform, observations, now }: RemedyOptions,
): readonly Remedy[] {
  if (platform !== catalogPlatform) return [];
  const { tag, digest } = splitReference(reference) ?? {};
  const version = tag === undefined ? undefined : versionOfTag(tag, image);
  // A version that a tag only begins (`2.3`) is asked about as what it is today, the newest of them.
  const whole = version !== undefined && version.numbers >= 3 ? tag : undefined;
  const asked = whole === undefined ? undefined : version?.semver.version;
  const view = viewOf(product, readScope(asked) === undefined ? undefined : asked, {
    observations: observations(product.name),
    now,
    platform,
  });
  const around: Asked = {
    ...{ product, image, place, reference, view },
    ...(tag === undefined || digest !== undefined ? {} : { tag }),
    ...(version === undefined ? {} : { version }),
  };
  const newer = newerTag(around);
  return [
    ...(newer === undefined ? [] : [newer]),
    ...otherName(around),
    ...view.workarounds.filter(isUsable).flatMap((one) => remedyOf(one, around)),
  ];
}

/** The least version that isn't older and is right by an audit; else the first that is said to have the platform. */
function newerTag(asked: Asked): Remedy | undefined {
  const { image, version, view, product } = asked;
  const own = standings(view.sightings.filter((one) => one.image === image && one.place === 'own'));
  const audited = own
    .filter((one) => one.is === 'audited' && isUpgrade(one.by.version, version))
    .sort(byVersion)[0];
  if (audited !== undefined && audited.by.observation.reference !== asked.reference) {
    const { reference, at } = audited.by.observation;
    return {
      kind: 'use-tag',
      reference,
      verified: true,
      why: `an audit on ${at.slice(0, 10)} found its bytes right`,
    };
  }
  const claim = claimedFrom(asked);
  if (claim === undefined) return undefined;
  const reference = withTag(image.reference, tagOfVersion(claim.from, image));
  const spoken = own.find(({ by }) => by.observation.reference === reference);
  if (reference === asked.reference || spoken?.is === 'bad') return undefined;
  const doubt = image.confirmed === false ? '; nobody has confirmed the name of the image' : '';
  return {
    kind: 'use-tag',
    reference,
    verified: false,
    why: `${product.title} is said to have it since ${claim.from} (${claim.date})${doubt}`,
  };
}

function claimedFrom({
  product,
  version,
  view,
}: Asked): { readonly from: string; readonly date: string } | undefined {
  const claims = (product.claims ?? []).filter(
    ({ says, date }) => says === 'supported' && date <= view.today,
  );
  for (const { versions, date } of claims) {
    const from = versions === undefined ? undefined : rangeStart(versions);
    if (from !== undefined && version !== undefined && compareVersions(from, version) > 0)
      return { from: from.semver.version, date };
  }
  return undefined;
}

function isUpgrade(candidate: Version | undefined, current: Version | undefined): boolean {
  return (
    candidate !== undefined &&
    current !== undefined &&
    !isPrerelease(candidate) &&
    candidate.variant === current.variant &&
    compareVersions(candidate, current) >= 0
  );
}

function byVersion(left: Standing, right: Standing): number {
  const [a, b] = [left.by.version, right.by.version];
  return a === undefined || b === undefined ? 0 : compareVersions(a, b);
}

/** A name that the product's image no longer has, or one for another platform. */
function otherName({ image, place, tag, view }: Asked): readonly Remedy[] {
  if (place !== 'former' && place !== 'arch-name' && place !== 'mirror') return [];
  if (tag === undefined) return [];
  const reference = withTag(image.reference, tag);
  const standing = standings(
    view.sightings.filter(({ observation }) => observation.reference === reference),
  )[0];
  if (standing?.is === 'bad') return [];
  const why = {
    former: 'the image has this name now',
    'arch-name': 'this name serves each platform',
    mirror: 'this is what the other registry copies',
  }[place];
  return [{ kind: 'use-image', reference, verified: standing?.is === 'audited', why }];
}

function remedyOf(judged: JudgedWorkaround, asked: Asked): readonly Remedy[] {
  const { kind, text, command } = judged.workaround;
  switch (kind) {
    case 'recipe':
      return [{ kind: 'build', command: buildCommand(asked), verified: false, why: text }];
    case 'third-party-image':
    case 'other-name':
      return [imageRemedy(judged, asked)];
    case 'channel':
    case 'newer-tag':
    case 'source':
    case 'settings':
    // Whether it can be ported shows the image that is there, and not the catalog.
    case 'port':
    case 'pin-to-amd64':
      return [{ kind: 'other', ...(command === undefined ? {} : { command }), verified: false, why: text }];
    case 'none':
      return [];
  }
}

/** The tag that is asked about may not be there under another name: it's checked only where an audit read that very one. */
function imageRemedy({ workaround, audited }: JudgedWorkaround, { tag: askedTag }: Asked): Remedy {
  const { text, image, until } = workaround;
  const tag = image?.tag ?? askedTag;
  const reference = image === undefined || tag === undefined ? undefined : withTag(image.reference, tag);
  return {
    kind: 'use-image',
    ...(reference === undefined ? {} : { reference }),
    ...(image === undefined ? {} : { trust: image.trust }),
    verified: reference !== undefined && reference === audited,
    why: until === undefined ? text : `${text} (offered until ${until})`,
  };
}

function buildCommand({ product, version }: Asked): string {
  return `armload build ${product.name}${version === undefined ? '' : `@${version.semver.version}`}`;
}
