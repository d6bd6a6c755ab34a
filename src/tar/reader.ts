import { ByteReader, type TarInput } from './byte-reader.ts';
import { describeEntry, type EntryFacts } from './entry.ts';
import { TarError } from './errors.ts';
import { blockSize, cString, decodeHeader, type HeaderFields, isZeroBlock } from './header.ts';
import { type PaxRecords, parsePax } from './pax.ts';

/** One entry on its way by. */
export interface TarEntry extends EntryFacts {
  /** Where the entry starts: its first extension header, if it has any. */
  readonly offset: number;
  readonly bodyOffset: number;
  /** Every header block of the entry, extension headers and their bodies included: for passing it through. */
  readonly rawHeaders: Uint8Array;
  /** The `size` stored bytes. Can be read once, and only until the next entry is asked for; unread bytes are skipped. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ReadTarOptions {
  /** Bytes of all extension headers of one entry; 1 MiB unless told, as in Go's archive/tar. */
  readonly maxExtensionBytes?: number;
  /** Entries of the whole archive; 4 million unless told. */
  readonly maxEntries?: number;
  /**
   * Global pax headers (`g`) are ignored unless told, against POSIX: the container engines ignore them too, and what
   * they unpack is what matters of a layer.
   */
  readonly globalHeaders?: 'ignore' | 'apply';
  readonly signal?: AbortSignal;
}

interface Pending {
  start: number;
  blocks: Uint8Array[];
  bytes: number;
  pax: Map<string, Uint8Array>;
  longName?: Uint8Array;
  longLink?: Uint8Array;
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
  try {
    yield* new Walk(reader, options).entries();
    await reader.drain();
  } finally {
    await reader.close();
  }
}

class Walk {
  readonly #reader: ByteReader;
  readonly #options: ReadTarOptions;
  readonly #maxExtensionBytes: number;
  #global: PaxRecords = new Map();
  #count = 0;

  constructor(reader: ByteReader, options: ReadTarOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#maxExtensionBytes = options.maxExtensionBytes ?? 1024 * 1024;
  }

  async *entries(): AsyncGenerator<TarEntry, void, undefined> {
    let pending = this.#fresh();
    for (;;) {
      this.#options.signal?.throwIfAborted();
      const block = await this.#header(pending);
      if (block === undefined) return;
      const header = decodeHeader(block, this.#reader.offset - blockSize);
      this.#keep(pending, block);
      if (await this.#extension(header, pending)) continue;
      if (header.typeflag === 'S') await this.#sparseMap(block, pending);
      const entry = this.#entry(header, pending);
      yield entry;
      await entry.body.finish();
      pending = this.#fresh();
    }
  }

  #fresh(): Pending {
    return { start: this.#reader.offset, blocks: [], bytes: 0, pax: new Map() };
  }

  /** The next header block; `undefined` at the archive's end, marked by a zero block or by the input's end. */
  async #header(pending: Pending): Promise<Uint8Array | undefined> {
    const start = this.#reader.offset;
    const block = this.#reader.take(blockSize) ?? (await this.#reader.exactly(blockSize));
    if (block !== undefined && !isZeroBlock(block)) return block;
    if (pending.blocks.length > 0)
      throw new TarError('TAR_TRUNCATED', start, 'the tar ends after an extension header without its entry');
    if (block === undefined) return undefined;
    const second = await this.#reader.exactly(blockSize);
    if (second === undefined || isZeroBlock(second)) return undefined;
    throw new TarError('TAR_MALFORMED', start, 'a block of zeros stands in the middle of the archive');
  }

  /** True where the header only prepares the next one. */
  async #extension(header: HeaderFields, pending: Pending): Promise<boolean> {
    const offset = this.#reader.offset;
    if (header.typeflag === 'L') pending.longName = cString(await this.#extensionBody(header, pending));
    else if (header.typeflag === 'K') pending.longLink = cString(await this.#extensionBody(header, pending));
    else if (header.typeflag === 'x' || header.typeflag === 'X')
      pending.pax = parsePax(await this.#extensionBody(header, pending), offset);
    else if (header.typeflag === 'g') {
      const records = parsePax(await this.#extensionBody(header, pending), offset);
      if (this.#options.globalHeaders === 'apply') this.#global = merge(this.#global, records);
    } else return false;
    return true;
  }

  async #extensionBody(header: HeaderFields, pending: Pending): Promise<Uint8Array> {
    const offset = this.#reader.offset;
    const padded = header.size + paddingOf(header.size);
    this.#checkLimit(pending.bytes + padded, offset);
    if (padded === 0) return new Uint8Array(0);
    const bytes = await this.#reader.exactly(padded);
    if (bytes === undefined)
      throw new TarError('TAR_TRUNCATED', offset, 'the tar ends before the body of an extension header');
    return this.#keep(pending, bytes).subarray(0, header.size);
  }

  #keep(pending: Pending, bytes: Uint8Array): Uint8Array {
    this.#checkLimit(pending.bytes + bytes.length - blockSize, this.#reader.offset);
    const copy = new Uint8Array(bytes);
    pending.blocks.push(copy);
    pending.bytes += bytes.length;
    return copy;
  }

  #checkLimit(bytes: number, offset: number): void {
    if (bytes <= this.#maxExtensionBytes) return;
    throw new TarError(
      'TAR_LIMIT',
      offset,
      `an entry's extension headers have ${bytes} bytes, over the limit of ${this.#maxExtensionBytes}`,
    );
  }

  /** Old GNU sparse files continue their map in further blocks, which the size doesn't count. */
  async #sparseMap(header: Uint8Array, pending: Pending): Promise<void> {
    let more = header[482] !== 0;
    while (more) {
      const block = await this.#reader.exactly(blockSize);
      if (block === undefined)
        throw new TarError('TAR_TRUNCATED', this.#reader.offset, "the tar ends in a sparse file's map");
      more = block[504] !== 0;
      this.#keep(pending, block);
    }
  }

  #entry(header: HeaderFields, pending: Pending): TarEntry & { readonly body: EntryBody } {
    const { start, blocks, longName, longLink } = pending;
    const limit = this.#options.maxEntries ?? 4_000_000;
    if (++this.#count > limit)
      throw new TarError('TAR_LIMIT', start, `the archive has more than ${limit} entries`);
    const facts = describeEntry(header, { pax: merge(this.#global, pending.pax), longName, longLink }, start);
    const [only] = blocks;
    return {
      ...facts,
      offset: start,
      bodyOffset: this.#reader.offset,
      rawHeaders: blocks.length === 1 && only !== undefined ? only : Buffer.concat(blocks),
      body: new EntryBody(this.#reader, facts.size, this.#options.signal),
    };
  }
}

class EntryBody implements AsyncIterable<Uint8Array> {
  readonly #reader: ByteReader;
  readonly #signal: AbortSignal | undefined;
  readonly #start: number;
  readonly #padding: number;
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

  /** Moves on to the next header, also while a reader of the body is still waiting for a piece. */
  async finish(): Promise<void> {
    this.#passed = true;
    await this.#reading;
    await this.#reader.skip(this.#left + this.#padding);
  }
}

/** Bytes that fill the last block. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function merge(base: PaxRecords, over: PaxRecords): PaxRecords {
  return base.size === 0 ? over : new Map([...base, ...over]);
}
