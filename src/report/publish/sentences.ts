import { type BlobAction, blobActions, type PublishResult } from '../../results/index.ts';
import { count, describeSize } from '../text.ts';
import { publishOutcomeOf } from './outcome.ts';

const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json';

const done: Readonly<Record<BlobAction, string>> = {
  exists: 'there already',
  mounted: 'mounted',
  uploaded: 'uploaded',
  withheld: 'not for distribution',
};
const planned: Readonly<Record<BlobAction, string>> = {
  ...done,
  mounted: 'to mount',
  uploaded: 'to upload',
};

/** `uploaded`, or `to upload` where nothing was written. */
export function describeAction(action: BlobAction, { outcome }: PublishResult): string {
  return (outcome === 'planned' ? planned : done)[action];
}

/** `3 blobs uploaded (12 MB), 1 there already (480 KB)`, most interesting first; empty where none had to be. */
export function describeBlobs(result: PublishResult): string {
  const order: readonly BlobAction[] = ['uploaded', 'mounted', 'exists', 'withheld'];
  const parts = order.flatMap((action) => {
    const { blobs, bytes } = result.totals[action];
    return blobs === 0 ? [] : [`${blobs} ${describeAction(action, result)} (${describeSize(bytes)})`];
  });
  const all = blobActions.reduce((sum, action) => sum + result.totals[action].blobs, 0);
  return all === 0 ? '' : `${count(all, 'blob')}: ${parts.join(', ')}`;
}

/** `OCI index, 3 images`, with what else it lists. */
export function describeIndex({ index, images, others }: PublishResult): string {
  const type = index.mediaType === dockerList ? 'Docker manifest list' : 'OCI index';
  const rest = (['attestation', 'artifact'] as const).flatMap((kind) => {
    const number = others.filter((other) => other.kind === kind).length;
    return number === 0 ? [] : [count(number, kind)];
  });
  return [
    `${index.unchanged ? `a source's own ${type}` : type}`,
    count(images.length, 'image'),
    ...rest,
  ].join(', ');
}

/** `published · 3 images, 2 referrers · 5 blobs: … · exit 0: the index is published`. */
export function publishTotalsOf(result: PublishResult): string {
  const { code, reason } = publishOutcomeOf(result);
  const { images, others, referrers, omitted } = result;
  const listed = [
    count(images.length, 'image'),
    ...(others.length === 0 ? [] : [count(others.length, 'other entry').replace(/entrys$/, 'entries')]),
    ...(referrers.length === 0 ? [] : [count(referrers.length, 'referrer')]),
    ...(omitted.length === 0 ? [] : [`${omitted.length} left out`]),
  ].join(', ');
  return [result.outcome, listed, describeBlobs(result), `exit ${code}: ${reason}`]
    .filter((part) => part !== '')
    .join(' · ');
}
