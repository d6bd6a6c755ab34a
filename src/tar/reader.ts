import { ByteReader, type TarInput } from './byte-reader.ts';
import type { EntryFacts, EntryPlace } from './entry.ts';
import { TarError } from './errors.ts';
import { type EntryHead, type HeaderOptions, HeaderReader, paddingOf } from './headers.ts';

/** One entry on its way by. */
export interface TarEntry extends EntryFacts, EntryPlace {
  /** The `size` stored bytes. Can be read once, and only until the next entry is asked for; unread bytes are skipped. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The bytes behind the body that fill its last block, zeros as a rule. What is left of the body is skipped. */
  padding(): Promise<Uint8Array>;
}

export interface ReadTarOptions extends HeaderOptions {
  /** Gets what stands behind the last entry: closing blocks, filling of the last record, or nothing at all. */
  readonly onTrailer?: (chunk: Uint8Array) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads a tar entry by entry: v7, ustar, pax and GNU. The input is read no faster than the entries are taken, and after
 * the closing blocks to its end, so that a digest check behind it sees every byte.
 * @throws TarError `TAR_MALFORMED`, `TAR_TRUNCATED` or `TAR_LIMIT`, with the offset.
 */
export async function* readTar(
  input: TarInput,
  options: ReadTarOptions = {},
): AsyncGenerator<TarEntry, void, undefined> {
  const reader = new ByteReader(input);
  const headers = new HeaderReader(options);
  try {
    for (;;) {
      const head = await nextHead(reader, headers, options.signal);
      if (head === undefined) break;
      const body = new EntryBody(reader, head.size, options.signal);
      yield { ...head, body, padding: () => body.padding() };
      await body.finish();
    }
    if (headers.zeroBlocks > 0) options.onTrailer?.(new Uint8Array(512 * headers.zeroBlocks));
    await reader.drain(options.onTrailer);
  } finally {
    await reader.close();
  }
}

/** `undefined` at the archive's end, marked by zero blocks or by the input's end. */
async function nextHead(
  reader: ByteReader,
  headers: HeaderReader,
  signal: AbortSignal | undefined,
): Promise<EntryHead | undefined> {
  for (;;) {
    signal?.throwIfAborted();
    const offset = reader.offset;
    const bytes = reader.take(headers.wanted) ?? (await reader.exactly(headers.wanted));
    if (bytes === undefined) {
      headers.end(offset);
      return undefined;
    }
    const result = headers.accept(bytes, offset);
    if (result === 'end') return undefined;
    if (result !== undefined) return result;
  }
}

class EntryBody implements AsyncIterable<Uint8Array> {
  readonly #reader: ByteReader;
  readonly #signal: AbortSignal | undefined;
  readonly #start: number;
  #padding: number;
  #left: number;
  #passed = false;
  #reading: Promise<unknown> | undefined;

  constructor(reader: ByteReader, size: number, signal: AbortSignal | undefined) {
    this.#reader = reader;
    this.#signal = signal;
    this.#start = reader.offset;
    this.#left = size;
    this.#padding = paddingOf(size);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#left > 0) {
      this.#signal?.throwIfAborted();
      if (this.#passed)
        throw new TarError('TAR_MALFORMED', this.#start, 'the body was read after its entry was left');
      const reading = this.#reader.some(this.#left);
      this.#reading = reading.catch(() => undefined);
      const chunk = await reading;
      this.#left -= chunk.length;
      yield chunk;
    }
  }

  async padding(): Promise<Uint8Array> {
    await this.#skipBody();
    const length = this.#padding;
    this.#padding = 0;
    if (length === 0) return new Uint8Array(0);
    const bytes = await this.#reader.exactly(length);
    if (bytes !== undefined) return new Uint8Array(bytes);
    throw new TarError('TAR_TRUNCATED', this.#reader.offset, "the tar ends before its last body's padding");
  }

  /** Moves on to the next header, also while a reader of the body is still waiting for a piece. */
  async finish(): Promise<void> {
    this.#passed = true;
    const rest = this.#left + this.#padding;
    if (this.#reading === undefined && rest === 0) return;
    await this.#reading;
    await this.#reader.skip(this.#left + this.#padding);
  }

  async #skipBody(): Promise<void> {
    await this.#reading;
    await this.#reader.skip(this.#left);
    this.#left = 0;
  }
}
