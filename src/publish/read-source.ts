import {
  type Descriptor,
  DocumentError,
  formatPlatform,
  type Index,
  indexTypes,
  isAttestation,
  type Platform,
  samePlatform,
} from '../oci/index.ts';
import type { Document, DocumentReader, Origin } from './documents.ts';
import {
  attestedDigest,
  type EntryDocument,
  entriesOf,
  entryDocument,
  type PlatformDocument,
  platformDocument,
} from './entries.ts';
import { PublishError } from './errors.ts';
import { inParallel } from './in-parallel.ts';

/** One entry that a source gives to the index. */
export interface Part {
  readonly kind: 'image' | 'attestation' | 'artifact';
  readonly document: Document;
  readonly entry: EntryDocument;
  /** Of an image. */
  readonly platform?: Platform;
  /** Of an attestation: the digest of the image it speaks of. */
  readonly of?: string;
}

export interface ReadSource {
  readonly origin: Origin;
  /** What the source names. */
  readonly root: Document;
  readonly parts: readonly Part[];
  /** Every manifest below an index, what an index lists before the index; undefined where not all of it is taken. */
  readonly below?: readonly Document[];
}

export interface SourceToRead {
  readonly origin: Origin;
  /** A tag or digest. */
  readonly target: string;
  readonly platform?: Platform | undefined;
}

/** Indexes inside indexes are followed this deep (the outermost is 1). */
const maxDepth = 4;
const readsAtOnce = 8;

/**
 * Reads what a source gives: an index all its entries (those of one platform where one is named), an image itself.
 * @throws PublishError for a source that has no image, or one whose platform nobody says; RegistryError, DocumentError.
 */
export async function readSource(reader: DocumentReader, source: SourceToRead): Promise<ReadSource> {
  const { origin, platform } = source;
  const root = await reader.read(origin, source.target);
  const { manifest } = root;
  if (manifest.kind === 'image') {
    const { config } = manifest;
    const own = platform ?? (await reader.config(origin, config)).platform;
    if (own === undefined) throw unknownPlatform(origin, root);
    return { origin, root, parts: [imagePart(root, own)] };
  }
  if (manifest.kind !== 'index') throw notAnImage(origin, describe(manifest));
  const found = await readIndex(reader, { document: root, index: manifest, platform, depth: 1 });
  if (!found.parts.some(({ kind }) => kind === 'image'))
    throw platform === undefined
      ? notAnImage(origin, 'an index without images')
      : missing(origin, platform, manifest);
  return platform === undefined ? { origin, root, ...found } : { origin, root, parts: found.parts };
}

function describe(manifest: Exclude<Document['manifest'], Index>): string {
  if (manifest.kind === 'artifact') return `an artifact of type ${manifest.artifactType}`;
  return 'a manifest of schema 1, which current runtimes no longer pull';
}

function imagePart(document: Document, platform: Platform): Part {
  const { digest, mediaType, bytes } = document;
  const entry = { mediaType, digest, size: bytes.length, platform: platformDocument(platform) };
  return { kind: 'image', document, entry, platform };
}

interface Level {
  readonly document: Document;
  readonly index: Index;
  readonly platform: Platform | undefined;
  readonly depth: number;
}

interface Found {
  readonly parts: readonly Part[];
  readonly below: readonly Document[];
}

