import {
  DocumentError,
  formatPlatform,
  type Platform,
  parseConfig,
  runsOn,
  samePlatform,
} from '../../oci/index.ts';
import {
  chooseOffer,
  collectOffers,
  type Offer,
  type OpenedImage,
  platformNames,
  type Reading,
  readChild,
  readConfigBytes,
  readManifest,
} from '../../registry/index.ts';
import type { PortableImage } from '../base/index.ts';

/** Requests for the children of one index. */
const maxChildRequests = 256;

/** What a reference gives a port. */
export type OpenedSourceImage =
  | { readonly kind: 'image'; readonly image: PortableImage; readonly opened: OpenedImage }
  /** It has the target already. */
  | { readonly kind: 'unneeded'; readonly why: string }
  /** It has no image that could be ported. */
  | { readonly kind: 'none'; readonly why: string; readonly lift?: string };

export interface Wanted {
  /** Canonical. */
  readonly reference: string;
  readonly from: Platform;
  readonly target: Platform;
  /** Go on where the target is there already: it lies, as a rule. */
  readonly replaceExisting: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the one platform's image that is to be ported.
 * @throws RegistryError or DocumentError where a document can't be read.
 */
export async function openSourceImage(opened: OpenedImage, wanted: Wanted): Promise<OpenedSourceImage> {
  const { repository, subject } = opened;
  const { signal } = wanted;
  const at: Reading = {
    repository,
    budget: { left: maxChildRequests },
    ...(signal === undefined ? {} : { signal }),
  };
  const { fetched, manifest } = await readManifest(at, subject.digest ?? subject.tag ?? 'latest');
  switch (manifest.kind) {
    case 'artifact':
      return none(`it is no container image: its type is ${manifest.artifactType}`);
    case 'schema1':
      return none('it is a schema 1 manifest, which names no layers by content');
    case 'image': {
      const configBytes = await readConfigBytes(at, manifest.config);
      const config = parseConfig(configBytes);
      const platform = config.platform;
      const { reference } = wanted;
      const image = { reference, repository, digest: fetched.digest, manifest, config, configBytes };
      return judged({ ...image, platform }, { opened, wanted });
    }
    case 'index': {
      const { images } = await collectOffers(at, manifest);
      const there = chooseOffer(images, wanted.target);
      if (there !== undefined && !wanted.replaceExisting) return alreadyThere(at, there, wanted);
      const offer = chosen(images, wanted);
      if (!('entry' in offer)) return offer;
      const child = await readChild(at, offer.entry);
      if (child.kind !== 'image') return none('the index has no image there, but a document without layers');
      const configBytes = await readConfigBytes(at, child.config);
      const { reference } = wanted;
      const image: PortableImage = {
        ...{ reference, repository, index: manifest, digest: offer.entry.digest, manifest: child },
        ...{ platform: offer.platform, config: parseConfig(configBytes), configBytes },
      };
      return { kind: 'image', image, opened };
    }
  }
}

function none(why: string): OpenedSourceImage {
  return { kind: 'none', why };
}

/** An index can say of any image that it's for the target; its config says the same where that is so. */
async function alreadyThere(
  at: Reading,
  { entry }: Offer,
  { target }: Pick<Wanted, 'target'>,
): Promise<OpenedSourceImage> {
  const name = formatPlatform(target);
  const child = await readChild(at, entry);
  const said =
    child.kind === 'image' ? parseConfig(await readConfigBytes(at, child.config)).platform : undefined;
  if (said === undefined || runsOn(said, target) || runsOn(target, said))
    return { kind: 'unneeded', why: `its index has ${name}: ${entry.digest}` };
  return {
    kind: 'none',
    why: `its index has ${entry.digest} for ${name}, and that image says it is for ${formatPlatform(said)}`,
    lift: 'Look at it with armload audit; a port takes its place with --replace-existing.',
  };
}

type ChosenOffer = Offer & { readonly platform: Platform };

function chosen(images: readonly Offer[], { from }: Wanted): ChosenOffer | OpenedSourceImage {
  const { entry, platform } = chooseOffer(images, from) ?? {};
  if (entry !== undefined && platform !== undefined) return { entry, platform };
  const names = platformNames(images);
  const has = names.length === 0 ? 'no image with a platform' : names.join(', ');
  return { kind: 'none', why: `its index has ${has}; no ${formatPlatform(from)} to port` };
}

function judged(
  image: Omit<PortableImage, 'platform'> & { readonly platform: Platform | undefined },
  { opened, wanted }: { readonly opened: OpenedImage; readonly wanted: Wanted },
): OpenedSourceImage {
  const { from, target } = wanted;
  const { platform } = image;
  if (platform === undefined)
    throw new DocumentError('DOCUMENT_MALFORMED', `the config of ${wanted.reference} names no platform`, {
      hint: 'An image that does not say what it is for can not be ported.',
    });
  if (runsOn(platform, target))
    return { kind: 'unneeded', why: `it is an image for ${formatPlatform(platform)}` };
  if (!runsOn(platform, from) && !samePlatform(platform, from))
    return none(`it is an image for ${formatPlatform(platform)}; no ${formatPlatform(from)} to port`);
  return { kind: 'image', image: { ...image, platform }, opened };
}
