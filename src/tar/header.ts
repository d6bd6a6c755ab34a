import { TarError } from './errors.ts';
import { decodeNumber, encodeOctal } from './numbers.ts';

export const blockSize = 512;

/** The fields of one header block, as they stand there. Sizes in bytes, `mtime` in seconds since the epoch. */
export interface HeaderFields {
  readonly name: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  /** One character; NUL in old archives. */
  readonly typeflag: string;
  readonly linkName: Uint8Array;
  readonly userName: Uint8Array;
  readonly groupName: Uint8Array;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

const empty = new Uint8Array(0);

export function isZeroBlock(block: Uint8Array): boolean {
  for (const byte of block) if (byte !== 0) return false;
  return true;
}

/**
 * Decodes one header block: v7, ustar (POSIX pax, "ustar Interchange Format"), star and old GNU.
 * @throws TarError `TAR_MALFORMED` where the checksum or a number is wrong.
 */
export function decodeHeader(block: Uint8Array, offset: number): HeaderFields {
  checkChecksum(block, offset);
  const number = (name: string, start: number, end: number): number => {
    const value = decodeNumber(block.subarray(start, end));
    if (value !== undefined) return value;
    throw new TarError('TAR_MALFORMED', offset, `the header's ${name} field is not a number`);
  };
  const size = number('size', 124, 136);
  if (size < 0) throw new TarError('TAR_MALFORMED', offset, `the header has the negative size ${size}`);
  const magic = latin1(block.subarray(257, 263));
  const old = magic !== 'ustar\0' && magic !== 'ustar ';
  return {
    name: magic === 'ustar\0' ? joinName(block) : cString(block.subarray(0, 100)),
    mode: number('mode', 100, 108),
    uid: number('uid', 108, 116),
    gid: number('gid', 116, 124),
    size,
    mtime: number('mtime', 136, 148),
    typeflag: String.fromCharCode(block[156] ?? 0),
    linkName: cString(block.subarray(157, 257)),
    userName: old ? empty : cString(block.subarray(265, 297)),
    groupName: old ? empty : cString(block.subarray(297, 329)),
    deviceMajor: old ? 0 : number('device major', 329, 337),
    deviceMinor: old ? 0 : number('device minor', 337, 345),
  };
}

function joinName(block: Uint8Array): Uint8Array {
  // star keeps times behind a shorter prefix and says so in the block's last four bytes.
  const star = latin1(block.subarray(508, 512)) === 'tar\0';
  const name = cString(block.subarray(0, 100));
  const prefix = cString(block.subarray(345, star ? 476 : 500));
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

/** Both sums are met in the wild: the standard's of unsigned bytes, and one of signed bytes by old writers. */
function checkChecksum(block: Uint8Array, offset: number): void {
  const stored = decodeNumber(block.subarray(148, 156));
  const [unsigned, signed] = checksums(block);
  if (stored === unsigned || stored === signed) return;
  throw new TarError(
    'TAR_MALFORMED',
    offset,
    `a header's checksum is ${stored ?? 'unreadable'}, its bytes give ${unsigned}: this is no tar, or it is damaged`,
  );
}

function checksums(block: Uint8Array): readonly [number, number] {
  let unsigned = 8 * 0x20;
  let negatives = 0;
  for (let index = 0; index < blockSize; index++) {
    if (index >= 148 && index < 156) continue;
    const byte = block[index] ?? 0;
    unsigned += byte;
    if (byte > 127) negatives++;
  }
  return [unsigned, unsigned - 256 * negatives];
}

/** A copy of the bytes up to the first NUL. */
export function cString(field: Uint8Array): Uint8Array {
  const end = field.indexOf(0);
  // Not slice(): a Buffer's slice is a view, and would keep the whole chunk alive.
  return new Uint8Array(field.subarray(0, end < 0 ? field.length : end));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/**
 * Encodes a ustar header block. The fields must fit: names up to 100 bytes (or `prefix` set), numbers in octal.
 * @throws TarError `TAR_UNWRITABLE` where one doesn't.
 */
export function encodeHeader(
  fields: HeaderFields & { readonly prefix?: Uint8Array },
  offset: number,
): Uint8Array {
  const block = Buffer.alloc(blockSize);
  const bytes = (what: string, at: number, width: number, value: Uint8Array): void => {
    if (value.length > width) throw new TarError('TAR_UNWRITABLE', offset, `the ${what} is too long`);
    block.set(value, at);
  };
  const octal = (what: string, at: number, width: number, value: number): void => {
    const digits = encodeOctal(value, width);
    if (digits === undefined)
      throw new TarError('TAR_UNWRITABLE', offset, `${what} ${value} doesn't fit in a tar header`);
    block.write(digits, at, 'latin1');
  };
  bytes('name', 0, 100, fields.name);
  octal('mode', 100, 8, fields.mode);
  octal('uid', 108, 8, fields.uid);
  octal('gid', 116, 8, fields.gid);
  octal('size', 124, 12, fields.size);
  octal('mtime', 136, 12, fields.mtime);
  block.write(fields.typeflag, 156, 1, 'latin1');
  bytes('link name', 157, 100, fields.linkName);
  block.write('ustar\x0000', 257, 'latin1');
  bytes('user name', 265, 32, fields.userName);
  bytes('group name', 297, 32, fields.groupName);
  octal('device major', 329, 8, fields.deviceMajor);
  octal('device minor', 337, 8, fields.deviceMinor);
  bytes('name prefix', 345, 155, fields.prefix ?? empty);
  block.write(`${checksums(block)[0].toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
