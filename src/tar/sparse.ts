import { TarError } from './errors.ts';
import { blockSize, type HeaderFields, numberIn, text } from './header.ts';
import type { PaxRecords } from './pax.ts';

/** A run of stored bytes and its place in the file. */
export interface SparsePart {
  readonly offset: number;
  readonly size: number;
}

/** How a sparse file's stored bytes make the file (GNU tar manual, "Storing Sparse Files"). */
export interface SparseFile {
  /** Bytes of the file, holes counted: a claim of the archive, not yet borne out by anything. */
  readonly realSize: number;
  /** In order and without overlap; `in-body` where the stored bytes begin with it (format 1.0). */
  readonly map: readonly SparsePart[] | 'in-body';
}

/** Bytes of one part in an old GNU header: offset and size, 12 each. */
const partBytes = 24;
/** Decimal digits that can't leave 2^53. */
const digits = /^[0-9]{1,15}$/;

/** The map of an old GNU sparse file (`S`): four parts in the header, 21 in each block behind. @throws TarError. */
export function gnuSparse(
  header: Uint8Array,
  more: readonly Uint8Array[],
  fields: { readonly size: number; readonly offset: number },
): SparseFile {
  const parts: SparsePart[] = [];
  collectParts(parts, header.subarray(386, 386 + 4 * partBytes), fields.offset);
  for (const block of more) collectParts(parts, block.subarray(0, 21 * partBytes), fields.offset);
  const realSize = numberIn(header, 'real size', 483, 495, fields.offset);
  return { realSize, map: checkMap(parts, { realSize, stored: fields.size, offset: fields.offset }) };
}

function collectParts(parts: SparsePart[], bytes: Uint8Array, at: number): void {
  for (let start = 0; start < bytes.length && bytes[start + 12] !== 0; start += partBytes)
    parts.push({
      offset: numberIn(bytes, 'sparse map', start, start + 12, at),
      size: numberIn(bytes, 'sparse map', start + 12, start + partBytes, at),
    });
}

/**
 * The map of a pax sparse file; `undefined` where the records speak of none, or of a version that nobody knows, which
 * Go's archive/tar unpacks as a plain file.
 * @throws TarError `TAR_MALFORMED`.
 */
export function paxSparse(
  pax: PaxRecords,
  header: Pick<HeaderFields, 'size'>,
  offset: number,
): SparseFile | undefined {
  const version = `${text(pax.get('GNU.sparse.major') ?? none)}.${text(pax.get('GNU.sparse.minor') ?? none)}`;
  const map = pax.get('GNU.sparse.map');
  const hasMap = version === '0.0' || version === '0.1' || (version === '.' && map !== undefined);
  if (!hasMap && version !== '1.0') return undefined;
  const written = text(pax.get('GNU.sparse.realsize') ?? pax.get('GNU.sparse.size') ?? none);
  if (written !== '' && !digits.test(written)) throw badMap(offset, 'its real size is not a number');
  const realSize = written === '' ? header.size : Number(written);
  if (!hasMap) return { realSize, map: 'in-body' };
  const numbers = text(map ?? none);
  const parts = pairs(numbers === '' ? [] : numbers.split(','), offset);
  return { realSize, map: checkMap(parts, { realSize, stored: header.size, offset }) };
}

const none = new Uint8Array(0);

function pairs(numbers: readonly string[], offset: number): SparsePart[] {
  if (numbers.length % 2 !== 0) throw badMap(offset, 'it has an offset without a size');
  const parts: SparsePart[] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    const [start = '', size = ''] = [numbers[index], numbers[index + 1]];
    if (!digits.test(start) || !digits.test(size)) throw badMap(offset, 'it holds what is not a number');
    parts.push({ offset: Number(start), size: Number(size) });
  }
  return parts;
}

/** @throws TarError where parts overlap, leave the file, or don't add up to the stored bytes. */
function checkMap(
  parts: readonly SparsePart[],
  expected: { readonly realSize: number; readonly stored: number; readonly offset: number },
): readonly SparsePart[] {
  let end = 0;
  let stored = 0;
  for (const part of parts) {
    if (part.offset < end || part.size < 0) throw badMap(expected.offset, 'its parts overlap');
    end = part.offset + part.size;
    stored += part.size;
  }
  if (end > expected.realSize) throw badMap(expected.offset, 'it reaches beyond the file');
  if (stored !== expected.stored)
    throw badMap(expected.offset, `its parts have ${stored} bytes, stored are ${expected.stored}`);
  return parts;
}

