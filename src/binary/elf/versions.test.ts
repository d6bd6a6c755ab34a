import { describe, expect, test } from 'vitest';
import { RangeView } from '../bytes.ts';
import type { DynamicTable } from './dynamic.ts';
import { type ElfHeader, readHeader } from './header.ts';
import { readVersionsGiven, readVersionsNeeded } from './versions.ts';

const names = new Map([
  [1, 'libc.so.6'],
  [2, 'GLIBC_2.17'],
  [3, 'GLIBC_2.34'],
  [4, 'libm.so.6'],
]);

function header(): ElfHeader {
  const bytes = Buffer.alloc(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const found = readHeader(bytes);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

const need = (count: number, library: number, next: number): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(1, 0);
  bytes.writeUInt16LE(count, 2);
  bytes.writeUInt32LE(library, 4);
  bytes.writeUInt32LE(16, 8);
  bytes.writeUInt32LE(next, 12);
  return bytes;
};
const aux = (name: number, next: number, flags = 0): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(flags, 4);
  bytes.writeUInt32LE(name, 8);
  bytes.writeUInt32LE(next, 12);
  return bytes;
};
const definition = (name: number, next: number, flags = 0): Buffer => {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(flags, 2);
  bytes.writeUInt32LE(20, 12);
  bytes.writeUInt32LE(next, 16);
  bytes.writeUInt32LE(name, 20);
  return bytes;
};

function read(kind: 'needed' | 'given', bytes: Buffer, count: number) {
  const lacking: string[] = [];
  const table: DynamicTable = {
    facts: { needed: [], isPie: false },
    versionsNeeded: { offset: 0, count },
    versionsGiven: { offset: 0, count },
    text: (at) => names.get(at),
  };
  const view = new RangeView(bytes.length, [{ start: 0, bytes }]);
  const input = { view, header: header(), lacks: (part: string) => lacking.push(part) };
  const versions = kind === 'needed' ? readVersionsNeeded(table, input) : readVersionsGiven(table, input);
  return { versions, lacking };
}

describe('symbol versions', () => {
  test('wanted of two libraries, one of them weakly', () => {
    const bytes = Buffer.concat([need(2, 1, 48), aux(2, 16), aux(3, 0, 2), need(1, 4, 0), aux(2, 0)]);
    expect(read('needed', bytes, 2)).toEqual({
      versions: [
        { library: 'libc.so.6', versions: ['GLIBC_2.17', 'GLIBC_2.34'], weak: ['GLIBC_2.34'] },
        { library: 'libm.so.6', versions: ['GLIBC_2.17'] },
      ],
      lacking: [],
    });
  });

  test('given, without the library’s own name', () => {
    const bytes = Buffer.concat([definition(1, 28, 1), definition(2, 28), definition(3, 0)]);
    expect(read('given', bytes, 3)).toEqual({ versions: ['GLIBC_2.17', 'GLIBC_2.34'], lacking: [] });
  });

  test('a chain that ends before its count is incomplete', () => {
    expect(read('needed', Buffer.concat([need(1, 1, 0), aux(2, 0)]), 2).lacking).toEqual(['versions-needed']);
  });

  test('a chain out of the file, or of absurd length, is incomplete', () => {
    expect(read('needed', need(60_000, 1, 0), 1).lacking).toEqual(['versions-needed']);
    expect(read('given', definition(2, 9_999), 2).lacking).toEqual(['versions-given']);
    expect(read('given', definition(2, 0), 1_000_000_000).lacking).toEqual(['versions-given']);
  });

  test('an unreadable name is incomplete', () => {
    expect(read('given', definition(77, 0), 1).lacking).toEqual(['versions-given']);
  });
});
