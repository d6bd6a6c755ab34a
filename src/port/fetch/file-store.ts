import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ArmloadError, type Clock, messageOf, redact } from '../../core/index.ts';
import { BoundedFolder } from '../../layer/index.ts';
import { FetchError } from './errors.ts';
import { createFetch, type Fetch } from './fetch.ts';
import { persistent } from './persistent.ts';
import type { Spool } from './spool.ts';

/**
 * A file that can't be used. `FILE_HASH`: other bytes than was said. `FILE_LIMIT`: too many of them. `FILE_CACHE`: this
 * machine can't keep it.
 */
export class FileError extends ArmloadError<'FILE_HASH' | 'FILE_LIMIT' | 'FILE_CACHE'> {}

/** What somebody says a file's hash is. Hexadecimal, lower case. */
export interface FileSum {
  readonly algorithm: 'sha512' | 'sha256' | 'sha1';
  readonly hex: string;
}

/** A file of this machine that has the sum that was asked for. */
export interface StoredFile {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface FileStoreParts {
  /** Kept from run to run, within a bound: what was not used for the longest time goes. */
  readonly folder: string;
  /** HTTP with the proxies of an environment, or this. */
  readonly fetch?: Fetch | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** What other stores of this run fetched, and this one does. */
  readonly spool?: Spool | undefined;
  readonly clock: Clock;
  /** Bytes of one file, and milliseconds for one, all tries together. */
  readonly limits: { readonly fileBytes: number; readonly time: number };
  readonly signal?: AbortSignal | undefined;
}

const maxFolderBytes = 4 * 1024 ** 3;
/** Milliseconds: what was used so lately may be in use by another process. */
const recent = 60 * 60_000;
const pieceBytes = 1024 ** 2;

/**
 * Files from elsewhere by their hash, which is checked when one is fetched and before the first use of one that is there; and
 * small documents, which nobody vouches for but their host: redirects lead them to no other. To be closed.
 */
export class FileStore {
  readonly #parts: FileStoreParts;
  readonly #forFiles: Connection;
  readonly #forDocuments: Connection;
  readonly #bound: BoundedFolder;
  readonly #files = new Map<string, Promise<StoredFile>>();

