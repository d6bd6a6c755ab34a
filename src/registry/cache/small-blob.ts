import { type Descriptor, DocumentError, verifyDigest } from '../../oci/index.ts';
import type { CallOptions, Repository } from '../types.ts';
import { maxEntryBytes } from './pack-format.ts';

/**
 * Reads a small blob, such as an image config, as a whole: from the descriptor itself where it holds the content
 * (image-spec descriptor.md, "Embedded Content"), else from the repository. Checked either way.
 * @throws DocumentError `DOCUMENT_TOO_LARGE` above 4 MiB, or where the content isn't the digest's; RegistryError as the
 * repository does.
 */
export async function readSmallBlob(
  repository: Repository,
  descriptor: Pick<Descriptor, 'digest' | 'size' | 'data'>,
  options: CallOptions = {},
): Promise<Uint8Array> {
  const { digest, size, data } = descriptor;
  if (size > maxEntryBytes) throw tooLarge(repository.name, descriptor, size);
  if (data !== undefined) {
    const bytes = Buffer.from(data, 'base64');
    verifyDigest(bytes, digest, size);
    return bytes;
  }
  return collect(repository, { digest, size }, options);
}

/** All bytes of a blob, at most 4 MiB whatever its descriptor says. */
export async function collect(
  repository: Repository,
  descriptor: Pick<Descriptor, 'digest' | 'size'>,
  options: CallOptions = {},
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of repository.blob(descriptor, options)) {
    total += chunk.length;
    if (total > maxEntryBytes) throw tooLarge(repository.name, descriptor, total);
    chunks.push(chunk);
  }
  // A copy, for a chunk may be a view of a socket's large buffer, which a kept blob would keep with it.
  return Buffer.concat(chunks);
}

function tooLarge(name: string, { digest }: Pick<Descriptor, 'digest'>, size: number): DocumentError {
  return new DocumentError(
    'DOCUMENT_TOO_LARGE',
    `the blob ${digest} of ${name} has ${size} bytes or more, over the limit of ${maxEntryBytes}`,
  );
}
