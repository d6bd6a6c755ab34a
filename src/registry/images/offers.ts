import {
  DocumentError,
  formatPlatform,
  type Index,
  type IndexEntry,
  indexTypes,
  isAttestation,
  type Manifest,
  type Platform,
  runsOn,
} from '../../oci/index.ts';
import { type Reading, readChild, readConfig } from './documents.ts';

/** Indexes inside indexes are followed this deep (the outermost is 1). */
const maxDepth = 4;

/** One image an index offers. `platform` is absent where neither index nor config says it. */
export interface Offer {
  readonly entry: IndexEntry;
  readonly platform?: Platform;
}

/** What an index holds, attestations left out. */
export interface Offers {
  readonly images: readonly Offer[];
  readonly artifacts: number;
}

/**
 * Follows an index to its images. Entries without a platform are asked for their config, because nothing may be
 * assumed of them (home-assistant/operating-system #4594); entries with one cost nothing. Where an entry says itself
 * that it fits the platform that is `wanted`, the silent ones are not asked.
 * @throws DocumentError where nesting goes too deep, or RegistryError where a child can't be read.
 */
export async function collectOffers(
  at: Reading,
  index: Index,
  { wanted, depth = 1 }: { readonly wanted?: Platform | undefined; readonly depth?: number } = {},
): Promise<Offers> {
  if (depth > maxDepth) {
    throw new DocumentError('DOCUMENT_TOO_LARGE', `indexes are nested more than ${maxDepth} deep`);
  }
  const entries = index.manifests.filter((entry) => !isAttestation(entry));
  const settled =
    wanted !== undefined && entries.some((entry) => isPlainImage(entry) && runsOn(entry.platform, wanted));
  const images: Offer[] = [];
  let artifacts = 0;
  for (const entry of entries) {
    const found =
      settled && !isPlainImage(entry)
        ? { images: [{ entry }], artifacts: 0 }
        : await offersOf(at, entry, { wanted, depth });
    images.push(...found.images);
    artifacts += found.artifacts;
  }
  return { images, artifacts };
}

function isPlainImage(entry: IndexEntry): entry is IndexEntry & { platform: Platform } {
  return entry.platform !== undefined && !indexTypes.has(entry.mediaType);
}

interface Way {
  readonly wanted: Platform | undefined;
  readonly depth: number;
}

async function offersOf(at: Reading, entry: IndexEntry, way: Way): Promise<Offers> {
  if (entry.artifactType !== undefined && entry.platform === undefined) return { images: [], artifacts: 1 };
  if (isPlainImage(entry)) return { images: [{ entry, platform: entry.platform }], artifacts: 0 };
  return offersOfChild(at, entry, { child: await readChild(at, entry), way });
}

async function offersOfChild(
  at: Reading,
  entry: IndexEntry,
  { child, way }: { child: Manifest; way: Way },
): Promise<Offers> {
  if (child.kind === 'index') return collectOffers(at, child, { ...way, depth: way.depth + 1 });
  if (child.kind === 'artifact') return { images: [], artifacts: 1 };
  if (child.kind === 'schema1') return { images: [{ entry }], artifacts: 0 };
  const platform = entry.platform ?? (await readConfig(at, child.config)).platform;
  return { images: [platform === undefined ? { entry } : { entry, platform }], artifacts: 0 };
}

/** Sorted, each once. */
export function platformNames(offers: readonly Offer[]): string[] {
  return [
    ...new Set(offers.flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]))),
  ].sort();
}

/** The entry a host of the platform would pull: an exact match before an older variant, the first of equals. */
export function chooseOffer(offers: readonly Offer[], wanted: Platform): Offer | undefined {
  const fitting = offers.filter(({ platform }) => platform !== undefined && runsOn(platform, wanted));
  const exact = formatPlatform(wanted);
  return (
    fitting.find(({ platform }) => platform !== undefined && formatPlatform(platform) === exact) ?? fitting[0]
  );
}
