import { describe, expect, test } from 'vitest';
import { type ElfSpec, type Machine, writeElf } from '../../fixture/index.ts';
import type { ElfFacts, FileFacts } from '../facts.ts';
import { inspectBytes, inspectFile } from '../inspect.ts';
import type { Limits } from '../limits.ts';

function elfOf(bytes: Uint8Array, limits: Partial<Limits> = {}): ElfFacts {
  const facts = inspectBytes('file', bytes, limits);
  if (facts.kind !== 'elf') throw new Error(`it is ${facts.kind}`);
  return facts.elf;
}

/** Gives the file in pieces, each in memory that is overwritten afterwards. */
function inPieces(bytes: Uint8Array, size: number, limits: Partial<Limits> = {}): FileFacts {
  const inspector = inspectFile({ path: 'file', size: bytes.length }, limits);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = Buffer.from(bytes.subarray(at, at + size));
    inspector.write(piece);
    piece.fill(0xee);
  }
  return inspector.finish();
}

const program: ElfSpec = {
  machine: 'arm64',
  interpreter: true,
  needed: ['libc.so.6', 'libm.so.6'],
  rpath: '/opt/old',
  runpath: '$ORIGIN/../lib',
};

describe('what an ELF file says of itself', () => {
  test.each<[Machine, string, number]>([
    ['386', 'i386', 3],
    ['amd64', 'x86-64', 62],
    ['arm', 'arm', 40],
    ['arm64', 'aarch64', 183],
    ['ppc64le', 'ppc64', 21],
    ['s390x', 's390', 22],
    ['riscv64', 'riscv', 243],
  ])('%s: machine, interpreter, needed libraries, search paths', (machine, name, code) => {
    const elf = elfOf(writeElf({ ...program, machine, interpreter: '/lib/ld.so.1' }));
    expect(elf).toMatchObject({
      machine: { name, code },
      architecture: machine,
      type: 'executable',
      linkage: 'dynamic',
      interpreter: '/lib/ld.so.1',
      needed: ['libc.so.6', 'libm.so.6'],
      rpath: '/opt/old',
      runpath: '$ORIGIN/../lib',
      loads: { minAlign: 65_536, maxAlign: 65_536, congruent: true },
    });
    expect(elf.incomplete).toBeUndefined();
  });

  test('a program without interpreter and libraries is static', () => {
    expect(elfOf(writeElf({ machine: 'arm64' })).linkage).toBe('static');
  });

  test('a library has its soname', () => {
    const elf = elfOf(writeElf({ machine: 'amd64', kind: 'library', soname: 'libx.so.1' }));
    expect(elf).toMatchObject({ linkage: 'shared-library', soname: 'libx.so.1', type: 'shared' });
  });

  test('a machine number nobody has given out is unknown, not another machine', () => {
    const bytes = Buffer.from(writeElf({ machine: 'amd64' }));
    bytes.writeUInt16LE(0x1234, 18);
    expect(elfOf(bytes).machine).toEqual({ code: 0x1234, name: 'unknown' });
    expect(elfOf(bytes).architecture).toBeUndefined();
  });

  test('x32 and arm64 ILP32 are not amd64 and arm64', () => {
    const x32 = Buffer.from(writeElf({ machine: '386' }));
    x32.writeUInt16LE(62, 18);
    expect(elfOf(x32).architecture).toBe('amd64p32');
    x32.writeUInt16LE(183, 18);
    expect(elfOf(x32).architecture).toBe('arm64p32');
  });
});

test('the pieces a file comes in make no difference', () => {
  const bytes = writeElf(program);
  const whole = inspectBytes('file', bytes);
  for (const size of [1, 7, 63, 64, 1_000, 4_096]) expect(inPieces(bytes, size)).toEqual(whole);
});

describe('what can not be read is said, never guessed', () => {
  test('a dynamic section outside the file: needed libraries and linkage are unknown', () => {
    const bytes = Buffer.from(writeElf({ ...program, machine: 'amd64', interpreter: '/lib/ld.so' }));
    const cut = bytes.subarray(0, bytes.length - 200);
    const facts = inspectBytes('file', cut);
    expect(facts).toMatchObject({ kind: 'elf', elf: { incomplete: ['dynamic'] } });
    expect(facts.problems).toContainEqual(expect.objectContaining({ kind: 'truncated' }));
  });

  test('a cut library is of unknown linkage', () => {
    const bytes = writeElf({ machine: 'arm64', kind: 'library', needed: ['libc.so.6'] });
    const elf = elfOf(bytes.subarray(0, 0x160));
    expect(elf.linkage).toBe('unknown');
    expect(elf.incomplete).toContain('dynamic');
  });

  test('a program header table beyond the end', () => {
    const bytes = Buffer.from(writeElf(program));
    bytes.writeBigUInt64LE(0xffff_ffff_ffff_ff00n, 32);
    expect(elfOf(bytes)).toMatchObject({ linkage: 'unknown', incomplete: ['program-headers'] });
  });

  test('the magic alone is no ELF file', () => {
    const facts = inspectBytes('file', Buffer.from('\x7fELF', 'latin1'));
    expect(facts).toMatchObject({ kind: 'data', problems: [{ kind: 'malformed', where: 'ELF header' }] });
  });
});

