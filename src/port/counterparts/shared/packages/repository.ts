import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, messageOf, redact } from '../../../../core/index.ts';
import { BoundedFolder, type KeptFile } from '../../../../layer/index.ts';
import { createFetch, type Fetch, FetchError, persistent, type Spool } from '../../../fetch/index.ts';
import { PackagesError } from './errors.ts';

/** Bounds on what a repository sends. Bytes, or milliseconds. */
export interface RepositoryLimits {
  readonly indexBytes: number;
  readonly packageBytes: number;
  readonly indexTime: number;
  readonly packageTime: number;
  /** Of all kept files together. */
  readonly cacheBytes: number;
}

export const defaultRepositoryLimits: RepositoryLimits = {
  indexBytes: 256 * 1024 ** 2,
  packageBytes: 4 * 1024 ** 3,
  indexTime: 5 * 60_000,
  packageTime: 30 * 60_000,
  cacheBytes: 8 * 1024 ** 3,
};

export interface RepositoryOptions {
  /** Kept from run to run. */
  readonly folder: string;
  readonly clock: Clock;
  readonly fetch?: Fetch;
  /** What other readers of this run fetched, and this one does. */
  readonly spool?: Spool | undefined;
  readonly limits?: Partial<RepositoryLimits>;
  readonly signal?: AbortSignal | undefined;
}

export interface WantedFile {
  readonly url: string;
  /** What it is known by in the folder, whatever its address. */
  readonly key: string;
  /** Bytes, where that's known. */
  readonly size?: number;
  /** Is the file what was wanted? Asked of each, also of one that is kept. @throws PackagesError where it isn't. */
  check(file: string): Promise<void>;
}

/** What was used so lately may be in use by another process. Milliseconds. */
const recent = 60 * 60_000;

/** Gets indexes and packages from repositories. To be closed. */
export class Repository {
  readonly #options: RepositoryOptions;
  readonly #limits: RepositoryLimits;
  readonly #fetch: Fetch;
  readonly #close: () => Promise<void>;
  readonly #bound: BoundedFolder;
  readonly #known = new Map<string, Promise<string>>();

  constructor(options: RepositoryOptions) {
    this.#options = options;
    this.#limits = { ...defaultRepositoryLimits, ...options.limits };
    const own = options.fetch === undefined ? createFetch({ spool: options.spool }) : undefined;
    this.#fetch = options.fetch ?? (own as NonNullable<typeof own>).fetch;
    this.#close = own?.close ?? (async () => undefined);
    this.#bound = new BoundedFolder(options.folder, {
      maxBytes: this.#limits.cacheBytes,
      isInUse: (file) => this.#isInUse(file),
    });
  }

  /** The whole of an index. @throws PackagesError, or the signal's reason. */
  index(url: string): Promise<Uint8Array> {
    const { indexBytes, indexTime } = this.#limits;
    return this.#persistently(url, indexTime, async (signal) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of await this.#fetch(url, { signal })) {
        size += chunk.length;
        if (size > indexBytes) throw tooMuch(url, indexBytes);
        chunks.push(Uint8Array.from(chunk));
      }
      return Buffer.concat(chunks);
    });
  }

  /** The path of a package's file on this machine. @throws PackagesError, or the signal's reason. */
  file(wanted: WantedFile): Promise<string> {
    const known = this.#known.get(wanted.key) ?? this.#file(wanted);
    this.#known.set(wanted.key, known);
    return known;
  }

  async close(): Promise<void> {
    await this.#close();
  }

  async #file(wanted: WantedFile): Promise<string> {
    const name = createHash('sha256').update(wanted.key).digest('hex');
    const file = join(this.#options.folder, name.slice(0, 2), name);
    if (await isGood(file, wanted)) {
      const now = new Date(this.#options.clock.now());
      await utimes(file, now, now).catch(() => undefined);
      return file;
    }
    return this.#persistently(wanted.url, this.#limits.packageTime, (signal) =>
      this.#download(wanted, file, signal),
    );
  }

  /** Under another name until it's whole and right, so that a kill leaves nothing wrong behind. */
  async #download(wanted: WantedFile, file: string, signal: AbortSignal): Promise<string> {
    const temporary = `${file}.${randomUUID()}`;
    try {
      await kept(file, () => mkdir(dirname(file), { recursive: true }));
      const size = await this.#write(await this.#fetch(wanted.url, { signal }), temporary, wanted);
      await wanted.check(temporary);
      await kept(file, () => rename(temporary, file));
      await this.#bound.account(size);
      return file;
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  async #write(body: AsyncIterable<Uint8Array>, file: string, wanted: WantedFile): Promise<number> {
    const most = Math.min(wanted.size ?? Number.POSITIVE_INFINITY, this.#limits.packageBytes);
    const handle = await kept(file, () => open(file, 'wx', 0o600));
    let size = 0;
    try {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > most && most === wanted.size) throw otherSize(wanted, `more than ${most}`);
        if (size > most) throw tooMuch(wanted.url, most);
        await kept(file, () => handle.writeFile(chunk));
      }
    } finally {
      await handle.close();
    }
    if (wanted.size !== undefined && size !== wanted.size) throw otherSize(wanted, String(size));
    return size;
  }

  #persistently<T>(url: string, time: number, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, signal } = this.#options;
    return persistent(
      async (either) => {
        try {
          return await attempt(either);
        } catch (error) {
          throw either.aborted ? error : asPackagesError(url, error);
        }
      },
      { clock, signal, time, isPassing, timedOut: () => timeout(url, time) },
    );
  }

  #isInUse({ usedAt }: KeptFile): boolean {
    return usedAt > this.#options.clock.now() - recent;
  }
}

