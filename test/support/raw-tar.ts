import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { encodePax } from '../../src/tar/pax.ts';

const blockSize = 512;
/** Bytes of tar in one gzip member: a stream of any length is made of members. */
const memberBytes = 8 * 1024 * 1024;

export interface RawHeader {
  readonly name: string;
  /** One character; a file unless told. */
  readonly type?: string;
  /** The twelve bytes of the size field as they are to stand there, or a number. */
  readonly size?: number | Uint8Array;
  readonly link?: string;
  readonly mode?: number;
}

/** One header block as an attacker writes it: any bytes in any field, and a right checksum. */
export function rawHeader({ name, type = '0', size = 0, link = '', mode = 0o755 }: RawHeader): Buffer {
  const block = Buffer.alloc(blockSize);
  block.write(name, 0, 100, 'latin1');
  for (const [at, value] of [
    [100, mode],
    [108, 0],
    [116, 0],
  ] as const)
    block.write(`${value.toString(8).padStart(7, '0')}\0`, at, 'latin1');
  if (typeof size === 'number') block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  else block.set(size, 124);
  block.write('00000000000\0', 136, 'latin1');
  block.write(type, 156, 1, 'latin1');
  block.write(link, 157, 100, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

export function rawFile(name: string, content: Uint8Array, mode = 0o644): Buffer {
  return Buffer.concat([rawHeader({ name, size: content.length, mode }), padded(content)]);
}

/** An entry with GNU's long name (`L`) or long link (`K`) before it. */
export function withLong(kind: 'L' | 'K', long: string | Uint8Array, entry: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(long), Buffer.alloc(1)]);
  const header = rawHeader({ name: '././@LongLink', type: kind, size: body.length });
  return Buffer.concat([header, padded(body), entry]);
}

/** An entry with extended header records before it. */
export function withPax(records: Readonly<Record<string, string>>, entry: Uint8Array): Buffer {
  const values = Object.entries(records).map(([key, value]) => [key, Buffer.from(value)] as const);
  const body = encodePax(new Map(values));
  return Buffer.concat([rawHeader({ name: 'pax', type: 'x', size: body.length }), padded(body), entry]);
}

export const tarEnd = Buffer.alloc(2 * blockSize);

function padded(body: Uint8Array): Buffer {
  return Buffer.concat([body, Buffer.alloc((blockSize - (body.length % blockSize)) % blockSize)]);
}

/** Gzip of tar entries, with the digest of what it holds. Millions of entries take seconds. */
export function zipped(entries: Iterable<Uint8Array>): { readonly blob: Buffer; readonly diffId: string } {
  const members: Buffer[] = [];
  const digest = createHash('sha256');
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  const flush = () => {
    const tar = Buffer.concat(waiting);
    digest.update(tar);
    members.push(gzipSync(tar, { level: 1 }));
    waiting = [];
    bytes = 0;
  };
  for (const entry of entries) {
    waiting.push(entry);
    bytes += entry.length;
    if (bytes > memberBytes) flush();
  }
  flush();
  return { blob: Buffer.concat(members), diffId: `sha256:${digest.digest('hex')}` };
}
