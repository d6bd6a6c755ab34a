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

/** Low and high halves of the table of ECMA-182's polynomial, reflected. */
function makeTable(): readonly [low: Uint32Array, high: Uint32Array] {
  const [low, high] = [new Uint32Array(256), new Uint32Array(256)];
  for (let index = 0; index < 256; index++) {
    let [lower, upper] = [index, 0];
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (lower & 1) === 1;
      lower = ((lower >>> 1) | (upper << 31)) >>> 0;
      upper >>>= 1;
      if (!isOdd) continue;
      lower = (lower ^ 0xd7870f42) >>> 0;
      upper = (upper ^ 0xc96c5795) >>> 0;
    }
    low[index] = lower;
    high[index] = upper;
  }
  return [low, high];
}

const [tableLow, tableHigh] = makeTable();

function crc64Check(): Check {
  let [low, high] = [~0, ~0];
  return {
    update: (bytes) => {
      let [lower, upper] = [low, high];
      for (let at = 0; at < bytes.length; at++) {
        const index = (lower ^ (bytes[at] ?? 0)) & 0xff;
        lower = ((lower >>> 8) | (upper << 24)) ^ (tableLow[index] ?? 0);
        upper = (upper >>> 8) ^ (tableHigh[index] ?? 0);
      }
      [low, high] = [lower, upper];
    },
    digest: () => Buffer.concat([crc32Bytes(~low), crc32Bytes(~high)]),
  };
}
