import type { LayerSource } from '../../layer/index.ts';
import type { Descriptor, Digest } from '../../oci/index.ts';
import {
  type CallOptions,
  type FetchedManifest,
  type OpenedImage,
  RegistryError,
  type Repository,
} from '../../registry/index.ts';
import type { NewImage } from './new-image.ts';

/** The new image as a repository that publishing can read from. */
export function portedImage(
  name: string,
  image: NewImage,
): OpenedImage & { readonly repository: Repository } {
  const repository = new PortedRepository(name, image);
  return { repository, layers: repository, subject: { digest: image.manifest.digest } };
}

class PortedRepository implements Repository {
  readonly name: string;
  readonly #manifests = new Map<string, FetchedManifest>();
  readonly #layers: ReadonlyMap<string, LayerSource>;
  readonly #small = new Map<string, Uint8Array>();

  constructor(name: string, image: NewImage) {
    this.name = name;
    this.#layers = new Map(image.layers.map((layer) => [layer.descriptor.digest, layer]));
    this.#small.set(image.config.descriptor.digest, image.config.bytes);
    this.#manifests.set(image.manifest.digest, image.manifest);
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
    options?: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const small = this.#small.get(digest);
    const layer = this.#layers.get(digest);
    if (small !== undefined) yield small;
    else if (layer !== undefined) yield* layer.repository.blob(layer.descriptor, options);
    else throw this.#missing(digest);
  }

  async *tags(): AsyncGenerator<string, void, undefined> {}

  referrers(): Promise<readonly Descriptor[]> {
    return Promise.resolve([]);
  }

  #missing(what: string): RegistryError {
    return new RegistryError('not-found', `${this.name} holds no ${what}`, {});
  }
}
