import type { View } from '../bytes.ts';
import type { ElfFacts, ElfPart, GoFacts, Linkage, LoadFacts } from '../facts.ts';
import { elfArchitecture, elfMachine } from '../machines.ts';
import type { Problems } from '../problems.ts';
import { readAtomics } from './atomics.ts';
import { cText, type DynamicTable, readDynamic } from './dynamic.ts';
import { readGo } from './go.ts';
import {
  type ElfHeader,
  osAbiName,
  readSections,
  readSegments,
  type SectionTable,
  type Segment,
  sectionTypes,
  segmentTypes,
  typeName,
} from './header.ts';
import { readBuildId } from './notes.ts';
import { readVersionsGiven, readVersionsNeeded } from './versions.ts';

export interface ElfInput {
  readonly view: View;
  readonly header: ElfHeader;
  readonly problems: Problems;
  readonly countText: (length: number) => boolean;
  /** What was seen while the file passed. */
  readonly hints: { readonly goPlaces: readonly number[]; readonly helpers: boolean };
}

const aarch64 = 183;

/** All facts of an ELF file; what could not be read stands in `incomplete`. */
export function readElf(input: ElfInput): ElfFacts {
  const { view, header, problems } = input;
  const missing = new Set<ElfPart>();
  const lacks = (part: ElfPart): void => {
    missing.add(part);
    const why = view.whole ? 'malformed' : 'incomplete';
    problems.add(why, part, why === 'malformed' ? 'points outside the file, or is cut off' : 'was not kept');
  };
  const segments = readSegments(view, header);
  if (segments === undefined) lacks('program-headers');
  const table = readSections(view, header);
  if (table === undefined) lacks('section-headers');
  const sections = table ?? { sections: [], nameOf: () => '' };
  const known = segments ?? [];
  const debugOnly = isDebugOnly(header, sections);
  checkLength(input, known, debugOnly);
  const parts = { view, header, segments: debugOnly ? [] : known, lacks, countText: input.countText };
  const dynamic = readDynamic(parts);
  const interpreter = debugOnly ? undefined : readInterpreter(view, known, lacks);
  const machine = elfMachine(header.machine);
  const identity = { bits: header.bits, endian: header.endian, flags: header.flags, machine };
  const architecture = elfArchitecture(identity);
  const go = debugOnly ? undefined : goOf(input, known, sections, lacks);
  const buildId = readBuildId({ view, header, segments: parts.segments, sections: sections.sections, lacks });
  const versions = dynamic === undefined ? {} : versionsOf(dynamic, parts);
  const { isPie = false, ...linked } = dynamic?.facts ?? { needed: [] };
  const loads = loadsOf(known);
  return {
    ...identity,
    type: typeName(header.type),
    osAbi: osAbiName(header.osAbi),
    ...(architecture === undefined ? {} : { architecture }),
    linkage: linkageOf({ header, segments, interpreter, needed: linked.needed, isPie, debugOnly, missing }),
    ...(interpreter === undefined ? {} : { interpreter }),
    ...linked,
    ...versions,
    ...(loads === undefined || debugOnly ? {} : { loads }),
    ...(buildId === undefined ? {} : { buildId }),
    ...(go === undefined ? {} : { go }),
    ...(header.machine === aarch64 && !debugOnly
      ? {
          atomics: readAtomics({
            view,
            segments: known,
            sections: sections.sections,
            hasHelpers: input.hints.helpers,
          }),
        }
      : {}),
    ...(missing.size === 0 ? {} : { incomplete: [...missing].sort() }),
  };
}

function versionsOf(
  dynamic: DynamicTable,
  parts: Parameters<typeof readDynamic>[0],
): Pick<ElfFacts, 'versionsNeeded' | 'versionsGiven'> {
  const versionsNeeded = readVersionsNeeded(dynamic, parts);
  const versionsGiven = readVersionsGiven(dynamic, parts);
  return {
    ...(versionsNeeded === undefined ? {} : { versionsNeeded }),
    ...(versionsGiven === undefined ? {} : { versionsGiven }),
  };
}

