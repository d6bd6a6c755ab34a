import { join } from 'node:path';
import { algorithmOf, type Digest } from '../../oci/index.ts';

/** Where things are in a cache directory. Its content has the form of an OCI image layout (image-spec image-layout.md). */
export interface CacheLayout {
  readonly root: string;
  readonly blobs: readonly string[];
  readonly tags: string;
  readonly temporary: string;
  /** Its modification time says when the cache was last pruned. */
  readonly pruned: string;
}

export function layoutOf(root: string): CacheLayout {
  return {
    root,
    blobs: [join(root, 'blobs/sha256'), join(root, 'blobs/sha512')],
    tags: join(root, 'tags'),
    temporary: join(root, 'tmp'),
    pruned: join(root, 'pruned'),
  };
}

export function blobPath(layout: CacheLayout, digest: Digest): string {
  const algorithm = algorithmOf(digest);
  return join(layout.root, 'blobs', algorithm, digest.slice(algorithm.length + 1));
}
