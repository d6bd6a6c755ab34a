import { formatPlatform } from '../oci/index.ts';
import type { Destination } from '../registry/index.ts';
import {
  type BlobAction,
  blobActions,
  type PublishedImage,
  type PublishOutcome,
  type PublishResult,
  publishSchemaVersion,
} from '../results/index.ts';
import type { BlobOutcome } from './copy-blobs.ts';
import type { IndexDocument } from './index-document.ts';
import type { InspectedImage } from './inspection.ts';
import type { Joined } from './join.ts';
import type { Plan } from './plan.ts';
import type { FoundReferrers } from './referrers.ts';

/** All that is known when a publish ends. */
export interface Ending {
  readonly outcome: PublishOutcome;
  readonly why: string;
  readonly destination: Destination;
  readonly previous: string | undefined;
  readonly index: IndexDocument;
  readonly joined: Joined;
  readonly images: readonly InspectedImage[];
  readonly referrers?: FoundReferrers;
  readonly plan?: Plan;
  readonly blobs?: readonly BlobOutcome[];
}

/** The document of an ending. */
export function resultOf(ending: Ending): PublishResult {
  const { destination, outcome, why, previous, index, joined } = ending;
  const blobs = blobsOf(ending);
  return {
    schemaVersion: publishSchemaVersion,
    destination: destination.name,
    outcome,
    why,
    index: {
      digest: index.digest,
      mediaType: index.mediaType,
      size: index.bytes.length,
      unchanged: index.own !== undefined,
    },
    ...(previous === undefined ? {} : { previous }),
    images: ending.images.map((image) => imageOf(image, joined)),
    others: othersOf(joined),
    referrers: referrersOf(ending),
    omitted: omittedOf(ending),
    blobs,
    totals: totalsOf(blobs),
  };
}

function imageOf({ part, state, why }: InspectedImage, { kept }: Joined): PublishedImage {
  return {
    platform: part.platform === undefined ? 'unknown' : formatPlatform(part.platform),
    digest: part.entry.digest,
    mediaType: part.entry.mediaType,
    source: part.document.origin.name,
    kept: kept.has(part),
    audit: { state, why },
  };
}

function othersOf({ parts }: Joined): PublishResult['others'] {
  return parts.flatMap(({ kind, entry, of, document }) =>
    kind === 'image'
      ? []
      : [
          {
            kind,
            digest: entry.digest,
            source: document.origin.name,
            ...(of === undefined ? {} : { of }),
          },
        ],
  );
}

function referrersOf({ referrers }: Ending): PublishResult['referrers'] {
  return (referrers?.levels ?? []).flat().map(({ document, subject, artifactType }) => ({
    digest: document.digest,
    subject,
    ...(artifactType === undefined ? {} : { artifactType }),
    source: document.origin.name,
  }));
}

function omittedOf({ joined, referrers }: Ending): PublishResult['omitted'] {
  const parts = joined.omitted.map(({ part, why }) => ({
    digest: part.entry.digest,
    ...(part.platform === undefined ? {} : { platform: formatPlatform(part.platform) }),
    source: part.document.origin.name,
    why,
  }));
  const listed = (referrers?.omitted ?? []).map(({ digest, origin, why }) => ({
    digest,
    source: origin.name,
    why,
  }));
  return [...parts, ...listed];
}

function blobsOf({ blobs = [], plan }: Ending): PublishResult['blobs'] {
  const withheld = (plan?.withheld ?? []).map(({ digest, size }) => ({
    digest,
    size,
    action: 'withheld' as const,
  }));
  const own = blobs.map(({ blob, action }) => ({ digest: blob.digest, size: blob.size, action }));
  return [...own, ...(blobs.length === 0 ? [] : withheld)];
}

function totalsOf(blobs: PublishResult['blobs']): PublishResult['totals'] {
  const sums = blobActions.map((action): [BlobAction, { blobs: number; bytes: number }] => {
    const of = blobs.filter((blob) => blob.action === action);
    return [action, { blobs: of.length, bytes: of.reduce((sum, { size }) => sum + size, 0) }];
  });
  return Object.fromEntries(sums) as PublishResult['totals'];
}
