import type { Compression } from '../../../layer/index.ts';

/** What a rewritten layer is compressed with. There is no zstd encoder here, and every engine reads gzip. */
export type NewCompression = 'gzip' | 'none';

export function newCompression(source: Compression): NewCompression {
  return source === 'none' ? 'none' : 'gzip';
}

/**
 * The media type of a rewritten layer: of the same family as the source's (image-spec layer.md; Docker's image manifest
 * v2). A layer that was not to be distributed is an ordinary one now: nobody else has it.
 */
export function newMediaType(source: string, compression: NewCompression): string {
  const isDocker = source.startsWith('application/vnd.docker.image.rootfs.');
  const base = isDocker
    ? 'application/vnd.docker.image.rootfs.diff.tar'
    : 'application/vnd.oci.image.layer.v1.tar';
  if (compression === 'none') return base;
  return `${base}${isDocker ? '.' : '+'}gzip`;
}
