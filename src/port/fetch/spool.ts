import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ArmloadError } from '../../core/index.ts';
import { SharedFlights } from '../../registry/index.ts';

/** A copy that is not what was put there. */
export class SpoolError extends ArmloadError<'SPOOL_DAMAGED'> {}

/** What an address gives, and what is to be known with it. */
export interface Opened {
  readonly body: AsyncIterable<Uint8Array>;
  /** The address that answered, for one. */
  readonly note?: string;
}

export type Open = (signal: AbortSignal) => Promise<Opened>;

export interface SpoolCall {
  readonly signal?: AbortSignal | undefined;
  /** Will it be the same for whoever asks next? Then it's remembered, and nobody asks again. */
  readonly isLasting?: (error: unknown) => boolean;
}

export interface SpoolOptions {
  /** Of this spool alone; made when it's needed, and nobody's afterwards. */
  readonly folder: string;
  /** Bytes above which what was longest unused goes; 4 GiB unless told. What is more by itself is not kept. */
  readonly maxBytes?: number;
}

interface Entry {
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  readonly note?: string;
  readers: number;
}

const defaultBytes = 4 * 1024 ** 3;
const pieceBytes = 1024 ** 2;
const maxFailures = 10_000;

/** What can't be kept here can be had all the same. */
class NotKept extends Error {}

/**
 * What was fetched once, for all who want the same in one run, at the same time or later: it's fetched whole into a file
 * first, so that nobody waits for another's reading.
 */
export class Spool {
  readonly #folder: string;
  readonly #maxBytes: number;
  /** Longest unused first. */
  readonly #entries = new Map<string, Entry>();
  readonly #failures = new Map<string, unknown>();
  readonly #flights = new SharedFlights<Entry>();
  #bytes = 0;
  #count = 0;

  constructor({ folder, maxBytes = defaultBytes }: SpoolOptions) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /**
   * What `start` gives, or gave before. The body has to be read, or it's kept until the end.
   * @throws what `start` or its body throws, or the signal's reason; the body SpoolError.
   */
  async through(key: string, start: Open, call: SpoolCall = {}): Promise<Opened> {
    const { signal } = call;
    signal?.throwIfAborted();
    if (this.#failures.has(key)) throw this.#failures.get(key);
    const known = this.#entries.get(key);
    if (known !== undefined) return this.#reading(key, known);
    try {
      const fill = (shared: AbortSignal): Promise<Entry> => this.#fill(key, start, shared);
      return this.#reading(key, await this.#flights.run(key, fill, signal));
    } catch (error) {
      if (error instanceof NotKept) return start(signal ?? new AbortController().signal);
      signal?.throwIfAborted();
      if (call.isLasting?.(error) === true && this.#failures.size < maxFailures)
        this.#failures.set(key, error);
      throw error;
    }
  }

  #reading(key: string, entry: Entry): Opened {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.readers += 1;
    const { note } = entry;
    return { body: this.#read(key, entry), ...(note === undefined ? {} : { note }) };
  }

  async *#read(key: string, entry: Entry): AsyncGenerator<Uint8Array, void, undefined> {
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(entry.file, { highWaterMark: pieceBytes })) {
        hash.update(chunk as Uint8Array);
        yield chunk as Uint8Array;
      }
      if (hash.digest('hex') === entry.sha256) return;
      if (this.#entries.get(key) === entry) await this.#remove(key, entry);
      throw new SpoolError('SPOOL_DAMAGED', `the copy of what was fetched, ${entry.file}, was damaged`, {
        hint: 'Run it again.',
      });
    } finally {
      entry.readers -= 1;
    }
  }

  async #fill(key: string, start: Open, signal: AbortSignal): Promise<Entry> {
    const file = join(this.#folder, String(this.#count++));
    const { body, note } = await start(signal);
    try {
      const entry = { ...(await this.#write(body, file)), file, readers: 0 };
      const noted = note === undefined ? entry : { ...entry, note };
      this.#entries.set(key, noted);
      this.#bytes += noted.size;
      await this.#makeRoom(noted);
      return noted;
    } catch (error) {
      await rm(file, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  async #write(body: AsyncIterable<Uint8Array>, file: string): Promise<Pick<Entry, 'size' | 'sha256'>> {
    const handle = await kept(async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      return open(file, 'wx', 0o600);
    });
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > this.#maxBytes) throw new NotKept();
        hash.update(chunk);
        await kept(() => handle.writeFile(chunk));
      }
    } finally {
      await handle.close();
    }
    return { size, sha256: hash.digest('hex') };
  }

  async #makeRoom(newest: Entry): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return;
      if (entry.readers > 0 || entry === newest) continue;
      await this.#remove(key, entry);
    }
  }

  async #remove(key: string, { file, size }: Entry): Promise<void> {
    this.#entries.delete(key);
    this.#bytes -= size;
    await rm(file, { force: true }).catch(() => undefined);
  }
}

async function kept<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new NotKept(undefined, { cause: error });
  }
}
