import type { LayerSource } from '../../../layer/index.ts';
import type { Descriptor, Digest } from '../../../oci/index.ts';
import type { LayerLayout } from '../layout/types.ts';
import { compressed, inPieces } from './compress.ts';
import { newCompression, newMediaType } from './media-type.ts';
import { Measure, type RewriteOptions, rewriteLayer } from './rewrite-layer.ts';

export interface WrittenBlob {
  readonly file: string;
  /** Without the source's annotations and inline data: they spoke of other bytes. */
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

/** Writes a new layer to a file that is named for its digest. @throws what `rewriteLayer` throws. */
export async function writeBlob(
  source: LayerSource,
  layout: LayerLayout,
  options: RewriteOptions,
): Promise<WrittenBlob> {
  const compression = newCompression(layout.facts.compression);
  const tar = new Measure();
  const blob = new Measure();
  const content = tar.through(rewriteLayer(source, layout, options));
  const file = await options.files.write(
    blob.through(compression === 'gzip' ? compressed(content) : inPieces(content)),
  );
  const digest = blob.digest();
  const descriptor = {
    mediaType: newMediaType(source.descriptor.mediaType, compression),
    digest,
    size: blob.size,
  };
  return {
    file: await options.files.finish(file, digest.replace(':', '-')),
    descriptor,
    diffId: tar.digest(),
  };
}
