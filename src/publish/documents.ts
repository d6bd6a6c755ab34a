import {
  type Descriptor,
  type Digest,
  DocumentError,
  type ImageConfig,
  type Manifest,
  parseConfig,
  parseManifest,
} from '../oci/index.ts';
import { type Repository, readSmallBlob } from '../registry/index.ts';
import { PublishError } from './errors.ts';
import type { OpenedSource } from './types.ts';

/** Where manifests and blobs come from. */
export interface Origin {
  /** For messages and the result. */
  readonly name: string;
  readonly repository: Repository;
  readonly layers: Pick<Repository, 'name' | 'blob'>;
  /** Of a registry: where blobs may be mounted from. */
  readonly home?: Home;
  /** The same for one blob, where they don't all come from one place. */
  readonly homeOf?: (digest: Digest) => Home | undefined;
}

/** A repository of a registry. */
export interface Home {
  readonly registry: string;
  readonly repository: string;
}

/** A manifest that is to be published as it is. */
export interface Document {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  readonly origin: Origin;
}

/** Manifests that one call publishes, referrers included, and their bytes in memory. */
const maxDocuments = 1000;
const maxDocumentBytes = 64 * 1024 * 1024;

export function originOf({ name, image, homeOf }: Pick<OpenedSource, 'name' | 'image' | 'homeOf'>): Origin {
  const { repository, layers, subject } = image;
  const { registry, repository: path } = subject;
  const home = registry === undefined || path === undefined ? {} : { home: { registry, repository: path } };
  return { name, repository, layers, ...home, ...(homeOf === undefined ? {} : { homeOf }) };
}

/** Reads manifests, each once, within the limits of one call. */
export class DocumentReader {
  readonly signal: AbortSignal | undefined;
  readonly #read = new Map<Origin, Map<string, Promise<Document>>>();
  #count = 0;
  #bytes = 0;

  constructor(signal?: AbortSignal) {
    this.signal = signal;
  }

  /**
   * What a tag or digest names.
   * @throws RegistryError, DocumentError; PublishError `PUBLISH_TOO_LARGE`.
   */
  read(origin: Origin, target: string): Promise<Document> {
    const known = this.#read.get(origin) ?? new Map<string, Promise<Document>>();
    this.#read.set(origin, known);
    const reading = known.get(target) ?? this.#fetch(origin, target);
    known.set(target, reading);
    return reading;
  }

  /** What a descriptor names. @throws also DocumentError `SIZE_MISMATCH`. */
  async child(origin: Origin, { digest, size }: Descriptor): Promise<Document> {
    const document = await this.read(origin, digest);
    if (document.bytes.length === size) return document;
    throw new DocumentError(
      'SIZE_MISMATCH',
      `${origin.name} says ${size} bytes of ${digest}, the manifest has ${document.bytes.length}`,
    );
  }

  async config(origin: Origin, config: Descriptor): Promise<ImageConfig> {
    return parseConfig(await readSmallBlob(origin.repository, config, this.options()));
  }

  options(): { readonly signal?: AbortSignal } {
    return this.signal === undefined ? {} : { signal: this.signal };
  }

  async #fetch(origin: Origin, target: string): Promise<Document> {
    this.#count += 1;
    if (this.#count > maxDocuments) throw tooLarge(`more than ${maxDocuments} manifests`);
    const { digest, bytes, mediaType } = await origin.repository.manifest(target, this.options());
    this.#bytes += bytes.length;
    if (this.#bytes > maxDocumentBytes) throw tooLarge(`more than ${maxDocumentBytes} bytes of manifests`);
    const manifest = parseManifest(bytes, mediaType);
    return { digest, mediaType: manifest.mediaType, bytes, manifest, origin };
  }
}

function tooLarge(what: string): PublishError {
  return new PublishError('PUBLISH_TOO_LARGE', `the sources have ${what}, over the limit of one publish`);
}
