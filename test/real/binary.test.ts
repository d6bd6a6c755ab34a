// What the binary room says of every ELF file of this system, and of an arm64 one, is what readelf says.
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ElfFacts, type FileFacts, inspectFile, type Limits } from '../../src/binary/index.ts';
import { canMakeDebianRoot, debianRoot, rootTimeout } from '../support/debian-root.ts';
import { viewOf } from '../support/file-facts.ts';
import { honestLayers } from '../support/honest-image.ts';
import { LayoutWriter } from '../support/layout-writer.ts';
import { exec, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const here = await hasPrograms('readelf');
const hasDebian = here && (await canMakeDebianRoot());
const folder = temporaryFolder();
afterAll(() => folder.remove());
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
  ARCv2: 'arc2',
  Alpha: 'alpha',
  HPPA: 'parisc',
  'Intel IA-64': 'ia64',
  MC68000: 'm68k',
  'MIPS R3000': 'mips',
  PowerPC: 'ppc',
  'Renesas / SuperH SH': 'sh',
  Sparc: 'sparc',
  'Sparc v9': 'sparcv9',
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

/** What we say of each ELF file under a folder, where it isn't what readelf says; and how many files were asked about. */
async function compared(folder: string): Promise<{ differing: unknown[]; files: number }> {
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
  return { differing, files: files.length };
}

describe.skipIf(!here)('ELF files of this system, against readelf', () => {
  const folders = ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/libexec', '/usr/aarch64-linux-gnu'];

  test.each(folders.filter((folder) => existsSync(folder)))('every ELF file under %s', async (folder) => {
    const { differing, files } = await compared(folder);
    expect(differing).toEqual([]);
    expect(files).toBeGreaterThan(0);
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

describe.skipIf(!hasDebian)('ELF files of a whole arm64 Debian, against readelf', () => {
  let root = '';
  beforeAll(async () => {
    root = await debianRoot();
  }, rootTimeout);

  test('every one of more than 800', async () => {
    const { differing, files } = await compared(root);
    expect(differing).toEqual([]);
    expect(files).toBeGreaterThan(800);
  });

  test('read as an image, each has the same facts as the file by itself', async () => {
    const writer = new LayoutWriter(join(folder.path, 'layout'));
    writer.addImage('it', { architecture: 'arm64', layers: await honestLayers() });
    const view = await viewOf(writer.path, 'it', {});
    const differing: unknown[] = [];
    let files = 0;
    for (const { path, entry } of view.entries()) {
      if (entry.kind !== 'file' || !isElf(join(root, path))) continue;
      files += 1;
      const inImage = entry.facts?.kind === 'elf' ? facts(entry.facts.elf) : entry.facts;
      const alone = inspect(join(root, path));
      const byItself = alone.kind === 'elf' ? facts(alone.elf) : alone;
      if (!isDeepStrictEqual(inImage, byItself)) differing.push({ path, inImage, byItself });
    }
    expect(differing).toEqual([]);
    expect(files).toBeGreaterThan(800);
  });

  /** What the audit asks of an ELF file. */
  function facts({
    machine,
    interpreter,
    needed,
    runpath,
    rpath,
    soname,
    versionsNeeded,
    incomplete,
  }: ElfFacts) {
    return { machine, interpreter, needed, runpath, rpath, soname, versionsNeeded, incomplete };
  }
});

/** How much code was scanned may differ. */
function withoutScan(facts: FileFacts): FileFacts {
  return facts.kind === 'elf' ? { ...facts, elf: { ...facts.elf, atomics: undefined } as never } : facts;
}
