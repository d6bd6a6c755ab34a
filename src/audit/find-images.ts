import { type Digest, formatPlatform, type ImageManifest, type Platform } from '../oci/index.ts';
import {
  chooseOffer,
  collectOffers,
  type Offer,
  platformNames,
  type Reading,
  readChild,
  readManifest,
} from '../registry/index.ts';
import type { Sibling } from './causes/index.ts';

/** One platform's image, to be read. */
export interface FoundImage {
  /** What the index says; absent where there is no index, or it says nothing. */
  readonly claimed?: Platform;
  readonly digest: Digest;
  readonly manifest: ImageManifest;
}

/** What a reference names, as far as an audit goes. */
export interface FoundImages {
  readonly digest: Digest;
  readonly kind: 'index' | 'image';
  /** Normalised, sorted; of an image without an index it is for its config to say. */
  readonly platforms: readonly string[];
  /** The images to audit; empty where the index has none for the platform. */
  readonly images: readonly FoundImage[];
  /** The other images of the index, asked for only where somebody wants to know. */
  siblings(than: FoundImage): Promise<readonly Sibling[]>;
}

/** A reference that names no image: an artifact, or a document nobody can audit. */
export interface NoImage {
  readonly digest: Digest;
  readonly kind: 'artifact' | 'schema1';
  readonly why: string;
}

export interface Wanted {
  readonly platform: Platform;
  readonly allPlatforms: boolean;
}

/** Siblings compared with, at most: an index of many variants costs no more than that. */
const maxSiblings = 8;

/**
 * Finds the images of a reference that are to be audited.
 * @throws RegistryError or DocumentError where a document can't be read.
 */
export async function findImages(
  at: Reading,
  target: string,
  wanted: Wanted,
): Promise<FoundImages | NoImage> {
  const { fetched, manifest } = await readManifest(at, target);
  const { digest } = fetched;
  switch (manifest.kind) {
    case 'artifact':
      return { digest, kind: 'artifact', why: `its type is ${manifest.artifactType}` };
    case 'schema1':
      return { digest, kind: 'schema1', why: 'a schema 1 manifest, which current runtimes no longer pull' };
    case 'image':
      return {
        digest,
        kind: 'image',
        platforms: [],
        images: [{ digest, manifest }],
        siblings: () => Promise.resolve([]),
      };
    case 'index': {
      const { images, artifacts } = await collectOffers(at, manifest, offersWanted(wanted));
      if (images.length === 0 && artifacts > 0)
        return { digest, kind: 'artifact', why: 'the index holds artifacts only' };
      const chosen = choose(images, wanted);
      return {
        digest,
        kind: 'index',
        platforms: platformNames(images),
        images: await readAll(at, chosen),
        siblings: (than) => readSiblings(at, images, than),
      };
    }
  }
}

function offersWanted({ platform, allPlatforms }: Wanted): { wanted?: Platform } {
  return allPlatforms ? {} : { wanted: platform };
}

/** With all platforms, an image that stands twice under one name is audited once. */
function choose(offers: readonly Offer[], { platform, allPlatforms }: Wanted): readonly Offer[] {
  if (!allPlatforms) {
    const offer = chooseOffer(offers, platform);
    return offer === undefined ? [] : [offer];
  }
  const seen = new Set<string>();
  return offers.filter((offer) => {
    const key = `${offer.entry.digest} ${offer.platform === undefined ? '' : formatPlatform(offer.platform)}`;
    return !seen.has(key) && seen.add(key);
  });
}

async function readAll(at: Reading, offers: readonly Offer[]): Promise<FoundImage[]> {
  const found: FoundImage[] = [];
  for (const { entry, platform } of offers) {
    const manifest = await readChild(at, entry);
    // A schema 1 child can't be read; all else was sorted out before.
    if (manifest.kind === 'image')
      found.push({
        digest: entry.digest,
        manifest,
        ...(platform === undefined ? {} : { claimed: platform }),
      });
  }
  return found;
}

async function readSiblings(
  at: Reading,
  offers: readonly Offer[],
  than: FoundImage,
): Promise<readonly Sibling[]> {
  const siblings: Sibling[] = [];
  for (const { entry, platform } of offers) {
    if (siblings.length >= maxSiblings) break;
    if (platform === undefined || isSame(platform, than.claimed)) continue;
    const manifest = await readChild(at, entry);
    if (manifest.kind !== 'image') continue;
    siblings.push({ platform, manifest: entry.digest, layers: manifest.layers.map(({ digest }) => digest) });
  }
  return siblings;
}

function isSame(left: Platform, right: Platform | undefined): boolean {
  return right !== undefined && formatPlatform(left) === formatPlatform(right);
}
