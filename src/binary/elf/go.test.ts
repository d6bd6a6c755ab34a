import { describe, expect, test } from 'vitest';
import { leb } from '../archives.test-support.ts';
import { RangeView } from '../bytes.ts';
import { type GoInput, readGo } from './go.ts';

const modules = [
  'path\texample.org/app/cmd',
  'mod\texample.org/app\tv1.2.3\th1:abc=',
  'dep\texample.org/lib\tv0.1.0\th1:def=',
  '=>\texample.org/fork\tv0.1.1\th1:ghi=',
  'dep\texample.org/other\tv2.0.0\th1:jkl=',
  'build\t-ldflags="-X main.version=1 -s"',
  'build\tGOARCH=arm64',
  'build\tGOARM64=v8.1',
  '',
].join('\n');
const framed = `0123456789abcdef${modules}0123456789abcdef`;

function inputOf(bytes: Buffer, places: readonly number[] = []): GoInput {
  return {
    view: new RangeView(bytes.length, [{ start: 0, bytes }]),
    header: {
      bits: 64,
      endian: 'little',
      osAbi: 0,
      type: 2,
      machine: 183,
      flags: 0,
      segmentsAt: 0,
      segmentSize: 56,
      segmentCount: 1,
      sectionsAt: 0,
      sectionSize: 0,
      sectionCount: 0,
      sectionNames: 0,
    },
    // The file from offset 0 on lies at address 0x10000, writable.
    segments: [
      {
        type: 1,
        flags: 6,
        offset: 0,
        address: 0x1_0000,
        fileSize: bytes.length,
        memorySize: bytes.length,
        align: 65_536,
        congruent: true,
      },
    ],
    places,
  };
}

const head = (flags: number): Buffer => {
  const bytes = Buffer.alloc(32);
  bytes.write('\xff Go buildinf:', 'latin1');
  bytes[14] = 8;
  bytes[15] = flags;
  return bytes;
};
const counted = (text: string): Buffer => Buffer.concat([leb(Buffer.byteLength(text)), Buffer.from(text)]);
const wanted = {
  version: 'go1.22.5',
  path: 'example.org/app/cmd',
  module: { path: 'example.org/app', version: 'v1.2.3', sum: 'h1:abc=' },
  dependencies: 2,
  replaced: ['example.org/lib v0.1.0 => example.org/fork v0.1.1'],
  settings: [
    ['-ldflags', '-X main.version=1 -s'],
    ['GOARCH', 'arm64'],
    ['GOARM64', 'v8.1'],
  ],
  text: modules,
};

describe('Go build information', () => {
  test('in line, as Go writes it since 1.18', () => {
    const bytes = Buffer.concat([Buffer.alloc(48), head(2), counted('go1.22.5'), counted(framed)]);
    expect(readGo(inputOf(bytes))).toEqual(wanted);
    expect(readGo(inputOf(bytes, [48]))).toEqual(wanted);
  });

  test('by pointers to Go strings, as before', () => {
    const start = head(0);
    const strings = Buffer.alloc(32);
    start.writeBigUInt64LE(0x1_0020n, 16);
    start.writeBigUInt64LE(0x1_0030n, 24);
    strings.writeBigUInt64LE(0x1_0040n, 0);
    strings.writeBigUInt64LE(8n, 8);
    strings.writeBigUInt64LE(0x1_0048n, 16);
    strings.writeBigUInt64LE(BigInt(framed.length), 24);
    const bytes = Buffer.concat([start, strings, Buffer.from('go1.22.5'), Buffer.from(framed)]);
    expect(readGo(inputOf(bytes))).toEqual(wanted);
  });

  test('a program built without modules has a version and no more', () => {
    const bytes = Buffer.concat([head(2), counted('go1.22.5'), counted('')]);
    expect(readGo(inputOf(bytes))).toEqual({ version: 'go1.22.5', dependencies: 0, settings: [] });
  });

  test('cut off, or with lengths beyond the file, it is unread', () => {
    const bytes = Buffer.concat([head(2), counted('go1.22.5'), counted(framed)]);
    expect(readGo(inputOf(bytes.subarray(0, 60)))).toBe('unread');
    expect(readGo(inputOf(Buffer.concat([head(2), Buffer.alloc(5, 0xff)])))).toBe('unread');
  });

  test('a program that only knows the magic is none of Go', () => {
    expect(readGo(inputOf(Buffer.concat([Buffer.alloc(7), head(2)])))).toBe('absent');
    expect(readGo(inputOf(Buffer.alloc(100)))).toBe('absent');
  });
});