describe('a file too big to be kept whole', () => {
  const padding = Buffer.alloc(12 * 1024 * 1024, 'x');

  test('gives what lies in its head', () => {
    const bytes = Buffer.concat([writeElf(program), padding]);
    expect(inPieces(bytes, 65_536, { wholeFileBytes: 1_024 })).toEqual(inspectBytes('file', bytes));
  });

  test('gives the interpreter that its headers name in the middle, and says that the rest was not kept', () => {
    const small = Buffer.from(writeElf(program));
    const bytes = Buffer.concat([small, padding, Buffer.from('/lib/far.so\0'), padding]);
    const dynamicAt = Number(small.readBigUInt64LE(64 + 3 * 56 + 8));
    bytes.writeBigUInt64LE(BigInt(small.length + padding.length), 64 + 8);
    bytes.writeBigUInt64LE(12n, 64 + 32);
    // The string table moves to where nothing was kept.
    for (let at = dynamicAt; at < small.length; at += 16)
      if (bytes.readBigUInt64LE(at) === 5n)
        bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at + 8) + 7_000_000n, at + 8);
    bytes.writeBigUInt64LE(BigInt(bytes.length), 64 + 56 + 32);
    const facts = inPieces(bytes, 65_536, { wholeFileBytes: 1_024 });
    expect(facts).toMatchObject({
      kind: 'elf',
      elf: { interpreter: '/lib/far.so', needed: [], incomplete: ['dynamic-strings'] },
    });
    expect(facts.problems).toContainEqual(
      expect.objectContaining({ kind: 'incomplete', where: 'dynamic-strings' }),
    );
  });
});

describe('page size', () => {
  test('a segment that its alignment does not fit is seen', () => {
    const bytes = Buffer.from(writeElf({ machine: 'arm64' }));
    bytes.writeBigUInt64LE(4_096n, 64 + 48);
    expect(elfOf(bytes).loads).toEqual({ count: 1, minAlign: 4_096, maxAlign: 4_096, congruent: true });
    bytes.writeBigUInt64LE(0x40_0010n, 64 + 16);
    expect(elfOf(bytes).loads?.congruent).toBe(false);
  });

  test('a jemalloc inside is seen, also across two pieces', () => {
    const bytes = Buffer.concat([
      writeElf({ machine: 'arm64' }),
      Buffer.alloc(1_500),
      Buffer.from('<jemalloc>: Unsupported system page size\n'),
    ]);
    for (const size of [1_700, 1_710, bytes.length])
      expect(inPieces(bytes, size)).toMatchObject({ elf: { jemalloc: true } });
    expect(elfOf(bytes.subarray(0, bytes.length - 4)).jemalloc).toBeUndefined();
  });
});

describe('atomics of aarch64 code', () => {
  const word = (...words: readonly number[]): Uint8Array => {
    const bytes = Buffer.alloc(words.length * 4);
    for (const [at, value] of words.entries()) bytes.writeUInt32LE(value, at * 4);
    return bytes;
  };
  const [ldaxr, ldadd, swpal, cbz, ret] = [0x885f_fc41, 0xb820_0041, 0xb8e0_8041, 0x3400_0050, 0xd65f_03c0];
  const styleOf = (...words: readonly number[]) =>
    elfOf(writeElf({ machine: 'arm64', code: word(...words) })).atomics;

  test('loops of load and store exclusive', () => {
    expect(styleOf(ldaxr, ret)).toMatchObject({ style: 'exclusive', exclusive: 1, lse: 0 });
  });
  test('chosen at run time', () => {
    expect(styleOf(cbz, ldadd, ret, ret, ret, ldaxr)).toMatchObject({ style: 'outline', guarded: 1 });
  });
  test('none', () => {
    expect(styleOf(ret)).toMatchObject({ style: 'none' });
  });
  test('LSE alone, without sections to tell code from constants, proves nothing', () => {
    expect(styleOf(ldadd, swpal, ret)).toMatchObject({ style: 'unknown', lse: 2 });
  });
  test('the names of the helpers tell', () => {
    const bytes = Buffer.concat([
      writeElf({ machine: 'arm64' }),
      Buffer.from('\0__aarch64_ldadd4_acq_rel\0'),
    ]);
    expect(elfOf(bytes).atomics?.style).toBe('outline');
  });
  test('of other machines nothing is said', () => {
    expect(elfOf(writeElf({ machine: 'amd64' })).atomics).toBeUndefined();
  });
});

test('a program packed by UPX is marked, since its linkage is the packer’s', () => {
  const bytes = Buffer.from(writeElf({ machine: 'amd64', code: Buffer.from('....UPX!....') }));
  expect(elfOf(bytes)).toMatchObject({ packer: 'upx', linkage: 'static' });
});

test('texts in the facts are bounded, however often a table names them', () => {
  const bytes = writeElf({
    machine: 'arm64',
    kind: 'library',
    needed: Array.from({ length: 100 }, (_, at) => `lib${at}${'x'.repeat(3_000)}.so`),
  });
  const facts = inspectBytes('file', bytes, { textLength: 50_000 });
  expect(JSON.stringify(facts).length).toBeLessThan(60_000);
  expect(facts).toMatchObject({ elf: { incomplete: ['dynamic-strings'] } });
});
