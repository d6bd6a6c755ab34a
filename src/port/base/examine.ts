import {
  type Descriptor,
  type Digest,
  DocumentError,
  formatPlatform,
  formatReference,
  type ImageManifest,
  type Index,
  type Platform,
  parseConfig,
  type Reference,
  repositoryName,
  runsOn,
} from '../../oci/index.ts';
import {
  chooseOffer,
  collectOffers,
  type Offer,
  type OpenedImage,
  type Reading,
  readChild,
  readConfigBytes,
  readManifest,
} from '../../registry/index.ts';
import { sharedLayers } from './chain-id.ts';
import type { Lead } from './clues.ts';
import type { BaseImage, FindBaseOptions, FoundBase, PortableImage } from './types.ts';
import type { Unknown } from './unknown.ts';

/** Requests that one candidate may cost. */
const maxRequests = 60;
/** Images of one machine that an index may have for several variants. */
const maxVariants = 8;

/** What a look at a candidate gave. */
export type Examined =
  | { readonly outcome: 'accepted'; readonly base: FoundBase; readonly why: string }
  /** `ancestor`: its layers are the image's lowest, but the target is missing; it may name a base of its own. */
  | { readonly outcome: 'rejected'; readonly why: string; readonly ancestor?: PortableImage }
  | ({ readonly outcome: 'unknown' } & Unknown & { readonly ancestor?: PortableImage });

interface Look {
  readonly at: Reading;
  readonly opened: OpenedImage;
  readonly lead: Lead;
  readonly image: PortableImage;
  readonly target: Platform;
}

/** An index as it was read. */
interface ReadIndex {
  readonly digest: Digest;
  readonly index: Index;
}

/**
 * Looks whether a lead names a base of the image, and whether that has the target platform.
 * @throws RegistryError or DocumentError where a document can't be read.
 */
export async function examine(lead: Lead, image: PortableImage, options: FindBaseOptions): Promise<Examined> {
  const { reference } = lead;
  const opened = await options.open({ transport: 'registry', reference });
  const { signal, platform: target } = options;
  const at: Reading = {
    repository: opened.repository,
    budget: { left: maxRequests },
    ...(signal === undefined ? {} : { signal }),
  };
  const look = { at, opened, lead, image, target };
  const { fetched, manifest } = await readManifest(at, reference.digest ?? reference.tag ?? 'latest');
  switch (manifest.kind) {
    case 'index':
      return examineIndex(look, { digest: fetched.digest, index: manifest });
    case 'image': {
      const { bytes, digest, mediaType } = fetched;
      return examineImage(look, manifest, { digest, mediaType, size: bytes.length });
    }
    case 'artifact':
      return { outcome: 'rejected', why: `it is no image: its type is ${manifest.artifactType}` };
    case 'schema1':
      return { outcome: 'rejected', why: 'it is a schema 1 manifest, which names no layers by content' };
  }
}

async function examineIndex(look: Look, read: ReadIndex): Promise<Examined> {
  const { images } = await collectOffers(look.at, read.index);
  const { platform } = look.image;
  const variants = images.filter((offer) => isSameMachine(offer.platform, platform)).slice(0, maxVariants);
  let why = `it has no image for ${formatPlatform(platform)}`;
  for (const { entry } of variants) {
    const manifest = await readChild(look.at, entry);
    if (manifest.kind !== 'image') continue;
    const source = await readBaseImage(look.at, entry, manifest);
    const mismatch = mismatchOf(source, look);
    if (mismatch === undefined) return withTarget(look, source, { read, images });
    why = mismatch;
  }
  return { outcome: 'rejected', why };
}

/** A tag or digest without index: a digest may be a child of the index that the tag beside it names. */
async function examineImage(look: Look, manifest: ImageManifest, descriptor: Descriptor): Promise<Examined> {
  const { reference } = look.lead;
  const source = await readBaseImage(look.at, descriptor, manifest);
  const mismatch = mismatchOf(source, look);
  if (mismatch !== undefined) return { outcome: 'rejected', why: mismatch };
  const ancestor = ancestorOf(look, source, undefined);
  if (reference.digest === undefined)
    return { outcome: 'rejected', why: 'it is the image of one platform, without an index', ancestor };
  if (reference.tag === undefined) {
    const why =
      'its layers fit, but the digest names the image of one platform, and without a tag its index can not be found';
    return { outcome: 'unknown', reason: 'unsupported', why, ancestor };
  }
  const { fetched, manifest: parent } = await readManifest(look.at, reference.tag);
  if (parent.kind !== 'index') {
    const why = `the digest names the image of one platform, and the tag ${reference.tag} no index`;
    return { outcome: 'rejected', why, ancestor };
  }
  const { images } = await collectOffers(look.at, parent);
  return withTarget(look, source, { read: { digest: fetched.digest, index: parent }, images });
}

