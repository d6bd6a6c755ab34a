import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { gunzip, spentBuffer } from './gunzip.ts';
import { createRelease } from './release.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

test('a released buffer is empty at once', () => {
  const buffer = new ArrayBuffer(1024 * 1024);
  createRelease()(buffer);
  expect(buffer.byteLength).toBe(0);
});

describe('what gunzip is done with can be released while it goes on', () => {
  const megabyte = 1024 * 1024;
  // What compresses well and what doesn't: many outputs for a piece of input, and many pieces for an output.
  const members = [Buffer.alloc(3 * megabyte), randomBytes(3 * megabyte), Buffer.alloc(megabyte, 'armload ')];
  const gzip = Buffer.concat(members.map((member) => gzipSync(member)));
  const expected = createHash('sha256').update(Buffer.concat(members)).digest('hex');

  test.each([1000, 64 * 1024, 512 * 1024, gzip.length])('in pieces of %i bytes', async (size) => {
    const release = createRelease();
    const hash = createHash('sha256');
    let released = 0;
    for await (const chunk of gunzip(inPieces(gzip, size))) {
      hash.update(chunk);
      const spent = spentBuffer(chunk);
      if (spent === undefined) continue;
      release(spent);
      released += 1;
    }
    expect(hash.digest('hex')).toBe(expected);
    expect(released).toBe(7);
  });
});

test('a buffer that more chunks will be in is not spent, nor is one that somebody else made', () => {
  const own = new Uint8Array(1024 * 1024);
  expect(spentBuffer(own)).toBe(own.buffer);
  expect(spentBuffer(own.subarray(0, own.length - 1))).toBeUndefined();
  expect(spentBuffer(own.subarray(10))).toBe(own.buffer);
  expect(spentBuffer(new Uint8Array(1000))).toBeUndefined();
  expect(spentBuffer(new Uint8Array(new SharedArrayBuffer(own.length)))).toBeUndefined();
});
