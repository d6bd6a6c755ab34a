import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** An integrity check over a block's content, as it stands in the file. */
export interface Check {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/**
 * The checks of xz-file-format 2.1.1.2 by their id: none, CRC32, CRC64, SHA-256. `undefined` for ids that no program
 * writes.
 */
export function checkOf(id: number): (() => Check) | undefined {
  return { 0: none, 1: crc32Check, 4: crc64Check, 10: sha256Check }[id];
}

function none(): Check {
  return { update: () => undefined, digest: () => new Uint8Array(0) };
}

function crc32Check(): Check {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => crc32Bytes(value),
  };
}

export function crc32Bytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function sha256Check(): Check {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

/** Four tables of ECMA-182's polynomial, reflected, one behind the other: what a byte does that 0, 1, 2 or 3 others follow. */
interface Tables {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

function makeTables(): Tables {
  const [low, high] = [new Int32Array(4 * 256), new Int32Array(4 * 256)];
  for (let index = 0; index < 256; index++) {
    let [lower, upper] = [index, 0];
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (lower & 1) === 1;
      lower = (lower >>> 1) | (upper << 31);
      upper >>>= 1;
      if (!isOdd) continue;
      lower ^= 0xd7870f42;
      upper ^= 0xc96c5795;
    }
    low[index] = lower;
    high[index] = upper;
  }
  for (let index = 256; index < low.length; index++) {
    const [lower, upper] = [low[index - 256] ?? 0, high[index - 256] ?? 0];
    low[index] = (lower >>> 8) ^ (upper << 24) ^ (low[lower & 0xff] ?? 0);
    high[index] = (upper >>> 8) ^ (high[lower & 0xff] ?? 0);
  }
  return { low, high };
}

const tables = makeTables();

/** Halves of the state. */
type Crc64 = readonly [low: number, high: number];

function crc64Check(): Check {
  let state: Crc64 = [~0, ~0];
  return {
    update: (bytes) => {
      const whole = bytes.length & ~3;
      state = crc64Bytes(bytes.subarray(whole), crc64Words(bytes, whole, state));
    },
    digest: () => Buffer.concat(state.map((half) => crc32Bytes(~half))),
  };
}

/** Four bytes at a time, as far as `end`, a multiple of four. */
function crc64Words(bytes: Uint8Array, end: number, [fromLow, fromHigh]: Crc64): Crc64 {
  const { low, high } = tables;
  let lower = fromLow;
  let upper = fromHigh;
  for (let at = 0; at < end; at += 4) {
    const word = lower ^ wordAt(bytes, at);
    const first = 768 + (word & 0xff);
    const second = 512 + ((word >>> 8) & 0xff);
    const third = 256 + ((word >>> 16) & 0xff);
    const last = word >>> 24;
    lower = upper ^ (low[first] ?? 0) ^ (low[second] ?? 0) ^ (low[third] ?? 0) ^ (low[last] ?? 0);
    upper = (high[first] ?? 0) ^ (high[second] ?? 0) ^ (high[third] ?? 0) ^ (high[last] ?? 0);
  }
  return [lower, upper];
}

function crc64Bytes(bytes: Uint8Array, [fromLow, fromHigh]: Crc64): Crc64 {
  let lower = fromLow;
  let upper = fromHigh;
  for (const byte of bytes) {
    const index = (lower ^ byte) & 0xff;
    lower = ((lower >>> 8) | (upper << 24)) ^ (tables.low[index] ?? 0);
    upper = (upper >>> 8) ^ (tables.high[index] ?? 0);
  }
  return [lower, upper];
}

function wordAt(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  const high = (bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8);
  return low | (high << 16);
}