/** What keeps an image from being a base; `undefined` where its layers are the lowest of the image. */
function mismatchOf({ config }: BaseImage, { image }: Look): string | undefined {
  const { diffIds } = config;
  if (diffIds.length === 0) return 'it has no layers';
  const shared = sharedLayers(diffIds, image.config.diffIds);
  if (shared === diffIds.length) return undefined;
  const name = formatPlatform(image.platform);
  return `its ${name} image has ${diffIds.length} layers, of which the lowest ${shared} are the image's`;
}

async function withTarget(
  look: Look,
  source: BaseImage,
  { read, images }: { read: ReadIndex; images: readonly Offer[] },
): Promise<Examined> {
  const offer = chooseOffer(images, look.target);
  const name = formatPlatform(look.target);
  const isChild = images.some(({ entry }) => entry.digest === source.descriptor.digest);
  const index = isChild ? '' : `, for which ${indexName(look, read)} was looked at,`;
  const missing = `its ${source.config.diffIds.length} layers fit, but it${index} has no image for ${name}`;
  const ancestor = ancestorOf(look, source, read.index);
  if (offer === undefined) return { outcome: 'rejected', why: missing, ancestor };
  const manifest = await readChild(look.at, offer.entry);
  if (manifest.kind !== 'image') return { outcome: 'rejected', why: missing, ancestor };
  const target = await readBaseImage(look.at, offer.entry, manifest);
  const base: FoundBase = {
    reference: formatReference({ ...look.lead.reference, digest: read.digest }),
    indexDigest: read.digest,
    sameIndex: isChild,
    opened: look.opened,
    source,
    target,
    layers: source.config.diffIds.length,
    evidence: look.lead.evidence,
    doubts: doubtsOf(look, source, target),
  };
  return { outcome: 'accepted', base, why: acceptance(base, look) };
}

function acceptance({ layers, sameIndex }: FoundBase, { lead, target }: Look): string {
  const fit = `its layers are the image's lowest ${layers}, and it has ${formatPlatform(target)}`;
  return sameIndex ? fit : `${fit} under the tag ${lead.reference.tag}, which has moved on`;
}

/** What a registry's own documents say against the target (see also the suspicions of a scan). */
function doubtsOf({ target: wanted, image }: Look, source: BaseImage, target: BaseImage): readonly string[] {
  const name = formatPlatform(wanted);
  const own = target.config.platform;
  const says =
    own === undefined || runsOn(own, wanted)
      ? []
      : [`the index says ${name}, the image's own config says ${formatPlatform(own)}`];
  const first = target.config.diffIds[0];
  const isShared = first === source.config.diffIds[0] && !isSameMachine(wanted, image.platform);
  const shares = isShared
    ? [`its ${name} image has the same first layer as its ${formatPlatform(image.platform)} image`]
    : [];
  return [...says, ...shares];
}

/** @throws DocumentError where config and manifest count layers differently. */
async function readBaseImage(
  at: Reading,
  descriptor: Descriptor,
  manifest: ImageManifest,
): Promise<BaseImage> {
  const configBytes = await readConfigBytes(at, manifest.config);
  const config = parseConfig(configBytes);
  checkLayerCount(`${at.repository.name}@${descriptor.digest}`, manifest, config.diffIds);
  return { descriptor, manifest, config, configBytes };
}

/** @throws DocumentError `DOCUMENT_MALFORMED` where config and manifest count layers differently. */
export function checkLayerCount(name: string, manifest: ImageManifest, diffIds: readonly Digest[]): void {
  if (manifest.layers.length === diffIds.length) return;
  throw new DocumentError(
    'DOCUMENT_MALFORMED',
    `${name} has ${manifest.layers.length} layers by its manifest, but ${diffIds.length} by its config`,
  );
}

function ancestorOf({ lead, opened, image }: Look, source: BaseImage, index: Index | undefined) {
  const { descriptor, manifest, config, configBytes } = source;
  const ancestor: PortableImage = {
    reference: formatReference({ ...lead.reference, digest: descriptor.digest }),
    repository: opened.repository,
    ...(index === undefined ? {} : { index }),
    digest: descriptor.digest,
    manifest,
    platform: image.platform,
    config,
    configBytes,
  };
  return ancestor;
}

function indexName({ lead }: Look, { digest }: ReadIndex): string {
  const { registry, repository, tag }: Reference = lead.reference;
  const name = repositoryName({ registry, repository });
  return tag === undefined ? `${name}@${digest}` : `${name}:${tag}`;
}

function isSameMachine(left: Platform | undefined, right: Platform): boolean {
  return left?.os === right.os && left.architecture === right.architecture;
}
