import type { Descriptor, Digest } from '../../oci/index.ts';
import { believed, type Content } from '../layout/content.ts';
import { maxIndexFileBytes, parseIndexFile, toDescriptor } from '../layout/index-file.ts';
import { StoredRepository } from '../layout/stored-repository.ts';
import type { CallOptions } from '../types.ts';
import { type OpenArchiveOptions, openTarFile, type TarFile } from './tar-file.ts';

/** An archive opened for reading. It keeps its file open until closed. */
export class ArchiveRepository extends StoredRepository {
  readonly #archive: TarFile;

  constructor(content: Content, archive: TarFile) {
    super(content);
    this.#archive = archive;
  }

  async close(): Promise<void> {
    await this.#archive.close();
  }
}

/**
 * Opens a tar of an OCI image layout, plain or gzip: skopeo's `oci-archive:FILE`.
 * @throws RegistryError `not-found` where there is no such file; `malformed` where it is no such archive.
 */
export async function openOciArchive(
  file: string,
  options: OpenArchiveOptions = {},
): Promise<ArchiveRepository> {
  const name = `oci-archive:${file}`;
  return believed(name, 'opening the archive', async () => {
    const archive = await openTarFile(file, name, options);
    try {
      const index = parseIndexFile(await archive.readSmall('index.json', maxIndexFileBytes, options));
      const entries = (index.manifests ?? []).map(toDescriptor);
      return new ArchiveRepository(new ArchiveContent(archive, entries), archive);
    } catch (error) {
      await archive.close();
      throw error;
    }
  });
}

class ArchiveContent implements Content {
  readonly #archive: TarFile;
  readonly #entries: readonly Descriptor[];

  constructor(archive: TarFile, entries: readonly Descriptor[]) {
    this.#archive = archive;
    this.#entries = entries;
  }

  get name(): string {
    return this.#archive.name;
  }

  entries(): Promise<readonly Descriptor[]> {
    return Promise.resolve(this.#entries);
  }

  size(digest: Digest): Promise<number | undefined> {
    return believed(this.name, `looking for ${digest}`, async () => this.#archive.size(blobPath(digest)));
  }

  read(digest: Digest, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    return this.#archive.read(blobPath(digest), options);
  }
}

/** Where a layout keeps a blob. */
function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}
