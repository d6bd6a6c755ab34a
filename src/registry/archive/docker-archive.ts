import { createHash } from 'node:crypto';
import * as z from 'zod';
import {
  type Descriptor,
  type Digest,
  DocumentError,
  digestOf,
  formatReference,
  isDigest,
  maxManifestBytes,
  mediaTypes,
  parseConfig,
  parseReference,
} from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import { believed, type Content, imageNameAnnotation, refNameAnnotation } from '../layout/content.ts';
import type { CallOptions } from '../types.ts';
import { ArchiveRepository } from './oci-archive.ts';
import { type OpenArchiveOptions, openTarFile, type TarFile } from './tar-file.ts';

/** What `docker save` writes of each image into manifest.json (moby image/tarexport). */
const manifestFileSchema = z
  .array(
    z.object({
      Config: z.string().min(1),
      RepoTags: z.array(z.string()).nullish(),
      Layers: z.array(z.string()).max(1000).nullish(),
    }),
  )
  .max(10_000);
type SavedImage = z.output<typeof manifestFileSchema>[number];

/**
 * Opens what `docker save` wrote, plain or gzip, with the folder a layer of old or with blobs of new: skopeo's
 * `docker-archive:FILE`. Its images get a manifest of Docker's media types whose digests are those of the files in it.
 * Targets are the saved names, in any spelling.
 * @throws RegistryError `not-found` where there is no such file; `malformed` where it is no such archive.
 */
export async function openDockerArchive(
  file: string,
  options: OpenArchiveOptions = {},
): Promise<ArchiveRepository> {
  const name = `docker-archive:${file}`;
  return believed(name, 'opening the archive', async () => {
    const archive = await openTarFile(file, name, options);
    try {
      const content = new DockerContent(archive);
      for (const image of await readManifestFile(archive, options)) await content.add(image, options);
      return new ArchiveRepository(content, archive);
    } catch (error) {
      await archive.close();
      throw error;
    }
  });
}

async function readManifestFile(archive: TarFile, options: CallOptions): Promise<readonly SavedImage[]> {
  if (archive.size('manifest.json') === undefined)
    throw new RegistryError(
      'malformed',
      `${archive.name} has no manifest.json, so docker save did not write it`,
      {},
      { hint: 'For an archive of an OCI layout, write oci-archive:FILE.' },
    );
  const text = Buffer.from(await archive.readSmall('manifest.json', maxManifestBytes, options)).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DocumentError('DOCUMENT_MALFORMED', 'manifest.json is not JSON', { cause });
  }
  const result = manifestFileSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DocumentError(
    'DOCUMENT_MALFORMED',
    `manifest.json is malformed: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
  );
}

class DockerContent implements Content {
  readonly #archive: TarFile;
  readonly #entries: Descriptor[] = [];
  /** Manifests have no file: they are put together here. */
  readonly #documents = new Map<Digest, Uint8Array>();
  readonly #paths = new Map<Digest, string>();

  constructor(archive: TarFile) {
    this.#archive = archive;
  }

  get name(): string {
    return this.#archive.name;
  }

  async add(image: SavedImage, options: CallOptions): Promise<void> {
    const configBytes = await this.#archive.readSmall(image.Config, maxManifestBytes, options);
    const { diffIds } = parseConfig(configBytes);
    const paths = image.Layers ?? [];
    if (diffIds.length !== paths.length)
      throw new DocumentError(
        'DOCUMENT_MALFORMED',
        `manifest.json names ${paths.length} layers for ${image.Config}, which has ${diffIds.length} diff ids`,
      );
    const layers: Descriptor[] = [];
    for (const [index, path] of paths.entries())
      layers.push(await describeLayer(this.#archive, path, diffIds[index], options));
    const config: Descriptor = {
      mediaType: mediaTypes.dockerConfig,
      digest: digestOf(configBytes),
      size: configBytes.length,
    };
    this.#paths.set(config.digest, image.Config);
    for (const [index, layer] of layers.entries()) this.#paths.set(layer.digest, paths[index] ?? '');
    this.#list(image.RepoTags ?? [], {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifest,
      config,
      layers,
    });
  }

  entries(): Promise<readonly Descriptor[]> {
    return Promise.resolve(this.#entries);
  }

  size(digest: Digest): Promise<number | undefined> {
    const path = this.#paths.get(digest);
    return believed(
      this.name,
      `looking for ${digest}`,
      async () =>
        this.#documents.get(digest)?.length ?? (path === undefined ? undefined : this.#archive.size(path)),
    );
  }

  async *read(digest: Digest, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const document = this.#documents.get(digest);
    if (document !== undefined) yield document;
    else yield* this.#archive.read(this.#paths.get(digest) ?? '', options);
  }

  #list(tags: readonly string[], manifest: object): void {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(bytes);
    this.#documents.set(digest, bytes);
    const entry = { mediaType: mediaTypes.dockerManifest, digest, size: bytes.length };
    if (tags.length === 0) this.#entries.push(entry);
    for (const tag of tags) {
      const image = formatReference(parseReference(tag));
      this.#entries.push({
        ...entry,
        annotations: { [refNameAnnotation]: tag, [imageNameAnnotation]: image },
      });
    }
  }
}

/**
 * A plain layer's digest is its diff id, taken from the config and checked when the layer is read. A compressed layer's
 * is in its path, in new archives; in others the file has to be read to know it.
 */
async function describeLayer(
  archive: TarFile,
  path: string,
  diffId: Digest | undefined,
  options: CallOptions,
): Promise<Descriptor> {
  const size = archive.size(path);
  if (size === undefined || diffId === undefined)
    throw new DocumentError(
      'DOCUMENT_MALFORMED',
      `manifest.json names the layer ${path}, which is not there`,
    );
  const suffix = await compressionOf(archive, path, options);
  const mediaType = `application/vnd.docker.image.rootfs.diff.tar${suffix}`;
  if (suffix === '') return { mediaType, digest: diffId, size };
  return { mediaType, digest: digestInPath(path) ?? (await hashFile(archive, path, options)), size };
}

async function compressionOf(archive: TarFile, path: string, options: CallOptions): Promise<string> {
  const start: Uint8Array[] = [];
  for await (const chunk of archive.read(path, { ...options, length: 4 })) start.push(chunk);
  const magic = Buffer.concat(start).toString('hex');
  if (magic.startsWith('1f8b')) return '.gzip';
  return magic === '28b52ffd' ? '.zstd' : '';
}

function digestInPath(path: string): Digest | undefined {
  const match = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(path);
  const digest = match === null ? '' : `${match[1]}:${match[2]}`;
  return isDigest(digest) ? digest : undefined;
}

async function hashFile(archive: TarFile, path: string, options: CallOptions): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of archive.read(path, options)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
