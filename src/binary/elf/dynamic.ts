import type { View } from '../bytes.ts';
import type { ElfPart } from '../facts.ts';
import { type ElfHeader, fieldsOf, type Segment, segmentTypes } from './header.ts';

/** Facts of the dynamic section (System V ABI, "Dynamic Section"). */
export interface DynamicFacts {
  readonly needed: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  /** DF_1_PIE: the linker's word that this is a program and not a library. */
  readonly isPie: boolean;
}

export interface DynamicTable {
  readonly facts: DynamicFacts;
  /** File offsets and counts of the version tables, where there are any. */
  readonly versionsNeeded?: { readonly offset: number | undefined; readonly count: number };
  readonly versionsGiven?: { readonly offset: number | undefined; readonly count: number };
  /** A string of the dynamic string table; `undefined` where it was not kept or is malformed. */
  text(at: number): string | undefined;
}

const tags = {
  null: 0,
  needed: 1,
  strings: 5,
  stringsSize: 10,
  soname: 14,
  rpath: 15,
  runpath: 29,
  flags1: 0x6fff_fffb,
  versionsGiven: 0x6fff_fffc,
  versionsGivenCount: 0x6fff_fffd,
  versionsNeeded: 0x6fff_fffe,
  versionsNeededCount: 0x6fff_ffff,
};
const maxEntries = 65_536;
const maxNeeded = 1_024;
const maxText = 4_096;

export interface DynamicInput {
  readonly view: View;
  readonly header: ElfHeader;
  readonly segments: readonly Segment[];
  /** Takes down what could not be read. */
  readonly lacks: (part: ElfPart) => void;
  /** False when the facts are full of text. */
  readonly countText: (length: number) => boolean;
}

/** Reads the dynamic section; `undefined` where there is none, or where it could not be read (and `lacks` was told). */
export function readDynamic(input: DynamicInput): DynamicTable | undefined {
  const { view, header, segments, lacks } = input;
  const segment = segments.find(({ type, fileSize }) => type === segmentTypes.dynamic && fileSize > 0);
  if (segment === undefined) return undefined;
  const entrySize = header.bits / 4;
  const size = Math.min(segment.fileSize, maxEntries * entrySize);
  const bytes = view.readSome(segment.offset, size);
  const entries = readEntries(bytes, header);
  // A table cut off before its end mark is not the whole table.
  if (!entries.ended && bytes.length < size) {
    lacks('dynamic');
    if (entries.list.length === 0) return undefined;
  }
  return tableOf(entries.list, input);
}

interface Entries {
  readonly list: readonly (readonly [tag: number, value: number])[];
  readonly ended: boolean;
}

function readEntries(bytes: Buffer, header: ElfHeader): Entries {
  const fields = fieldsOf(bytes, header);
  const half = header.bits / 8;
  const list: [number, number][] = [];
  for (let at = 0; at + 2 * half <= bytes.length; at += 2 * half) {
    const tag = fields.word(at);
    if (tag === tags.null) return { list, ended: true };
    list.push([tag, fields.word(at + half)]);
  }
  return { list, ended: false };
}

function tableOf(entries: Entries['list'], input: DynamicInput): DynamicTable {
  const { view, segments, lacks } = input;
  const first = (wanted: number): number | undefined => entries.find(([tag]) => tag === wanted)?.[1];
  const strings = first(tags.strings);
  const stringsAt = strings === undefined ? undefined : fileOffset(segments, strings);
  const stringsSize = first(tags.stringsSize) ?? Number.POSITIVE_INFINITY;
  const text = (at: number): string | undefined => {
    const found = stringsAt === undefined || at >= stringsSize ? undefined : cText(view, stringsAt + at);
    return found === undefined || !input.countText(found.length) ? undefined : found;
  };
  const named = (at: number | undefined): string | undefined => {
    if (at === undefined) return undefined;
    const found = text(at);
    if (found === undefined) lacks('dynamic-strings');
    return found;
  };
  const wanted = entries.filter(([tag]) => tag === tags.needed);
  if (wanted.length > maxNeeded) lacks('dynamic');
  const needed = wanted.slice(0, maxNeeded).map(([, at]) => named(at));
  const [soname, rpath, runpath] = [tags.soname, tags.rpath, tags.runpath].map((tag) => named(first(tag)));
  const facts: DynamicFacts = {
    needed: needed.filter((name) => name !== undefined),
    ...(soname === undefined ? {} : { soname }),
    ...(rpath === undefined ? {} : { rpath }),
    ...(runpath === undefined ? {} : { runpath }),
    isPie: (((first(tags.flags1) ?? 0) / 0x0800_0000) & 1) === 1,
  };
  const table = (addressTag: number, countTag: number) => {
    const address = first(addressTag);
    if (address === undefined) return undefined;
    return { offset: fileOffset(segments, address), count: first(countTag) ?? 0 };
  };
  const versionsNeeded = table(tags.versionsNeeded, tags.versionsNeededCount);
  const versionsGiven = table(tags.versionsGiven, tags.versionsGivenCount);
  return {
    facts,
    ...(versionsNeeded === undefined ? {} : { versionsNeeded }),
    ...(versionsGiven === undefined ? {} : { versionsGiven }),
    text,
  };
}

/** Where in the file the byte at an address lies; `undefined` where no segment brings it. */
export function fileOffset(segments: readonly Segment[], address: number): number | undefined {
  for (const segment of segments) {
    if (segment.type !== segmentTypes.load) continue;
    const distance = address - segment.address;
    if (distance >= 0 && distance < segment.fileSize) return segment.offset + distance;
  }
  return undefined;
}

/** A text that ends with NUL. */
export function cText(view: View, offset: number): string | undefined {
  for (const length of [256, maxText]) {
    const bytes = view.readSome(offset, length);
    const end = bytes.indexOf(0);
    if (end >= 0) return bytes.toString('utf8', 0, end);
  }
  return undefined;
}
