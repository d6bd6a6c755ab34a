import * as z from 'zod';
import { type Descriptor, type Digest, mediaTypes, parseManifest } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import type { CallOptions } from '../types.ts';
import { type Content, readDocument } from './content.ts';

const maxDepth = 4;
const maxManifests = 20_000;
const manifestTypes: ReadonlySet<string> = new Set(Object.values(mediaTypes));

/** What the way through a store needs to know of one manifest. */
export interface ManifestFacts {
  /** The manifests of an index; empty for others. */
  readonly children: readonly Descriptor[];
  /** Where it has a subject: which, and how the referrers list of that subject describes this manifest. */
  readonly referrer?: { readonly subject: Digest; readonly descriptor: Descriptor };
}

export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly facts: ManifestFacts;
}

/**
 * Every manifest reachable from the top level, each once, children of indexes included. Children that aren't there
 * are left out: an index may be stored with some of its images only. Facts that are `known` are not read again, and
 * what is read is added there.
 * @throws RegistryError or DocumentError where one is damaged, or there are more than 20,000.
 */
export async function* walkManifests(
  content: Content,
  options: CallOptions & { readonly known?: Map<Digest, ManifestFacts> } = {},
): AsyncGenerator<StoredManifest, void, undefined> {
  const known = options.known ?? new Map<Digest, ManifestFacts>();
  const seen = new Set<Digest>();
  let level: readonly Descriptor[] = await content.entries(options);
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++) {
    const next: Descriptor[] = [];
    for (const descriptor of level) {
      if (seen.has(descriptor.digest)) continue;
      seen.add(descriptor.digest);
      if (seen.size > maxManifests)
        throw new RegistryError('unsupported', `${content.name} has more than ${maxManifests} manifests`);
      if (depth > 0 && !(await isStoredManifest(content, descriptor, options))) continue;
      const facts = known.get(descriptor.digest) ?? (await readFacts(content, descriptor, options));
      known.set(descriptor.digest, facts);
      next.push(...facts.children);
      yield { descriptor, facts };
    }
    level = next;
  }
}

async function isStoredManifest(
  content: Content,
  descriptor: Descriptor,
  options: CallOptions,
): Promise<boolean> {
  return (
    manifestTypes.has(descriptor.mediaType) && (await content.size(descriptor.digest, options)) !== undefined
  );
}

async function readFacts(
  content: Content,
  descriptor: Descriptor,
  options: CallOptions,
): Promise<ManifestFacts> {
  const bytes = await readDocument(content, descriptor.digest, options);
  return factsOf(bytes, descriptor);
}

const artifactTypeSchema = z.object({ artifactType: z.string().nullish() });

/**
 * Reads one manifest's facts. A referrer's artifact type is its own, else an image manifest's config media type
 * (distribution-spec, "Listing Referrers").
 * @throws DocumentError where it is no manifest.
 */
export function factsOf(
  bytes: Uint8Array,
  descriptor: Pick<Descriptor, 'digest' | 'mediaType'>,
): ManifestFacts {
  const manifest = parseManifest(bytes, descriptor.mediaType);
  const children = manifest.kind === 'index' ? manifest.manifests : [];
  if (manifest.kind === 'schema1' || manifest.subject === undefined) return { children };
  // parseManifest names the type of what it holds; the list wants the member as written.
  const own = artifactTypeSchema.parse(JSON.parse(Buffer.from(bytes).toString())).artifactType || undefined;
  const artifactType = own ?? (manifest.kind === 'index' ? undefined : manifest.config?.mediaType);
  const referrer: Descriptor = {
    mediaType: manifest.mediaType,
    digest: descriptor.digest,
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
  };
  return { children, referrer: { subject: manifest.subject.digest, descriptor: referrer } };
}