function badMap(offset: number, problem: string): TarError {
  return new TarError('TAR_MALFORMED', offset, `a sparse file's map is wrong: ${problem}`);
}

/** Takes a sparse file's content: stored bytes, and holes, which read as zeros. */
export interface SparseSink {
  data(chunk: Uint8Array): void;
  /** May be as long as the archive claims. */
  hole(bytes: number): void;
}

/** Turns the stored bytes of a sparse file, `write` by `write`, into the file's content. */
export class SparseExpander {
  readonly #file: SparseFile;
  readonly #sink: SparseSink;
  readonly #offset: number;
  #map: readonly SparsePart[] | undefined;
  /** The lines of a map in the body. */
  #lines: Uint8Array = none;
  #stored: number;
  #part = 0;
  #inPart = 0;
  #position = 0;

  /** `entry`: the stored size, and the offset for error messages. */
  constructor(file: SparseFile, entry: { readonly size: number; readonly offset: number }, sink: SparseSink) {
    this.#file = file;
    this.#sink = sink;
    this.#offset = entry.offset;
    this.#stored = entry.size;
    if (file.map !== 'in-body') this.#map = file.map;
  }

  /** @throws TarError `TAR_MALFORMED`, or `TAR_LIMIT` for a map in the body above 1 MiB. */
  write(chunk: Uint8Array): void {
    let rest = chunk;
    if (this.#map === undefined) rest = this.#readMap(chunk);
    while (rest.length > 0) rest = this.#data(rest);
  }

  /** To be called when all stored bytes are written: gives the last hole. @throws TarError `TAR_MALFORMED`. */
  finish(): void {
    if (this.#map === undefined) throw badMap(this.#offset, 'it has no end');
    this.#hole(this.#file.realSize);
  }

  #data(chunk: Uint8Array): Uint8Array {
    let part = this.#map?.[this.#part];
    while (part !== undefined && this.#inPart === part.size) {
      this.#inPart = 0;
      part = this.#map?.[++this.#part];
    }
    if (part === undefined) throw badMap(this.#offset, 'it covers fewer bytes than are stored');
    this.#hole(part.offset + this.#inPart);
    const data = chunk.subarray(0, part.size - this.#inPart);
    this.#sink.data(data);
    this.#inPart += data.length;
    this.#position += data.length;
    return chunk.subarray(data.length);
  }

  #hole(until: number): void {
    if (until > this.#position) this.#sink.hole(until - this.#position);
    this.#position = Math.max(this.#position, until);
  }

  /** A count of parts, then their offsets and sizes, a decimal line each, padded to full blocks. */
  #readMap(chunk: Uint8Array): Uint8Array {
    const lines = Buffer.concat([this.#lines, chunk]);
    if (lines.length > 1024 * 1024 + chunk.length)
      throw new TarError('TAR_LIMIT', this.#offset, "a sparse file's map has more than 1 MiB");
    this.#lines = lines;
    const end = mapEnd(lines, this.#offset);
    if (end === undefined) return none;
    const padded = Math.ceil(end / blockSize) * blockSize;
    if (padded > lines.length) return none;
    const numbers = lines.toString('latin1', 0, end).split('\n').slice(1, -1);
    this.#stored -= padded;
    this.#map = checkMap(pairs(numbers, this.#offset), {
      realSize: this.#file.realSize,
      stored: this.#stored,
      offset: this.#offset,
    });
    this.#lines = none;
    return lines.subarray(padded);
  }
}

/** Where the map's last line ends; `undefined` where it isn't there yet. */
function mapEnd(lines: Buffer, offset: number): number | undefined {
  const first = lines.indexOf(0x0a);
  if (first < 0) {
    if (lines.length > 20) throw badMap(offset, 'it does not start with the number of its parts');
    return undefined;
  }
  const count = lines.toString('latin1', 0, first);
  if (!/^[0-9]{1,6}$/.test(count)) throw badMap(offset, 'it does not start with the number of its parts');
  let end = first + 1;
  for (let left = 2 * Number(count); left > 0; left--) {
    const newline = lines.indexOf(0x0a, end);
    if (newline < 0) return undefined;
    end = newline + 1;
  }
  return end;
}
