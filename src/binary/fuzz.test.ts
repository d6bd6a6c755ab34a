import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeElf } from '../fixture/index.ts';
import { arOf, peOf, tarOf, wasmOf, zipOf } from './archives.test-support.ts';
import { inspectFile } from './inspect.ts';

/** Cases over all kinds; `ARMLOAD_FUZZ_RUNS` asks for more. */
const runs = Number(process.env['ARMLOAD_FUZZ_RUNS'] ?? 20_000);

const elf64 = writeElf({
  machine: 'arm64',
  interpreter: true,
  needed: ['libc.so.6', 'libm.so.6'],
  soname: 'x.so',
  runpath: '/opt/lib',
});
const elf32 = writeElf({ machine: 'arm', kind: 'library', needed: ['libc.so.6'], rpath: '$ORIGIN' });
const big = writeElf({ machine: 's390x', interpreter: true, needed: ['libc.so.6'] });
const go = Buffer.concat([
  writeElf({ machine: 'amd64' }),
  Buffer.from('\xff Go buildinf:\x08\x02', 'latin1'),
  Buffer.alloc(16),
  Buffer.from('\x08go1.22.5\x00', 'latin1'),
]);
const packed = { method: 8 as const, data: deflateRawSync(elf64), size: elf64.length };
const jar = zipOf([
  { name: 'a.txt', data: Buffer.from('hello') },
  { name: 'liba.so', ...packed },
  { name: 'libb.so', ...packed, descriptor: true },
  { name: 'inner.jar', data: zipOf([{ name: 'libc.so', ...packed }]) },
]);
const tar = tarOf([
  { name: 'app', data: elf32 },
  { name: 'a.jar', data: jar },
]);
const corpora: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['elf64', elf64],
  ['elf32', elf32],
  ['elf, big-endian', big],
  ['go', go],
  ['pe', peOf(0xd11d, { flags: 0, readyToRun: true })],
  ['wasm', wasmOf([{ name: 'x_linux_x86_64', bytes: 200 }])],
  ['zip', jar],
  ['zipapp', zipOf([{ name: 'liba.so', ...packed }], Buffer.from('#!/usr/bin/env -S python3 -u\n'))],
  ['tar.gz', gzipSync(tar)],
  [
    'deb',
    arOf([
      { name: 'debian-binary', data: Buffer.from('2.0\n') },
      { name: 'data.tar', data: tar },
    ]),
  ],
];

/** Numbers that break arithmetic: zero, one, all bits, the sign bit, the file's own sizes. */
const evil = fc.oneof(fc.constantFrom(0, 1, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.nat());
const change = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), value: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('number' as const), at: fc.nat(), value: evil }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), value: fc.constant(0) }),
  fc.record({ kind: fc.constant('copy' as const), at: fc.nat(), value: fc.nat() }),
);
const changes = fc.array(change, { minLength: 1, maxLength: 4 });

function damage(bytes: Uint8Array, list: readonly { kind: string; at: number; value: number }[]): Buffer {
  let damaged = Buffer.from(bytes);
  for (const { kind, at, value } of list) {
    if (damaged.length < 16) break;
    // Most of what matters stands in headers: half of the changes go there.
    const place = at % (at % 2 === 0 ? Math.min(512, damaged.length) : damaged.length);
    if (kind === 'flip') damaged.writeUInt8((damaged[place] ?? 0) ^ (1 << value), place);
    else if (kind === 'number') damaged.writeUInt32LE(value >>> 0, Math.min(place, damaged.length - 4));
    else if (kind === 'cut') damaged = damaged.subarray(0, place);
    else
      damaged.copy(
        damaged,
        place,
        value % damaged.length,
        Math.min(damaged.length, (value % damaged.length) + 64),
      );
  }
  return damaged;
}

describe.each(corpora)('damaged %s', (_name, bytes) => {
  test('never throws, never takes long, and gives facts that are plain data', () => {
    let slowest = 0;
    fc.assert(
      fc.property(changes, fc.boolean(), fc.integer({ min: 1, max: 5_000 }), (list, streamed, piece) => {
        const damaged = damage(bytes, list);
        const started = performance.now();
        const limits = streamed ? { wholeFileBytes: 256 } : {};
        const inspector = inspectFile({ path: 'file', size: damaged.length }, limits);
        const step = Math.max(piece, damaged.length >> 5);
        for (let at = 0; at < damaged.length; at += step) inspector.write(damaged.subarray(at, at + step));
        const facts = inspector.finish();
        slowest = Math.max(slowest, performance.now() - started);
        const text = JSON.stringify(facts);
        expect(text.includes('null') || text.length > 100_000).toBe(false);
      }),
      { numRuns: Math.ceil(runs / corpora.length) },
    );
    expect(slowest).toBeLessThan(1_000);
  }, 600_000);
});
