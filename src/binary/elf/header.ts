import { Fields, type View } from '../bytes.ts';
import type { ElfFacts } from '../facts.ts';

/** The file header (System V ABI, "ELF Header"), numbers as written. */
export interface ElfHeader {
  readonly bits: 32 | 64;
  readonly endian: 'little' | 'big';
  readonly osAbi: number;
  readonly type: number;
  readonly machine: number;
  readonly flags: number;
  readonly segmentsAt: number;
  readonly segmentSize: number;
  readonly segmentCount: number;
  readonly sectionsAt: number;
  readonly sectionSize: number;
  readonly sectionCount: number;
  readonly sectionNames: number;
}

export interface Segment {
  readonly type: number;
  /** 1 execute, 2 write, 4 read. */
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
  /** Offset and address are equal modulo the alignment. */
  readonly congruent: boolean;
}

export interface Section {
  readonly nameAt: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
}

export const segmentTypes = { load: 1, dynamic: 2, interpreter: 3, note: 4 } as const;
export const sectionTypes = { program: 1, note: 7, noBits: 8 } as const;

const osAbis: ReadonlyMap<number, string> = new Map([
  [0, 'sysv'],
  [1, 'hpux'],
  [2, 'netbsd'],
  [3, 'gnu'],
  [6, 'solaris'],
  [9, 'freebsd'],
  [12, 'openbsd'],
  [64, 'arm-aeabi'],
  [97, 'arm'],
  [200, 'wasmtime'],
  [255, 'standalone'],
]);

export function osAbiName(code: number): string {
  return osAbis.get(code) ?? `unknown (${code})`;
}

export function typeName(code: number): ElfFacts['type'] {
  return (['none', 'relocatable', 'executable', 'shared', 'core'] as const)[code] ?? 'other';
}

/** Fields of a file's byte order and width. */
export function fieldsOf(bytes: Buffer, header: Pick<ElfHeader, 'bits' | 'endian'>): Fields {
  return new Fields(bytes, header.endian === 'little', header.bits === 64);
}

/** Reads the header from the first bytes of a file; a string says what is wrong with it. */
export function readHeader(head: Buffer): ElfHeader | string {
  const [width, order] = [head[4], head[5]];
  if (width !== 1 && width !== 2) return `the class byte is ${width ?? 'missing'}, neither 32 nor 64 bits`;
  if (order !== 1 && order !== 2) return `the byte-order byte is ${order ?? 'missing'}`;
  const bits = width === 2 ? 64 : 32;
  const endian = order === 1 ? 'little' : 'big';
  const [size, word] = bits === 64 ? [64, 8] : [52, 4];
  if (head.length < size) return `the file ends inside the file header of ${size} bytes`;
  const fields = fieldsOf(head, { bits, endian });
  const afterWords = 24 + 3 * word;
  return {
    bits,
    endian,
    osAbi: head[7] ?? 0,
    type: fields.u16(16),
    machine: fields.u16(18),
    flags: fields.u32(afterWords),
    segmentsAt: fields.word(24 + word),
    segmentSize: fields.u16(afterWords + 6),
    segmentCount: fields.u16(afterWords + 8),
    sectionsAt: fields.word(24 + 2 * word),
    sectionSize: fields.u16(afterWords + 10),
    sectionCount: fields.u16(afterWords + 12),
    sectionNames: fields.u16(afterWords + 14),
  };
}

const maxSegments = 0xffff;
const maxSections = 0x1_0000;

/** The segments; `undefined` where their table could not be read. */
export function readSegments(view: View, header: ElfHeader): readonly Segment[] | undefined {
  const wide = header.bits === 64;
  const size = wide ? 56 : 32;
  const count = header.segmentCount === 0xffff ? firstSection(view, header)?.info : header.segmentCount;
  if (count === undefined || count > maxSegments) return undefined;
  if (count === 0) return [];
  if (header.segmentSize !== size) return undefined;
  const table = view.read(header.segmentsAt, count * size);
  if (table === undefined) return undefined;
  return Array.from({ length: count }, (_, at) => {
    const fields = fieldsOf(table.subarray(at * size, (at + 1) * size), header);
    return readSegment(fields, wide);
  });
}

function readSegment(fields: Fields, wide: boolean): Segment {
  const [flagsAt, offsetAt, addressAt, fileAt, memoryAt, alignAt] = wide
    ? ([4, 8, 16, 32, 40, 48] as const)
    : ([24, 4, 8, 16, 20, 28] as const);
  const align = fields.word(alignAt);
  // Two's complement: the low bits of the difference are right even where the numbers don't fit.
  const distance = (fields.low(offsetAt) - fields.low(addressAt)) >>> 0;
  return {
    type: fields.u32(0),
    flags: fields.u32(flagsAt),
    offset: fields.word(offsetAt),
    address: fields.word(addressAt),
    fileSize: fields.word(fileAt),
    memorySize: fields.word(memoryAt),
    align,
    congruent: align <= 1 || distance % Math.min(align, 2 ** 32) === 0,
  };
}

/** With over 65,279 sections or segments, the real counts stand in the first section's header. */
function firstSection(
  view: View,
  header: ElfHeader,
): { readonly size: number; readonly link: number; readonly info: number } | undefined {
  if (header.sectionsAt === 0) return undefined;
  const wide = header.bits === 64;
  const bytes = view.read(header.sectionsAt, wide ? 64 : 40);
  if (bytes === undefined) return undefined;
  const fields = fieldsOf(bytes, header);
  return wide
    ? { size: fields.word(32), link: fields.u32(40), info: fields.u32(44) }
    : { size: fields.word(20), link: fields.u32(24), info: fields.u32(28) };
}

export interface SectionTable {
  readonly sections: readonly Section[];
  nameOf(section: Section): string;
}

/** The sections; an empty table where the file was stripped of them, `undefined` where they could not be read. */
export function readSections(view: View, header: ElfHeader): SectionTable | undefined {
  if (header.sectionsAt === 0) return { sections: [], nameOf: () => '' };
  const size = header.bits === 64 ? 64 : 40;
  if (header.sectionSize !== size) return undefined;
  const first =
    header.sectionCount === 0 || header.sectionNames === 0xffff ? firstSection(view, header) : undefined;
  const count = header.sectionCount === 0 ? first?.size : header.sectionCount;
  const namesIndex = header.sectionNames === 0xffff ? first?.link : header.sectionNames;
  if (count === undefined || namesIndex === undefined || count > maxSections) return undefined;
  const table = view.read(header.sectionsAt, count * size);
  if (table === undefined) return undefined;
  const sections = Array.from({ length: count }, (_, at) =>
    readSection(fieldsOf(table.subarray(at * size, (at + 1) * size), header), header.bits === 64),
  );
  const names = sections[namesIndex];
  return { sections, nameOf: (section) => nameIn(view, names, section) };
}

function readSection(fields: Fields, wide: boolean): Section {
  return {
    nameAt: fields.u32(0),
    type: fields.u32(4),
    flags: fields.word(8),
    offset: fields.word(wide ? 24 : 16),
    size: fields.word(wide ? 32 : 20),
  };
}

function nameIn(view: View, names: Section | undefined, section: Section): string {
  if (names === undefined || section.nameAt >= names.size) return '';
  const bytes = view.readSome(names.offset + section.nameAt, 128);
  const end = bytes.indexOf(0);
  return end < 0 ? '' : bytes.toString('latin1', 0, end);
}