async function isGood(file: string, wanted: WantedFile): Promise<boolean> {
  const status = await stat(file).catch(() => undefined);
  if (status?.isFile() !== true || (wanted.size !== undefined && status.size !== wanted.size)) return false;
  return wanted.check(file).then(
    () => true,
    (error: unknown) => {
      if (error instanceof PackagesError) return false;
      throw error;
    },
  );
}

async function kept<T>(file: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new PackagesError('PACKAGES_CACHE', `${file} can't be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const codes = {
  FETCH_NOT_FOUND: 'PACKAGES_NOT_FOUND',
  FETCH_UNREACHABLE: 'PACKAGES_UNREACHABLE',
  FETCH_TIMEOUT: 'PACKAGES_TIMEOUT',
} as const;

function asPackagesError(url: string, error: unknown): PackagesError {
  if (error instanceof PackagesError) return error;
  if (error instanceof FetchError) {
    const { hint, facts } = error;
    return new PackagesError(codes[error.code], redact(messageOf(error)), { cause: error, hint, facts });
  }
  const text = `GET ${redact(url)} failed: ${messageOf(error)}`;
  return new PackagesError('PACKAGES_UNREACHABLE', text, { cause: error });
}

/** A client's fault stays one: 401, 403. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof PackagesError)) return false;
  const status = error.facts['status'];
  if (typeof status === 'number') return status >= 500 || status === 429;
  return error.code === 'PACKAGES_UNREACHABLE' || error.code === 'PACKAGES_TIMEOUT';
}

function tooMuch(url: string, bytes: number): PackagesError {
  return new PackagesError(
    'PACKAGES_LIMIT',
    `GET ${redact(url)} gives more than the limit of ${bytes} bytes`,
  );
}

function otherSize({ url, size }: WantedFile, got: string): PackagesError {
  return new PackagesError('PACKAGES_HASH', `${redact(url)} has ${got} bytes; its index says ${size ?? 0}`, {
    hint: 'The mirror is being updated, or something on the way changes files: try again, or another mirror.',
  });
}

function timeout(url: string, time: number): PackagesError {
  return new PackagesError(
    'PACKAGES_TIMEOUT',
    `GET ${redact(url)} was not done after ${time / 1000} seconds`,
  );
}