  constructor(parts: FileStoreParts) {
    const { folder, clock } = parts;
    this.#parts = parts;
    this.#forFiles = connection(parts);
    this.#forDocuments = connection(parts, isSameHost);
    this.#bound = new BoundedFolder(folder, {
      maxBytes: maxFolderBytes,
      isInUse: ({ usedAt }) => usedAt > clock.now() - recent,
    });
  }

  /** Each once, whoever asks. @throws FileError, FetchError, the signal's reason. */
  get(url: string, sum: FileSum): Promise<StoredFile> {
    const key = `${sum.algorithm}-${sum.hex}`;
    const known = this.#files.get(key) ?? this.#get(url, sum, key);
    this.#files.set(key, known);
    return known;
  }

  /**
   * A small document, which is not kept. `undefined` where its host says that there is none.
   * @throws FileError `FILE_LIMIT`, FetchError, the signal's reason.
   */
  async text(url: string, maxBytes: number): Promise<string | undefined> {
    try {
      return await this.#persistently(url, async (signal) => {
        const chunks: Uint8Array[] = [];
        let size = 0;
        for await (const chunk of await this.#forDocuments.fetch(url, { signal })) {
          size += chunk.length;
          if (size > maxBytes) throw tooLarge(url, maxBytes);
          chunks.push(Uint8Array.from(chunk));
        }
        return Buffer.concat(chunks).toString('utf8');
      });
    } catch (error) {
      if (error instanceof FetchError && error.code === 'FETCH_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#forFiles.close(), this.#forDocuments.close()]);
  }

  async #get(url: string, sum: FileSum, key: string): Promise<StoredFile> {
    const file = join(this.#parts.folder, sum.hex.slice(0, 2), key);
    const there = await hashed(file, sum);
    if (there !== undefined) {
      const now = new Date(this.#parts.clock.now());
      await utimes(file, now, now).catch(() => undefined);
      return { file, ...there };
    }
    const got = await this.#persistently(url, (signal) => this.#download(url, { sum, file, signal }));
    await kept(file, () => this.#bound.account(got.size));
    return got;
  }

  #persistently<T>(url: string, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, signal, limits } = this.#parts;
    return persistent(attempt, {
      ...{ clock, signal, time: limits.time },
      isPassing,
      timedOut: () =>
        new FetchError(
          'FETCH_TIMEOUT',
          `GET ${redact(url)} was not done after ${limits.time / 1000} seconds`,
        ),
    });
  }

  /** Under another name until it's whole, so that a kill leaves nothing wrong behind. */
  async #download(
    url: string,
    { sum, file, signal }: { readonly sum: FileSum; readonly file: string; readonly signal: AbortSignal },
  ): Promise<StoredFile> {
    const temporary = `${file}.${randomUUID()}`;
    try {
      await kept(file, () => mkdir(dirname(file), { recursive: true }));
      const body = await this.#forFiles.fetch(url, { signal });
      const { size, sums } = await this.#write(body, { temporary, url, sum });
      const got = sums.get(sum.algorithm);
      if (got !== sum.hex)
        throw new FileError(
          'FILE_HASH',
          `GET ${redact(url)} gave ${size} bytes with ${sum.algorithm} ${got}, and ${sum.hex} was said`,
          {
            hint: 'Something on the way changes files, or what vouches for them is wrong: try another source.',
          },
        );
      await kept(file, () => rename(temporary, file));
      return { file, size, sha256: sums.get('sha256') ?? '' };
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  async #write(
    body: AsyncIterable<Uint8Array>,
    { temporary, url, sum }: { readonly temporary: string; readonly url: string; readonly sum: FileSum },
  ): Promise<{ readonly size: number; readonly sums: ReadonlyMap<string, string> }> {
    const { fileBytes } = this.#parts.limits;
    const handle = await kept(temporary, () => open(temporary, 'wx', 0o600));
    const hashes = hashesFor(sum);
    let size = 0;
    try {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > fileBytes) throw tooLarge(url, fileBytes);
        for (const hash of hashes.values()) hash.update(chunk);
        await kept(temporary, () => handle.writeFile(chunk));
      }
    } finally {
      await handle.close();
    }
    return { size, sums: digests(hashes) };
  }
}

type Connection = ReturnType<typeof createFetch>;

function connection(
  { fetch, environment, spool }: FileStoreParts,
  mayRedirect?: (from: URL, to: URL) => boolean,
): Connection {
  if (fetch !== undefined) return { fetch, close: async () => undefined };
  return createFetch({
    ...(environment !== undefined && { environment }),
    ...(mayRedirect !== undefined && { mayRedirect }),
    spool,
  });
}

function isSameHost(from: URL, to: URL): boolean {
  return from.host === to.host && (to.protocol === from.protocol || to.protocol === 'https:');
}

function hashesFor({ algorithm }: FileSum): ReadonlyMap<string, Hash> {
  return new Map([...new Set(['sha256', algorithm])].map((name) => [name, createHash(name)]));
}

function digests(hashes: ReadonlyMap<string, Hash>): ReadonlyMap<string, string> {
  return new Map([...hashes].map(([name, hash]) => [name, hash.digest('hex')]));
}

/** `undefined` where it's not there, or not what was asked for. */
async function hashed(file: string, sum: FileSum): Promise<Omit<StoredFile, 'file'> | undefined> {
  const hashes = hashesFor(sum);
  let size = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: pieceBytes })) {
      size += (chunk as Uint8Array).length;
      for (const hash of hashes.values()) hash.update(chunk as Uint8Array);
    }
  } catch {
    return undefined;
  }
  const sums = digests(hashes);
  return sums.get(sum.algorithm) === sum.hex ? { size, sha256: sums.get('sha256') ?? '' } : undefined;
}

function tooLarge(url: string, maxBytes: number): FileError {
  return new FileError('FILE_LIMIT', `GET ${redact(url)} gives more than ${maxBytes} bytes, the limit`);
}

async function kept<T>(file: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new FileError('FILE_CACHE', `${file} can't be written: ${messageOf(error)}`, { cause: error });
  }
}

/** May the failure be gone with the next try? */
function isPassing(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false;
  const status = error.facts['status'];
  if (typeof status === 'number') return status >= 500 || status === 429;
  return error.code !== 'FETCH_NOT_FOUND' && error.facts['redirect'] !== true;
}
