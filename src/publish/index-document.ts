import { compareText } from '../core/index.ts';
import { type Digest, digestOf, mediaTypes } from '../oci/index.ts';
import type { Document } from './documents.ts';
import type { Part, ReadSource } from './read-source.ts';

/** The index to publish. */
export interface IndexDocument {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** The source's index, where it is published as it is. */
  readonly own?: ReadSource;
}

export interface IndexOptions {
  /** Indexes that are published as they are where they say the same, so that their digests and referrers hold. */
  readonly candidates: readonly ReadSource[];
  readonly indexType?: 'oci' | 'docker' | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const dockerTypes: ReadonlySet<string> = new Set([mediaTypes.dockerManifest, mediaTypes.dockerList]);
const listTypes = { oci: mediaTypes.ociIndex, docker: mediaTypes.dockerList } as const;

/** An index of these parts, in this order. Equal parts give equal bytes. */
export function indexDocument(parts: readonly Part[], options: IndexOptions): IndexDocument {
  const { candidates, indexType, annotations } = options;
  const wanted = indexType === undefined ? undefined : listTypes[indexType];
  const own = candidates.find((candidate) => says(candidate, parts, wanted));
  if (own !== undefined) {
    const { digest, mediaType, bytes } = own.root;
    return { digest, mediaType, bytes, own };
  }
  const mediaType = wanted ?? typeFor(parts);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      manifests: parts.map(({ entry }) => entry),
      ...(annotations === undefined || mediaType === mediaTypes.dockerList ? {} : { annotations }),
    }),
  );
  return { digest: digestOf(bytes), mediaType, bytes };
}

/** A Docker list of what is all Docker's, for the oldest of clients; anything else is for an OCI index. */
function typeFor(parts: readonly Part[]): string {
  return parts.every(({ entry }) => dockerTypes.has(entry.mediaType))
    ? mediaTypes.dockerList
    : mediaTypes.ociIndex;
}

/** Does this index list the very same, in whatever order? */
function says({ root, parts: own, below }: ReadSource, parts: readonly Part[], type?: string): boolean {
  if (below === undefined || root.manifest.kind !== 'index') return false;
  if (type !== undefined && type !== root.mediaType) return false;
  const [left, right] = [own, parts].map((list) =>
    list.map(({ entry }) => JSON.stringify(entry)).sort(compareText),
  );
  return JSON.stringify(left) === JSON.stringify(right);
}

/** The manifests below the index, what an index lists before the index, each once. */
export function documentsBelow({ own }: IndexDocument, parts: readonly Part[]): readonly Document[] {
  const documents = own?.below ?? parts.map(({ document }) => document);
  return [...new Map(documents.map((document) => [document.digest, document])).values()];
}
