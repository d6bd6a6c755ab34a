import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, messageOf, redact } from '../../../../core/index.ts';
import { type Fetch, FetchError, persistent } from '../../../fetch/index.ts';
import { PythonError } from '../errors.ts';
import type { PythonLimits } from '../limits.ts';

export interface WheelStoreParts {
  /** Kept from run to run. */
  readonly folder: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly limits: PythonLimits;
  readonly signal?: AbortSignal | undefined;
}

export interface WantedWheel {
  readonly url: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A file of this machine that has the sum that was asked for. */
export interface StoredWheel {
  readonly file: string;
  readonly size: number;
}

/** Wheels by their SHA-256, which is checked when one is fetched and before the first use of one that is there. */
export class WheelStore {
  readonly #parts: WheelStoreParts;
  readonly #known = new Map<string, Promise<StoredWheel>>();

  constructor(parts: WheelStoreParts) {
    this.#parts = parts;
  }

  /** @throws PythonError `PYTHON_HASH`, `PYTHON_LIMIT`, `PYTHON_CACHE`; FetchError; the signal's reason. */
  get(wanted: WantedWheel): Promise<StoredWheel> {
    const known = this.#known.get(wanted.sha256) ?? this.#get(wanted);
    this.#known.set(wanted.sha256, known);
    return known;
  }

  async #get(wanted: WantedWheel): Promise<StoredWheel> {
    const { folder, clock, signal, limits } = this.#parts;
    const file = join(folder, wanted.sha256.slice(0, 2), wanted.sha256);
    const size = await goodSize(file, wanted.sha256);
    if (size !== undefined) return { file, size };
    return persistent((either) => this.#download(wanted, file, either), {
      ...{ clock, signal, time: limits.wheelTime },
      isPassing: isPassingFailure,
      timedOut: () => timeout(wanted.url, limits.wheelTime),
    });
  }

  /** Under another name until it's whole, so that a kill leaves nothing wrong behind. */
  async #download({ url, sha256 }: WantedWheel, file: string, signal: AbortSignal): Promise<StoredWheel> {
    const temporary = `${file}.${randomUUID()}`;
    try {
      await kept(file, () => mkdir(dirname(file), { recursive: true }));
      const body = await this.#parts.fetch(url, { signal });
      const { size, sum } = await this.#write(body, temporary, url);
      if (sum !== sha256)
        throw new PythonError(
          'PYTHON_HASH',
          `GET ${redact(url)} gave ${size} bytes with SHA-256 ${sum}; its index says ${sha256}`,
          { hint: 'Something on the way changes files, or the index is wrong: try another index.' },
        );
      await kept(file, () => rename(temporary, file));
      return { file, size };
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  async #write(
    body: AsyncIterable<Uint8Array>,
    file: string,
    url: string,
  ): Promise<{ readonly size: number; readonly sum: string }> {
    const { wheelBytes } = this.#parts.limits;
    const handle = await kept(file, () => open(file, 'wx', 0o600));
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > wheelBytes)
          throw new PythonError('PYTHON_LIMIT', `GET ${redact(url)} gives more than ${wheelBytes} bytes`);
        hash.update(chunk);
        await kept(file, () => handle.writeFile(chunk));
      }
    } finally {
      await handle.close();
    }
    return { size, sum: hash.digest('hex') };
  }
}

async function goodSize(file: string, sha256: string): Promise<number | undefined> {
  const hash = createHash('sha256');
  try {
    const status = await stat(file);
    if (!status.isFile()) return undefined;
    for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
    return hash.digest('hex') === sha256 ? status.size : undefined;
  } catch {
    return undefined;
  }
}

async function kept<T>(file: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new PythonError('PYTHON_CACHE', `${file} can't be written: ${messageOf(error)}`, { cause: error });
  }
}

/** May the failure be gone with the next try? */
export function isPassingFailure(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false;
  const status = error.facts['status'];
  if (typeof status === 'number') return status >= 500 || status === 429;
  return error.code !== 'FETCH_NOT_FOUND';
}

export function timeout(url: string, time: number): FetchError {
  return new FetchError('FETCH_TIMEOUT', `GET ${redact(url)} was not done after ${time / 1000} seconds`);
}
