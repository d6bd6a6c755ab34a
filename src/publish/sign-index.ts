import { repositoryName } from '../oci/index.ts';
import { attachments } from './attest/attachments.ts';
import type { Attachment } from './attest/types.ts';
import type { IndexDocument } from './index-document.ts';
import type { Part } from './read-source.ts';
import type { PublishImagesOptions } from './types.ts';

/**
 * Signatures of the index, and unless told otherwise of each image that it lists, so that one who pulls either can check it.
 * @throws UsageError or SigningError; the signal's reason.
 */
export async function signatures(
  { digest, mediaType, bytes }: IndexDocument,
  parts: readonly Part[],
  { sign, signIndexOnly = false, environment, destination, signal }: PublishImagesOptions,
): Promise<readonly Attachment[]> {
  if (sign === undefined) return [];
  const { home, name: shown } = destination;
  const name = home === undefined ? shown : repositoryName(home);
  const listed = signIndexOnly ? [] : parts.filter(({ kind }) => kind === 'image');
  const images = listed.map(({ document }) => document);
  const documents = new Map([{ digest, mediaType, bytes }, ...images].map((one) => [one.digest, one]));
  const made: Attachment[] = [];
  for (const one of documents.values()) {
    const descriptor = { digest: one.digest, mediaType: one.mediaType, size: one.bytes.length };
    made.push(
      ...(await attachments(
        { descriptor, name },
        {
          statements: [],
          sign,
          environment: environment ?? process.env,
          ...(signal === undefined ? {} : { signal }),
        },
      )),
    );
  }
  return made;
}
