// What the binary room says of every ELF file of this system is what readelf says.
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type ElfFacts, type FileFacts, inspectFile, type Limits } from '../../src/binary/index.ts';
import { exec, hasPrograms } from '../support/real-parts.ts';

const here = await hasPrograms('readelf');
const batchSize = 25;
const maxFileBytes = 64 * 1024 * 1024;

interface Seen {
  machine: string;
  type: string;
  bits: string;
  endian: string;
  interpreter?: string;
  needed: string[];
  soname?: string;
  rpath?: string;
  runpath?: string;
  buildId?: string;
  versionsNeeded: string[];
  versionsGiven: string[];
  /** The least of the segments to load. */
  align: number;
}

/** Machines by readelf's names. */
const machines: Readonly<Record<string, string>> = {
  'Advanced Micro Devices X86-64': 'x86-64',
  AArch64: 'aarch64',
  ARM: 'arm',
  'Intel 80386': 'i386',
  'Linux BPF': 'bpf',
  'RISC-V': 'riscv',
  PowerPC64: 'ppc64',
  'IBM S/390': 's390',
};
const types: Readonly<Record<string, string>> = {
  REL: 'relocatable',
  EXEC: 'executable',
  DYN: 'shared',
  CORE: 'core',
};

async function readelf(files: readonly string[]): Promise<Map<string, Seen>> {
  const text = await exec('readelf', '-W', '-h', '-l', '-d', '-V', '-n', ...files);
  const blocks = text.split(/^File: (.*)$/m).slice(1);
  const found = new Map<string, Seen>();
  for (let at = 0; at < blocks.length; at += 2) found.set(blocks[at] ?? '', parse(blocks[at + 1] ?? ''));
  return found;
}

function parse(text: string): Seen {
  const one = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1];
  const all = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
  const machine = one(/^ {2}Machine: +(.*)$/m) ?? '';
  const need = /^Version needs section.*\n(?:.*\n)((?: +(?:0x)?[0-9a-f]+: .*\n)*)/m.exec(text)?.[1] ?? '';
  const given =
    /^Version definition section.*\n(?:.*\n)((?: +(?:0x)?[0-9a-f]+: .*\n)*)/m.exec(text)?.[1] ?? '';
  const seen: Seen = {
    machine: machines[machine] ?? machine,
    type: types[one(/^ {2}Type: +([A-Z]+)/m) ?? ''] ?? 'other',
    bits: one(/^ {2}Class: +ELF(\d+)/m) ?? '',
    endian: one(/complement, (\w+) endian/) ?? '',
    needed: all(/\(NEEDED\) +Shared library: \[(.*)\]$/gm),
    versionsNeeded: [],
    versionsGiven: [],
    align: Math.min(...all(/^ {2}LOAD .* (0x[0-9a-f]+)$/gm).map(Number)),
  };
  if (seen.align === Number.POSITIVE_INFINITY) seen.align = 0;
  let library = '';
  for (const line of need.split('\n')) {
    library = / File: (.*?) {2}Cnt:/.exec(line)?.[1] ?? library;
    const name = / Name: (.*?) {2}Flags:/.exec(line)?.[1];
    if (name !== undefined) seen.versionsNeeded.push(`${library} ${name}`);
  }
  for (const line of given.split('\n')) {
    const match = / Flags: (.*?) +Index: .* Name: (.*)$/.exec(line);
    if (match !== null && match[1] !== 'BASE') seen.versionsGiven.push((match[2] ?? '').trim());
  }
  const optional: [keyof Seen, string | undefined][] = [
    ['interpreter', one(/\[Requesting program interpreter: (.*)\]$/m)],
    ['soname', one(/\(SONAME\) +Library soname: \[(.*)\]$/m)],
    ['rpath', one(/\(RPATH\) +Library rpath: \[(.*)\]$/m)],
    ['runpath', one(/\(RUNPATH\) +Library runpath: \[(.*)\]$/m)],
    ['buildId', one(/Build ID: ([0-9a-f]+)$/m)],
  ];
  for (const [key, value] of optional) if (value !== undefined) Object.assign(seen, { [key]: value });
  return seen;
}

function ours(elf: ElfFacts, theirs: Seen): Seen {
  const seen: Seen = {
    machine: elf.machine.name,
    type: elf.type,
    bits: String(elf.bits),
    endian: elf.endian,
    needed: [...elf.needed],
    versionsNeeded: (elf.versionsNeeded ?? []).flatMap(({ library, versions }) =>
      versions.map((version) => `${library} ${version}`),
    ),
    versionsGiven: [...(elf.versionsGiven ?? [])],
    // Split-off symbols are loaded nowhere: we say nothing of their segments.
    align: elf.linkage === 'debug-only' ? theirs.align : (elf.loads?.minAlign ?? 0),
  };
  for (const key of ['interpreter', 'soname', 'rpath', 'runpath', 'buildId'] as const)
    if (elf[key] !== undefined) seen[key] = elf[key];
  return seen;
}

function inspect(path: string, limits: Partial<Limits> = {}): FileFacts {
  const bytes = readFileSync(path);
  const inspector = inspectFile({ path, size: bytes.length }, limits);
  for (let at = 0; at < bytes.length; at += 65_536) inspector.write(bytes.subarray(at, at + 65_536));
  return inspector.finish();
}

/** Regular files that begin with the magic; links are left out. */
function* elfFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* elfFiles(path);
    else if (entry.isFile() && isElf(path)) yield path;
  }
}

function isElf(path: string): boolean {
  const { size } = lstatSync(path);
  return size > 64 && size <= maxFileBytes && readFileSync(path).toString('latin1', 0, 4) === '\x7fELF';
}

describe.skipIf(!here)('ELF files, against readelf', () => {
  const folders = ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/libexec', '/usr/aarch64-linux-gnu'];

  test.each(folders.filter((folder) => existsSync(folder)))('every ELF file under %s', async (folder) => {
    const files = [...elfFiles(folder)];
    const differing: unknown[] = [];
    for (let at = 0; at < files.length; at += batchSize) {
      const batch = files.slice(at, at + batchSize);
      // With one file alone readelf leaves its name out.
      const theirs = await readelf(batch.length > 1 ? batch : [...batch, ...batch]);
      for (const file of batch) {
        const facts = inspect(file);
        const expected = theirs.get(file);
        const found =
          facts.kind === 'elf' && expected
            ? { ...ours(facts.elf, expected), incomplete: facts.elf.incomplete }
            : facts.kind;
        const wanted = expected && { ...expected, incomplete: undefined };
        if (!isDeepStrictEqual(found, wanted)) differing.push({ file, found, wanted });
      }
    }
    expect(differing).toEqual([]);
    expect(files.length).toBeGreaterThan(0);
  });

  test('a file too big to be kept gives the same facts as one kept whole', () => {
    const big = folders.filter((folder) => existsSync(folder)).flatMap((folder) => [...elfFiles(folder)]);
    const differing: unknown[] = [];
    for (const file of big.filter((path) => lstatSync(path).size > 8 * 1024 * 1024)) {
      const whole = inspect(file, { wholeFileBytes: maxFileBytes });
      const parts = inspect(file, { wholeFileBytes: 1024 });
      if (isDeepStrictEqual(withoutScan(whole), withoutScan(parts))) continue;
      differing.push({ file, whole: withoutScan(whole), parts: withoutScan(parts) });
    }
    expect(differing).toEqual([]);
  });
});

/** How much code was scanned may differ. */
function withoutScan(facts: FileFacts): FileFacts {
  return facts.kind === 'elf' ? { ...facts, elf: { ...facts.elf, atomics: undefined } as never } : facts;
}
