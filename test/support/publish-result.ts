import {
  type BlobAction,
  blobActions,
  type PublishedImage,
  type PublishResult,
  publishSchemaVersion,
} from '../../src/results/index.ts';

export function digestNumber(number: number): string {
  return `sha256:${number.toString(16).padStart(64, '0')}`;
}

/** An image that passed its audit, unless the fields say otherwise. */
export function publishedImage(platform: string, fields: Partial<PublishedImage> = {}): PublishedImage {
  return {
    platform,
    digest: digestNumber(1),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    source: 'docker.io/acme/app:1',
    kept: false,
    audit: { state: 'passed', why: 'right: what it starts is machine code of its platform' },
    ...fields,
  };
}

/** A published index of two images, with totals counted from the blobs. */
export function publishResult(fields: Partial<PublishResult> = {}): PublishResult {
  const blobs = fields.blobs ?? [
    { digest: digestNumber(7), size: 12_000_000, action: 'uploaded' as const },
    { digest: digestNumber(8), size: 480_000, action: 'exists' as const },
  ];
  return {
    schemaVersion: publishSchemaVersion,
    destination: 'registry.example/app:1',
    outcome: 'published',
    why: 'registry.example/app:1 points to this index',
    index: {
      digest: digestNumber(9),
      mediaType: 'application/vnd.oci.image.index.v1+json',
      size: 800,
      unchanged: false,
    },
    images: [publishedImage('linux/amd64'), publishedImage('linux/arm64', { digest: digestNumber(2) })],
    others: [],
    referrers: [],
    omitted: [],
    blobs,
    totals: totalsOf(blobs),
    ...fields,
  };
}

function totalsOf(blobs: PublishResult['blobs']): PublishResult['totals'] {
  const sums = blobActions.map((action): [BlobAction, { blobs: number; bytes: number }] => {
    const of = blobs.filter((blob) => blob.action === action);
    return [action, { blobs: of.length, bytes: of.reduce((sum, { size }) => sum + size, 0) }];
  });
  return Object.fromEntries(sums) as PublishResult['totals'];
}
