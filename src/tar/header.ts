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
const ustar = Buffer.from('ustar');

export function isZeroBlock(block: Uint8Array): boolean {
  for (let index = 0; index < block.length; index++) if (block[index] !== 0) return false;
  return true;
}

/**
 * Decodes one header block: v7, ustar (POSIX pax, "ustar Interchange Format"), star and old GNU. The names are views
 * into the block.
 * @throws TarError `TAR_MALFORMED` where the checksum or a number is wrong.
 */
export function decodeHeader(block: Uint8Array, offset: number): HeaderFields {
  checkChecksum(block, offset);
  const magic = magicOf(block);
  const size = numberIn(block, 'size', 124, 136, offset);
  if (size < 0) throw new TarError('TAR_MALFORMED', offset, `the header has the negative size ${size}`);
  const old = magic === undefined;
  return {
    name: magic === 'ustar' ? joinName(block) : cString(block, 0, 100),
    mode: numberIn(block, 'mode', 100, 108, offset),
    uid: numberIn(block, 'uid', 108, 116, offset),
    gid: numberIn(block, 'gid', 116, 124, offset),
    size,
    mtime: numberIn(block, 'mtime', 136, 148, offset),
    typeflag: String.fromCharCode(block[156] ?? 0),
    linkName: cString(block, 157, 257),
    userName: old ? empty : cString(block, 265, 297),
    groupName: old ? empty : cString(block, 297, 329),
    deviceMajor: old ? 0 : numberIn(block, 'device major', 329, 337, offset),
    deviceMinor: old ? 0 : numberIn(block, 'device minor', 337, 345, offset),
  };
}

/** @throws TarError `TAR_MALFORMED`. */
export function numberIn(
  block: Uint8Array,
  name: string,
  ...[start, end, offset]: readonly [start: number, end: number, offset: number]
): number {
  const value = decodeNumber(block, start, end);
  if (value !== undefined) return value;
  throw new TarError('TAR_MALFORMED', offset, `the header's ${name} field is not a number`);
}

/** `ustar`, or `gnu` for what GNU tar wrote before the standard; `undefined` for older archives. */
function magicOf(block: Uint8Array): 'ustar' | 'gnu' | undefined {
  for (let index = 0; index < 5; index++) if (block[257 + index] !== ustar[index]) return undefined;
  return block[262] === 0 ? 'ustar' : block[262] === 0x20 ? 'gnu' : undefined;
}

function joinName(block: Uint8Array): Uint8Array {
  const name = cString(block, 0, 100);
  if (block[345] === 0) return name;
  // star keeps times behind a shorter prefix and says so in the block's last four bytes.
  const star = text(block.subarray(508, 512)) === 'tar\0';
  return Buffer.concat([cString(block, 345, star ? 476 : 500), Buffer.from('/'), name]);
}

/** Both sums are met in the wild: the standard's of unsigned bytes, and one of signed bytes by old writers. */
function checkChecksum(block: Uint8Array, offset: number): void {
  const stored = decodeNumber(block, 148, 156);
  const sum = checksum(block);
  if (stored === sum || stored === sum - 256 * countNegative(block)) return;
  throw new TarError(
    'TAR_MALFORMED',
    offset,
    `a header's checksum is ${stored ?? 'unreadable'}, its bytes give ${sum}: this is no tar, or it is damaged`,
  );
}

/** The sum of the block's bytes, its checksum field counted as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < 148; index++) sum += block[index] ?? 0;
  for (let index = 156; index < blockSize; index++) sum += block[index] ?? 0;
  return sum;
}

function countNegative(block: Uint8Array): number {
  let count = 0;
  for (let index = 0; index < blockSize; index++)
    if ((index < 148 || index >= 156) && (block[index] ?? 0) > 127) count++;
  return count;
}

/** A view of the bytes up to the first NUL. */
export function cString(block: Uint8Array, start: number, end: number): Uint8Array {
  let stop = start;
  while (stop < end && block[stop] !== 0) stop++;
  return stop === start ? empty : block.subarray(start, stop);
}

/** The bytes as UTF-8; what isn't, as U+FFFD. */
export function text(bytes: Uint8Array): string {
  if (bytes.length === 0) return '';
  return (
    Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  ).toString();
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
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
