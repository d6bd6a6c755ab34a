import {
  type Descriptor,
  type Digest,
  digestOf,
  isDigest,
  mediaTypes,
  parseReference,
} from '../oci/index.ts';
import { RegistryError, type Repository } from '../registry/index.ts';

/** A repository of JSON documents: what a judgement reads, and a log of what it asked for. */
export class Documents implements Repository {
  readonly name = 'registry.example/app';
  readonly asked: string[] = [];
  readonly #tags = new Map<string, Digest>();
  readonly #contents = new Map<string, { bytes: Uint8Array; mediaType: string }>();
  /** What fails, by target or digest. */
  readonly failures = new Map<string, Error>();

  /** Stores a document and gives its descriptor. */
  add(document: unknown, options: { tag?: string; mediaType?: string } = {}): Descriptor {
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    const digest = digestOf(bytes);
    const mediaType =
      options.mediaType ?? (document as { mediaType?: string }).mediaType ?? 'application/json';
    this.#contents.set(digest, { bytes, mediaType });
    if (options.tag !== undefined) this.#tags.set(options.tag, digest);
    return { mediaType, digest, size: bytes.length };
  }

  /** A single image for a platform (`os/arch[/variant]`), whose layers are the given texts. */
  image(
    platform: string,
    options: { tag?: string; layers?: readonly Descriptor[]; history?: readonly string[] } = {},
  ): Descriptor {
    const [os, architecture, variant] = platform.split('/');
    const layers = options.layers ?? [layer(`${platform} base`), layer(`${platform} program`)];
    const history = (options.history ?? []).map((createdBy) => ({ created_by: createdBy }));
    const config = this.add(
      { os, architecture, variant, rootfs: { type: 'layers', diff_ids: [] }, history },
      { mediaType: mediaTypes.ociConfig },
    );
    return this.add({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers }, options);
  }

  /** An index of entries; a platform text becomes the entry's platform, `undefined` leaves it out. */
  index(
    entries: readonly (Descriptor & { for?: string | undefined })[],
    options: { tag?: string } = {},
  ): Descriptor {
    const manifests = entries.map(({ for: platform, ...descriptor }) => {
      const [os, architecture, variant] = platform?.split('/') ?? [];
      return platform === undefined ? descriptor : { ...descriptor, platform: { os, architecture, variant } };
    });
    return this.add({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }, options);
  }

  forget(digest: string): void {
    this.#contents.delete(digest);
  }

  resolve(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async manifest(target: string) {
    this.asked.push(`manifest ${target}`);
    const digest = isDigest(target) ? target : this.#tags.get(target);
    return { digest: digest ?? digestOf(new Uint8Array()), ...this.#content(target, digest) };
  }

  async *blob(descriptor: Pick<Descriptor, 'digest' | 'size'>) {
    this.asked.push(`blob ${descriptor.digest}`);
    yield this.#content(descriptor.digest, descriptor.digest).bytes;
  }

  async *tags() {
    this.asked.push('tags');
    const failure = this.failures.get('tags');
    if (failure) throw failure;
    yield* [...this.#tags.keys()].sort();
  }

  referrers(): Promise<readonly Descriptor[]> {
    return Promise.resolve([]);
  }

  #content(target: string, digest: string | undefined): { bytes: Uint8Array; mediaType: string } {
    const failure = this.failures.get(target);
    if (failure) throw failure;
    const content = digest === undefined ? undefined : this.#contents.get(digest);
    if (content === undefined) throw new RegistryError('not-found', `${this.name} has no ${target}`);
    return content;
  }
}

/** A layer's descriptor; the content isn't needed. */
export function layer(text: string, size = 1_000_000): Descriptor {
  return {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: digestOf(new TextEncoder().encode(text)),
    size,
  };
}

export function at(suffix: string): ReturnType<typeof parseReference> {
  return parseReference(`registry.example/app${suffix}`);
}