async function readIndex(reader: DocumentReader, level: Level): Promise<Found> {
  const { document, index, platform, depth } = level;
  if (depth > maxDepth)
    throw new DocumentError(
      'DOCUMENT_TOO_LARGE',
      `${document.origin.name} has indexes nested more than ${maxDepth} deep`,
    );
  const wanted = entriesOf(index, document.bytes).filter(
    ({ entry }) =>
      platform === undefined ||
      isAttestation(entry) ||
      entry.platform === undefined ||
      indexTypes.has(entry.mediaType) ||
      samePlatform(entry.platform, platform),
  );
  const candidates = wanted.filter(({ entry }) => !isAttestation(entry));
  const options = { limit: readsAtOnce, signal: reader.signal };
  const found = await inParallel(candidates, options, (one) => readEntry(reader, level, one));
  const taken = new Set(found.flatMap(({ parts }) => parts.map((part) => part.entry.digest as string)));
  const attestations = wanted.filter(
    ({ entry }) => isAttestation(entry) && (platform === undefined || taken.has(attestedDigest(entry) ?? '')),
  );
  const attested = await inParallel(attestations, options, (one) => readAttestation(reader, level, one));
  const all = [...found, ...attested];
  return { parts: all.flatMap(({ parts }) => parts), below: all.flatMap(({ below }) => below) };
}

type Listed = ReturnType<typeof entriesOf>[number];

async function readEntry(
  reader: DocumentReader,
  { document: parent, platform: wanted, depth }: Level,
  { entry, written }: Listed,
): Promise<Found> {
  const { origin } = parent;
  const document = await reader.child(origin, entry);
  const { manifest } = document;
  if (manifest.kind === 'index') {
    const nested = { document, index: manifest, platform: wanted, depth: depth + 1 };
    const { parts, below } = await readIndex(reader, nested);
    return { parts, below: [...below, document] };
  }
  if (manifest.kind === 'schema1') throw notAnImage(origin, `an index of ${describe(manifest)}`);
  if (manifest.kind === 'artifact') {
    const part: Part = { kind: 'artifact', document, entry: entryFor(document, entry, written) };
    return { parts: wanted === undefined ? [part] : [], below: [document] };
  }
  const platform = entry.platform ?? (await reader.config(origin, manifest.config)).platform;
  if (wanted !== undefined && (platform === undefined || !samePlatform(platform, wanted)))
    return { parts: [], below: [] };
  if (platform === undefined) throw unknownPlatform(origin, document);
  const said = (entry.platform && written) ?? platformDocument(platform);
  const part: Part = { kind: 'image', document, entry: entryFor(document, entry, said), platform };
  return { parts: [part], below: [document] };
}

async function readAttestation(
  reader: DocumentReader,
  { document: parent }: Level,
  { entry, written }: Listed,
): Promise<Found> {
  const document = await reader.child(parent.origin, entry);
  const of = attestedDigest(entry);
  const part: Part = {
    kind: 'attestation',
    document,
    entry: entryFor(document, entry, written),
    ...(of === undefined ? {} : { of }),
  };
  return { parts: [part], below: [document] };
}

function entryFor(
  { mediaType }: Document,
  entry: Descriptor,
  platform: PlatformDocument | undefined,
): EntryDocument {
  return entryDocument(entry, entry.mediaType === '' ? mediaType : entry.mediaType, platform);
}

function unknownPlatform(origin: Origin, { digest }: Document): PublishError {
  return new PublishError(
    'PUBLISH_PLATFORM_UNKNOWN',
    `neither an index nor its config says what platform the image ${digest} of ${origin.name} is for`,
    { hint: 'Name it in front of the source: linux/arm64=SOURCE' },
  );
}

function notAnImage(origin: Origin, what: string): PublishError {
  return new PublishError('PUBLISH_NOT_AN_IMAGE', `${origin.name} gives no image: it is ${what}`);
}

function missing(origin: Origin, platform: Platform, index: Index): PublishError {
  const there = index.manifests
    .filter((entry) => !isAttestation(entry))
    .flatMap((entry) => (entry.platform === undefined ? [] : [formatPlatform(entry.platform)]));
  return new PublishError(
    'PUBLISH_PLATFORM_MISSING',
    `${origin.name} has no image for ${formatPlatform(platform)}`,
    {
      hint:
        there.length === 0 ? 'Its index names no platform.' : `It has: ${[...new Set(there)].join(', ')}.`,
    },
  );
}
