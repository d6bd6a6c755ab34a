import { describeEntry, type EntryFacts, type EntryPlace } from './entry.ts';
import { TarError } from './errors.ts';
import { blockSize, cString, decodeHeader, type HeaderFields, isZeroBlock } from './header.ts';
import { type PaxRecords, parsePax } from './pax.ts';
import { gnuSparse, type SparseFile } from './sparse.ts';

/** An entry whose headers have gone by, and whose body comes next. */
export type EntryHead = EntryFacts & EntryPlace;

export interface HeaderOptions {
  /** Bytes of all extension headers of one entry; 1 MiB unless told, as in Go's archive/tar. */
  readonly maxExtensionBytes?: number;
  /** Entries of the whole archive; 4 million unless told. */
  readonly maxEntries?: number;
  /**
   * Global pax headers (`g`) are ignored unless told, against POSIX: the container engines ignore them too, and what
   * they unpack is what matters of a layer.
   */
  readonly globalHeaders?: 'ignore' | 'apply';
}

/** An old GNU sparse file's header, and the blocks that continue its map. */
interface SparseHeader {
  readonly header: HeaderFields;
  readonly block: Uint8Array;
  readonly more: Uint8Array[];
}

const noRecords: PaxRecords = new Map();

/**
 * Makes entries out of header blocks, whoever brings the bytes: it says how many it wants, is given them, and in the
 * end returns an entry, or that the archive is at its end.
 */
export class HeaderReader {
  /** Bytes that the next `accept` is to be given. */
  wanted = blockSize;
  /** Blocks of zeros seen at the end. */
  zeroBlocks = 0;
  readonly #options: HeaderOptions;
  readonly #maxExtensionBytes: number;
  #global: PaxRecords = noRecords;
  #count = 0;
  #start = -1;
  #blocks: Uint8Array[] = [];
  #bytes = 0;
  #pax: PaxRecords = noRecords;
  #longName: Uint8Array | undefined;
  #longLink: Uint8Array | undefined;
  /** The extension header whose body is due. */
  #extension: HeaderFields | undefined;
  /** The sparse file whose map goes on. */
  #sparse: SparseHeader | undefined;

  constructor(options: HeaderOptions) {
    this.#options = options;
    this.#maxExtensionBytes = options.maxExtensionBytes ?? 1024 * 1024;
  }

  /**
   * Takes `wanted` bytes from `offset` on. They are copied.
   * @throws TarError `TAR_MALFORMED` or `TAR_LIMIT`.
   */
  accept(bytes: Uint8Array, offset: number): EntryHead | 'end' | undefined {
    if (this.#start < 0) this.#start = offset;
    if (this.#extension !== undefined) return this.#extensionBody(this.#extension, bytes, offset);
    if (this.#sparse !== undefined) return this.#sparseBlock(this.#sparse, bytes, offset);
    if (bytes[0] === 0 && isZeroBlock(bytes)) return this.#zeros(offset);
    if (this.zeroBlocks > 0)
      throw new TarError(
        'TAR_MALFORMED',
        offset - blockSize,
        'a block of zeros stands in the middle of the archive',
      );
    const block = this.#keep(bytes, offset);
    const header = decodeHeader(block, offset);
    if (isExtension(header.typeflag)) return this.#startExtension(header, offset);
    if (header.typeflag !== 'S') return this.#entry(header, offset);
    this.#sparse = { header, block, more: [] };
    return block[482] === 0 ? this.#sparseEntry(this.#sparse, offset) : undefined;
  }

  /** The input ended where `accept` was due. @throws TarError `TAR_TRUNCATED` where an entry was on its way. */
  end(offset: number): void {
    if (this.#blocks.length === 0) return;
    const part =
      this.#extension !== undefined
        ? 'before the body of an extension header'
        : this.#sparse !== undefined
          ? "in a sparse file's map"
          : 'after an extension header without its entry';
    throw new TarError('TAR_TRUNCATED', offset, `the tar ends ${part}`);
  }

  #zeros(offset: number): 'end' | undefined {
    this.end(offset);
    this.zeroBlocks++;
    return this.zeroBlocks === 2 ? 'end' : undefined;
  }

  #startExtension(header: HeaderFields, offset: number): undefined {
    const padded = header.size + paddingOf(header.size);
    this.#checkLimit(this.#bytes + padded - blockSize, offset + blockSize);
    this.#extension = header;
    if (padded === 0) this.#extensionBody(header, new Uint8Array(0), offset + blockSize);
    else this.wanted = padded;
  }

  #extensionBody(header: HeaderFields, bytes: Uint8Array, offset: number): undefined {
    const body = this.#keep(bytes, offset).subarray(0, header.size);
    this.#extension = undefined;
    this.wanted = blockSize;
    if (header.typeflag === 'L') this.#longName = cString(body, 0, body.length);
    else if (header.typeflag === 'K') this.#longLink = cString(body, 0, body.length);
    else if (header.typeflag !== 'g') this.#pax = parsePax(body, offset);
    else {
      const records = parsePax(body, offset);
      if (this.#options.globalHeaders === 'apply') this.#global = merge(this.#global, records);
    }
  }

  /** Old GNU sparse files continue their map in further blocks, which the size doesn't count. */
  #sparseBlock(sparse: SparseHeader, bytes: Uint8Array, offset: number): EntryHead | undefined {
    const block = this.#keep(bytes, offset);
    sparse.more.push(block);
    return block[504] === 0 ? this.#sparseEntry(sparse, offset) : undefined;
  }

  #sparseEntry(sparse: SparseHeader, offset: number): EntryHead {
    const { header, block, more } = sparse;
    this.#sparse = undefined;
    return this.#entry(header, offset, (size) => gnuSparse(block, more, { size, offset: this.#start }));
  }

  #entry(header: HeaderFields, offset: number, sparse?: (size: number) => SparseFile): EntryHead {
    const limit = this.#options.maxEntries ?? 4_000_000;
    const start = this.#start;
    if (++this.#count > limit)
      throw new TarError('TAR_LIMIT', start, `the archive has more than ${limit} entries`);
    const [only] = this.#blocks;
    const rawHeaders = this.#blocks.length === 1 && only !== undefined ? only : Buffer.concat(this.#blocks);
    const extensions = {
      pax: merge(this.#global, this.#pax),
      longName: this.#longName,
      longLink: this.#longLink,
      sparse,
    };
    this.#reset();
    return describeEntry(header, extensions, {
      offset: start,
      bodyOffset: offset + blockSize,
      rawHeaders,
    });
  }

  #reset(): void {
    this.#start = -1;
    this.#blocks = [];
    this.#bytes = 0;
    this.#pax = noRecords;
    this.#longName = undefined;
    this.#longLink = undefined;
  }

  #keep(bytes: Uint8Array, offset: number): Uint8Array {
    this.#checkLimit(this.#bytes + bytes.length - blockSize, offset);
    // A Buffer, not a Uint8Array: small ones share memory, which makes millions of headers cheap.
    const copy = Buffer.from(bytes);
    this.#blocks.push(copy);
    this.#bytes += bytes.length;
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
}

/** True where the header only prepares the next one. */
function isExtension(typeflag: string): boolean {
  return typeflag === 'x' || typeflag === 'L' || typeflag === 'K' || typeflag === 'g' || typeflag === 'X';
}

/** Bytes that fill the last block. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function merge(base: PaxRecords, over: PaxRecords): PaxRecords {
  return base.size === 0 ? over : new Map([...base, ...over]);
}
