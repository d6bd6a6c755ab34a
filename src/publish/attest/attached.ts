import { type Descriptor, type Digest, parseManifest } from '../../oci/index.ts';
import {
  type CallOptions,
  type FetchedManifest,
  RegistryError,
  type Repository,
} from '../../registry/index.ts';
import type { Document, Origin } from '../documents.ts';
import type { Referrer } from '../referrers.ts';
import type { Attachment } from './types.ts';

/** What was made to be attached, as referrers that are pushed like those of a source. */
export function attachedReferrers(attachments: readonly Attachment[]): readonly Referrer[] {
  const repository = new AttachmentRepository(attachments);
  const origin: Origin = { name: repository.name, repository, layers: repository };
  return attachments.flatMap(({ manifest: { digest, mediaType, bytes }, artifactType }) => {
    const manifest = parseManifest(bytes, mediaType);
    const subject = manifest.kind === 'schema1' ? undefined : manifest.subject?.digest;
    if (subject === undefined) return [];
    const document: Document = { digest, mediaType, bytes, manifest, origin };
    return [{ document, subject, artifactType, below: [] }];
  });
}

/** The attachments' documents and blobs, in memory. */
class AttachmentRepository implements Repository {
  readonly name = 'armload';
  readonly #manifests: ReadonlyMap<string, FetchedManifest>;
  readonly #blobs: ReadonlyMap<Digest, Uint8Array>;

  constructor(attachments: readonly Attachment[]) {
    this.#manifests = new Map(attachments.map(({ manifest }) => [manifest.digest, manifest]));
    this.#blobs = new Map(
      attachments.flatMap(({ blobs }) =>
        blobs.map(({ descriptor, bytes }): [Digest, Uint8Array] => [descriptor.digest, bytes]),
      ),
    );
  }

  async resolve(target: string): Promise<{ digest: Digest; mediaType: string; size: number }> {
    const { digest, mediaType, bytes } = await this.manifest(target);
    return { digest, mediaType, size: bytes.length };
  }

  manifest(target: string): Promise<FetchedManifest> {
    const known = this.#manifests.get(target);
    return known === undefined ? Promise.reject(this.#missing(target)) : Promise.resolve(known);
  }

  async *blob(
    { digest }: Pick<Descriptor, 'digest' | 'size'>,
    _options?: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) throw this.#missing(digest);
    yield bytes;
  }

  async *tags(): AsyncGenerator<string, void, undefined> {}

  referrers(): Promise<readonly Descriptor[]> {
    return Promise.resolve([]);
  }

  #missing(what: string): RegistryError {
    return new RegistryError('not-found', `nothing that was made to be attached is ${what}`, {});
  }
}
