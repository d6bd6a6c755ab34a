import { type Clock, redact, systemClock } from '../../../../core/index.ts';
import { DebianError } from '../errors.ts';
import type { AptSource } from '../sources/index.ts';
import { type ImageKeyrings, type Keyring, trustOf } from '../trust/index.ts';
import { indexPaths, packageAddress, releaseFolder } from './addresses.ts';
import { ContentCache } from './content-cache.ts';
import { type DownloadParts, fetchContent } from './download.ts';
import { createFetch, type Fetch, type FetchOptions } from './fetch.ts';
import { type ArchiveLimits, defaultArchiveLimits } from './limits.ts';
import { type OpenedRelease, openRelease } from './open-release.ts';
import { type IndexFile, type OfferedPackage, readPackages } from './packages.ts';
import type { Release, ReleaseFile } from './release.ts';

export interface ArchiveReaderOptions {
  /** The folder for indexes and packages, kept by their hash. */
  readonly cache: string;
  /** Those of the image. */
  readonly keyrings: ImageKeyrings;
  /** Keyrings that a person configured, which may sign every source. */
  readonly extraKeyrings?: readonly Keyring[];
  /** Takes sources without a trusted signature too, and notes it; wrong signatures are refused all the same. */
  readonly allowUnsigned?: boolean;
  /** HTTP with the environment's proxies unless told. */
  readonly fetch?: Fetch;
  /** What other readers of this run fetched, and this one does. */
  readonly spool?: FetchOptions['spool'];
  readonly clock?: Clock;
  readonly limits?: Partial<ArchiveLimits>;
}

export interface ReadSourceOptions {
  /** Debian's name: `arm64`. */
  readonly architecture: string;
  /** Packages to look for. */
  readonly names: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
}

/** What a source offers of what was looked for. */
export interface SourceOffer extends Pick<OpenedRelease, 'signers' | 'notes'> {
  readonly source: AptSource;
  /** False for backports and the like: nothing is upgraded to what they have. */
  readonly isAutomatic: boolean;
  readonly packages: readonly OfferedPackage[];
}

