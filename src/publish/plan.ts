import { algorithmOf, type Descriptor, type Digest, DocumentError } from '../oci/index.ts';
import type { Document, Origin } from './documents.ts';
import { PublishError } from './errors.ts';
import { documentsBelow, type IndexDocument } from './index-document.ts';
import type { Part } from './read-source.ts';
import type { FoundReferrers } from './referrers.ts';

/** A blob to be at the destination in the end. */
export interface PlannedBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Where it can be had, in the order of the sources. */
  readonly origins: readonly Origin[];
}

/** All that is to be at the destination before the tag moves. */
export interface Plan {
  readonly index: IndexDocument;
  /** Pushed one after the other; the manifests of one group at the same time. */
  readonly groups: readonly (readonly Document[])[];
  readonly blobs: readonly PlannedBlob[];
  /** Layers that their publisher doesn't let others distribute: clients fetch them elsewhere. */
  readonly withheld: readonly Descriptor[];
}

/**
 * Orders what an index needs: images before the indexes that list them, and both before what refers to them.
 * @throws DocumentError where two manifests give one blob two sizes; PublishError for digests that can't be pushed.
 */
export function planFor(index: IndexDocument, parts: readonly Part[], referrers: FoundReferrers): Plan {
  const groups = [
    ...groupsOf(documentsBelow(index, parts)),
    ...referrers.levels.flatMap((level) =>
      groupsOf([...level.flatMap(({ below }) => below), ...level.map(({ document }) => document)]),
    ),
  ];
  // The same image may stand in several sources: one push, and every place to mount its blobs from.
  const everywhere = [...groups.flat(), ...parts.map(({ document }) => document)];
  for (const { digest, origin } of everywhere) checkAlgorithm(digest, origin.name);
  checkAlgorithm(index.digest, 'the index');
  const named = everywhere.flatMap((document) =>
    blobsOf(document).map((descriptor) => ({ descriptor, origin: document.origin })),
  );
  const own = named.filter(({ descriptor }) => !isWithheld(descriptor));
  const withheld = named.map(({ descriptor }) => descriptor).filter(isWithheld);
  return {
    index,
    groups,
    blobs: merged(own),
    withheld: [...new Map(withheld.map((descriptor) => [descriptor.digest, descriptor])).values()],
  };
}

function groupsOf(documents: readonly Document[]): readonly (readonly Document[])[] {
  const unique = [...new Map(documents.map((document) => [document.digest, document])).values()];
  const leaves = unique.filter(({ manifest }) => manifest.kind !== 'index');
  const indexes = unique.filter(({ manifest }) => manifest.kind === 'index');
  return [leaves, ...indexes.map((document) => [document])].filter((group) => group.length > 0);
}

function blobsOf({ manifest }: Document): readonly Descriptor[] {
  if (manifest.kind !== 'image' && manifest.kind !== 'artifact') return [];
  return [...(manifest.config === undefined ? [] : [manifest.config]), ...manifest.layers];
}

/** Image-spec layer.md, "Non-Distributable Layers"; Docker calls them foreign. */
function isWithheld({ mediaType }: Descriptor): boolean {
  return /\.(?:nondistributable|foreign)\./.test(mediaType);
}

interface NamedBlob {
  readonly descriptor: Descriptor;
  readonly origin: Origin;
}

function merged(named: readonly NamedBlob[]): readonly PlannedBlob[] {
  const blobs = new Map<Digest, { readonly size: number; readonly origins: Origin[] }>();
  for (const { descriptor, origin } of named) {
    const { digest, size } = descriptor;
    const known = blobs.get(digest);
    if (known === undefined) blobs.set(digest, { size, origins: [origin] });
    else if (known.size !== size) throw twoSizes(descriptor, known.size, origin);
    else if (!known.origins.includes(origin)) known.origins.push(origin);
  }
  return [...blobs].map(([digest, { size, origins }]) => ({ digest, size, origins }));
}

function twoSizes({ digest, size }: Descriptor, other: number, origin: Origin): DocumentError {
  return new DocumentError(
    'SIZE_MISMATCH',
    `the blob ${digest} has ${size} bytes in one manifest of ${origin.name} and ${other} in another manifest`,
  );
}

/** Manifests are pushed under sha256, which is all that registries take. */
function checkAlgorithm(digest: Digest, name: string): void {
  if (algorithmOf(digest) === 'sha256') return;
  throw new PublishError(
    'PUBLISH_UNSUPPORTED',
    `${name} names the manifest ${digest}, and armload publishes manifests under sha256 digests only`,
  );
}