/** In a file of split-off symbols, the sections that would be loaded are there in name only. */
function isDebugOnly(header: ElfHeader, table: SectionTable): boolean {
  if (header.type !== 2 && header.type !== 3) return false;
  return table.sections.some(
    (section) =>
      section.type === sectionTypes.noBits &&
      ['.text', '.dynamic', '.interp'].includes(table.nameOf(section)),
  );
}

function checkLength({ view, problems }: ElfInput, segments: readonly Segment[], debugOnly: boolean): void {
  if (debugOnly) return;
  for (const { type, offset, fileSize } of segments) {
    if (type !== segmentTypes.load || offset + fileSize <= view.size) continue;
    problems.add(
      'truncated',
      'program-headers',
      `a segment to load ends at byte ${offset + fileSize}, the file at ${view.size}`,
    );
    return;
  }
}

function readInterpreter(
  view: View,
  segments: readonly Segment[],
  lacks: (part: ElfPart) => void,
): string | undefined {
  const segment = segments.find(({ type }) => type === segmentTypes.interpreter);
  if (segment === undefined) return undefined;
  const found = cText(view, segment.offset);
  if (found === undefined || Buffer.byteLength(found) >= segment.fileSize) {
    lacks('interpreter');
    return undefined;
  }
  return found;
}

function goOf(
  input: ElfInput,
  segments: readonly Segment[],
  table: SectionTable,
  lacks: (part: ElfPart) => void,
): ElfFacts['go'] {
  const section = table.sections.find((candidate) => table.nameOf(candidate) === '.go.buildinfo');
  const places = [...(section === undefined ? [] : [section.offset]), ...input.hints.goPlaces];
  const go = readGo({ view: input.view, header: input.header, segments, places });
  if (go === 'absent') return undefined;
  if (go !== 'unread' && input.countText(JSON.stringify(go).length)) return { ...go, ...sizesOf(table) };
  // The magic alone, seen in passing, doesn't make a Go program.
  if (section !== undefined || input.hints.goPlaces.length === 0) lacks('go-build-info');
  return undefined;
}

const compared: ReadonlySet<string> = new Set(['.text', '.rodata', '.data', '.noptrdata']);

/** Those sections of a Go program that don't hold the paths it was built at. */
function sizesOf(table: SectionTable): Pick<GoFacts, 'sections'> {
  const sizes = table.sections
    .map((section) => [table.nameOf(section), section.size] as const)
    .filter(([name]) => compared.has(name));
  return sizes.length === 0 ? {} : { sections: Object.fromEntries(sizes) };
}

function loadsOf(segments: readonly Segment[]): LoadFacts | undefined {
  const loads = segments.filter(({ type, memorySize }) => type === segmentTypes.load && memorySize > 0);
  if (loads.length === 0) return undefined;
  const aligns = loads.map(({ align }) => align);
  return {
    count: loads.length,
    minAlign: Math.min(...aligns),
    maxAlign: Math.max(...aligns),
    congruent: loads.every(({ congruent }) => congruent),
  };
}

interface LinkageInput {
  readonly header: ElfHeader;
  readonly segments: readonly Segment[] | undefined;
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
  readonly isPie: boolean;
  readonly debugOnly: boolean;
  readonly missing: ReadonlySet<ElfPart>;
}

function linkageOf(input: LinkageInput): Linkage {
  const { header, segments, interpreter, needed, missing } = input;
  if (header.type === 1) return 'object';
  if (header.type === 4) return 'core';
  if (input.debugOnly) return 'debug-only';
  if (interpreter !== undefined) return 'dynamic';
  if (segments === undefined || missing.has('interpreter')) return 'unknown';
  const undecided = missing.has('dynamic');
  if (header.type === 2) return needed.length > 0 ? 'dynamic' : undecided ? 'unknown' : 'static';
  if (header.type !== 3) return 'unknown';
  if (undecided) return 'unknown';
  return input.isPie && needed.length === 0 ? 'static-pie' : 'shared-library';
}