/** Reads archives. To be closed. */
export interface ArchiveReader {
  /**
   * Reads the source's Release file and package indexes, checked by signature and hashes.
   * @throws DebianError, or the signal's reason.
   */
  offer(source: AptSource, options: ReadSourceOptions): Promise<SourceOffer>;
  /**
   * Fetches a package's file, checked against its index, unless the cache has it: its path on this machine.
   * @throws DebianError, or the signal's reason.
   */
  download(
    file: { readonly url: string; readonly sha256: string; readonly size: number },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<string>;
  close(): Promise<void>;
}

export function createArchiveReader(options: ArchiveReaderOptions): ArchiveReader {
  const connection =
    options.fetch === undefined
      ? createFetch({ spool: options.spool })
      : { fetch: options.fetch, close: async () => undefined };
  const limits = { ...defaultArchiveLimits, ...options.limits };
  const cache = new ContentCache(options.cache);
  const releases = new Map<string, Promise<OpenedRelease>>();
  const parts = (signal: AbortSignal | undefined, time: number): DownloadParts & { cache: ContentCache } => ({
    fetch: connection.fetch,
    clock: options.clock ?? systemClock,
    signal,
    time,
    cache,
  });

  function release(source: AptSource, signal: AbortSignal | undefined): Promise<OpenedRelease> {
    const key = JSON.stringify([source.uri, source.suite, source.signedBy, source.checkValidUntil]);
    const known = releases.get(key);
    if (known !== undefined) return known;
    const opened = openRelease(source, {
      ...parts(signal, limits.releaseTime),
      maxBytes: limits.releaseBytes,
      trust: trustOf(source, options.keyrings, options.extraKeyrings),
      allowUnsigned: options.allowUnsigned ?? false,
    });
    releases.set(key, opened);
    opened.catch(() => releases.delete(key));
    return opened;
  }

  async function offer(source: AptSource, call: ReadSourceOptions): Promise<SourceOffer> {
    const opened = await release(source, call.signal);
    const { architecture, names, signal } = call;
    const { found, missing } = listedIndexes(opened.release, source, architecture);
    const packages: OfferedPackage[] = [];
    for (const listed of found) {
      checkSize(listed, limits);
      const index = await fetchIndex(source, listed, {
        ...parts(signal, limits.downloadTime),
        hasByHash: opened.release.hasByHash,
      });
      for (const one of await readPackages(index, { names, signal, maxBytes: limits.indexBytes }))
        packages.push(one);
    }
    const { isAutomatic } = opened.release;
    return { source, isAutomatic, packages, signers: opened.signers, notes: [...opened.notes, ...missing] };
  }

  return {
    offer,
    download: async (file, { signal } = {}) => {
      if (file.size > limits.packageBytes) throw overLimit(file.url, file.size, limits.packageBytes);
      return fetchContent(file.url, file, parts(signal, limits.downloadTime));
    },
    close: () => connection.close(),
  };
}

/** An index as the Release file has it. */
interface ListedIndex extends ReleaseFile {
  readonly path: string;
  readonly compression: IndexFile['compression'];
  readonly name: string;
}

/** Best first: the smallest to fetch. */
const endings = [
  ['.xz', 'xz'],
  ['.zst', 'zstd'],
  ['.gz', 'gzip'],
  ['', 'none'],
] as const;

/**
 * A source may have nothing for the architecture in some of its components, which is noted.
 * @throws DebianError `DEBIAN_NOT_FOUND` where it has nothing in any.
 */
function listedIndexes(
  release: Release,
  source: AptSource,
  architecture: string,
): { readonly found: readonly ListedIndex[]; readonly missing: readonly string[] } {
  const folder = releaseFolder(source);
  const paths = indexPaths(source, architecture);
  const found = paths.flatMap((path) => listedIndex(release, path, folder) ?? []);
  const missing = paths
    .filter((path) => listedIndex(release, path, folder) === undefined)
    .map((path) => redact(`${folder} has no ${path}`));
  if (found.length > 0) return { found, missing };
  throw new DebianError('DEBIAN_NOT_FOUND', `${folder} has no packages for ${architecture}`, {
    hint: 'Another archive may have them: configure a mirror for this one.',
    facts: { lacks: 'architecture' },
  });
}

function listedIndex(release: Release, path: string, folder: string): ListedIndex | undefined {
  for (const [ending, compression] of endings) {
    const file = release.files.get(`${path}${ending}`);
    if (file !== undefined)
      return { ...file, path: `${path}${ending}`, compression, name: `${folder}${path}${ending}` };
  }
  return undefined;
}

function checkSize({ size, name }: ListedIndex, { indexBytes }: ArchiveLimits): void {
  if (size > indexBytes) throw overLimit(name, size, indexBytes);
}

function overLimit(name: string, size: number, limit: number): DebianError {
  return new DebianError('DEBIAN_LIMIT', `${name} has ${size} bytes, over the limit of ${limit}`);
}

/** By hash where the archive offers that: the file is right even while the archive is being updated. */
async function fetchIndex(
  source: AptSource,
  listed: ListedIndex,
  parts: DownloadParts & { readonly cache: ContentCache; readonly hasByHash: boolean },
): Promise<IndexFile> {
  const { compression, name, sha256, path } = listed;
  if (parts.hasByHash) {
    const folder = `${releaseFolder(source)}${path.slice(0, path.lastIndexOf('/') + 1)}`;
    try {
      const byHash = await fetchContent(`${folder}by-hash/SHA256/${sha256}`, listed, parts);
      return { path: byHash, compression, name };
    } catch (error) {
      if (!(error instanceof DebianError && error.code === 'DEBIAN_NOT_FOUND')) throw error;
    }
  }
  return { path: await fetchContent(name, listed, parts), compression, name };
}

/** Where a package of a source is. @throws DebianError `DEBIAN_MALFORMED`. */
export function addressOf(source: AptSource, { filename }: OfferedPackage): string {
  return packageAddress(source, filename);
}
