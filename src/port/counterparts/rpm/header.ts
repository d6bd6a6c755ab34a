import { losslessName } from '../../../layer/index.ts';
import { PackagesError } from '../shared/packages/errors.ts';

/** A field of a header, with its value's bytes as stored. */
export interface HeaderEntry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  readonly data: Uint8Array;
}

/** `RPM_…_TYPE` (rpm's `rpmtag.h`). */
export const types = {
  char: 1,
  int8: 2,
  int16: 3,
  int32: 4,
  int64: 5,
  string: 6,
  bin: 7,
  stringArray: 8,
  i18n: 9,
} as const;

const entryBytes = 16;
/** rpm's own bounds (`header.c`): entries, and bytes of the data. */
const maxEntries = 0xffff;
const maxData = 0x0fff_ffff;
const sizes: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1 };

/** A header: fields by their numbers, read from their bytes as they are asked for. */
export class RpmHeader {
  readonly entries: ReadonlyMap<number, HeaderEntry>;
  /** From the count of the entries to the end of the data, without a magic number: as a database keeps it. */
  readonly blob: Uint8Array;
  readonly indexLength: number;
  readonly dataLength: number;

  private constructor(
    blob: Uint8Array,
    indexLength: number,
    dataLength: number,
    entries: Map<number, HeaderEntry>,
  ) {
    this.blob = blob;
    this.indexLength = indexLength;
    this.dataLength = dataLength;
    this.entries = entries;
  }

  /**
   * Reads a header whose length is that of `blob`, or which stands at its beginning.
   * @throws PackagesError `PACKAGES_MALFORMED`.
   */
  static read(blob: Uint8Array, name: string): RpmHeader {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.length);
    if (blob.length < 8) throw malformed(name, 'it ends early');
    const [indexLength, dataLength] = [view.getUint32(0), view.getUint32(4)];
    const start = 8 + entryBytes * indexLength;
    if (indexLength > maxEntries || dataLength > maxData)
      throw malformed(name, 'it is larger than a header may be');
    if (start + dataLength > blob.length) throw malformed(name, 'it ends early');
    const data = blob.subarray(start, start + dataLength);
    const entries = new Map<number, HeaderEntry>();
    for (let at = 8; at < start; at += entryBytes) {
      const [tag, type, offset, count] = [
        view.getUint32(at),
        view.getUint32(at + 4),
        view.getInt32(at + 8),
        view.getUint32(at + 12),
      ];
      if (entries.has(tag)) continue;
      entries.set(tag, { tag, type, count, data: bytesAt(data, { tag, type, offset, count, name }) });
    }
    return new RpmHeader(blob.subarray(0, start + dataLength), indexLength, dataLength, entries);
  }

  /** Bytes of the whole. */
  get length(): number {
    return this.blob.length;
  }

  bytes(tag: number): Uint8Array | undefined {
    return this.entries.get(tag)?.data;
  }

  /** A text, or the first of several. */
  text(tag: number): string | undefined {
    return this.texts(tag)[0];
  }

  /** All texts of a field; bytes that aren't UTF-8 as paths of an image spell them. */
  texts(tag: number): readonly string[] {
    const entry = this.entries.get(tag);
    if (
      entry === undefined ||
      (entry.type !== types.string && entry.type !== types.stringArray && entry.type !== types.i18n)
    )
      return [];
    const texts: string[] = [];
    const buffer = Buffer.from(entry.data.buffer, entry.data.byteOffset, entry.data.length);
    for (let at = 0; texts.length < entry.count; ) {
      const end = buffer.indexOf(0, at);
      const bytes = buffer.subarray(at, end);
      texts.push(losslessName(bytes.toString('utf8'), bytes));
      at = end + 1;
    }
    return texts;
  }

  numbers(tag: number): readonly number[] {
    const entry = this.entries.get(tag);
    const size = entry === undefined ? undefined : sizes[entry.type];
    if (entry === undefined || size === undefined) return [];
    const view = new DataView(entry.data.buffer, entry.data.byteOffset, entry.data.length);
    return Array.from({ length: entry.count }, (_, at) => {
      if (size === 1) return view.getUint8(at);
      if (size === 2) return view.getUint16(2 * at);
      return size === 4 ? view.getUint32(4 * at) : Number(view.getBigUint64(8 * at));
    });
  }

  number(tag: number): number | undefined {
    return this.numbers(tag)[0];
  }
}

interface Place {
  readonly tag: number;
  readonly type: number;
  readonly offset: number;
  readonly count: number;
  readonly name: string;
}

/** @throws PackagesError `PACKAGES_MALFORMED` where the value isn't inside of the data. */
function bytesAt(data: Uint8Array, { tag, type, offset, count, name }: Place): Uint8Array {
  if (offset < 0 || offset > data.length || count === 0 || count > data.length)
    throw malformed(name, `the field ${tag} has an impossible place`);
  const size = sizes[type];
  if (size !== undefined) {
    const end = offset + size * count;
    if (end > data.length) throw malformed(name, `the field ${tag} leads out of it`);
    return data.subarray(offset, end);
  }
  if (type !== types.string && type !== types.stringArray && type !== types.i18n)
    throw malformed(name, `the field ${tag} has the unknown type ${type}`);
  let end = offset;
  for (let left = type === types.string ? 1 : count; left > 0; left -= 1) {
    const zero = data.indexOf(0, end);
    if (zero < 0) throw malformed(name, `the field ${tag} leads out of it`);
    end = zero + 1;
  }
  return data.subarray(offset, end);
}

function malformed(name: string, problem: string): PackagesError {
  return new PackagesError('PACKAGES_MALFORMED', `the header of ${name} is damaged: ${problem}`);
}
