import { type FileFacts, type MachineCode, machineCodeIn } from '../../binary/index.ts';
import type { LayerEntry, ViewEntry } from '../../layer/index.ts';
import type { Platform } from '../../oci/index.ts';
import { runsNatively } from '../native.ts';
import type { Subject } from '../types.ts';

/** A foreign file before it is judged, with all its paths. */
export interface FoundForeign {
  readonly paths: readonly ViewEntry[];
  readonly innerPath: string;
  readonly facts: FileFacts;
  readonly code: MachineCode;
  readonly machine: string;
}

/** A file that holds native machine code of its own, at one of its paths. */
export interface NativeFile {
  readonly entry: ViewEntry;
  readonly innerPath: string;
  readonly facts: FileFacts;
}

export interface Survey {
  readonly foreign: readonly FoundForeign[];
  readonly foreignEntries: ReadonlySet<LayerEntry>;
  readonly native: readonly NativeFile[];
  /** Symbolic links that are named like libraries. */
  readonly libraryLinks: readonly ViewEntry[];
}

/**
 * Paths of one archive that are looked at: an image may link one with a thousand files inside under half a million names.
 */
const maxArchivePaths = 32;

/** One walk over an image: what is foreign, what is native, each with its paths. */
export function surveyOf({ view, platform }: Pick<Subject, 'view' | 'platform'>): Survey {
  const foreign = new Map<LayerEntry, { paths: ViewEntry[]; pieces: readonly Piece[] }>();
  const native: NativeFile[] = [];
  const libraryLinks: ViewEntry[] = [];
  const archivePaths = new Map<LayerEntry, number>();
  for (const entry of view.entries()) {
    const { kind, facts } = entry.entry;
    if (kind === 'symlink' && entry.path.includes('.so')) libraryLinks.push(entry);
    if (kind !== 'file' || facts === undefined || isPlain(facts)) continue;
    if (facts.nested !== undefined && countUp(archivePaths, entry.entry) > maxArchivePaths) continue;
    const known = foreign.get(entry.entry);
    if (known !== undefined) known.paths.push(entry);
    else {
      const pieces = foreignPieces(facts, platform);
      if (pieces.length > 0) foreign.set(entry.entry, { paths: [entry], pieces });
    }
    native.push(...nativePieces(entry, facts, platform));
  }
  return {
    foreign: [...foreign.values()].flatMap(({ paths, pieces }) =>
      pieces.map((piece) => ({ paths, ...piece })),
    ),
    foreignEntries: new Set(foreign.keys()),
    native,
    libraryLinks,
  };
}

function countUp(counts: Map<LayerEntry, number>, entry: LayerEntry): number {
  const count = (counts.get(entry) ?? 0) + 1;
  counts.set(entry, count);
  return count;
}

/** Most files: nothing in them to look at. */
function isPlain(facts: FileFacts): boolean {
  return (
    facts.nested === undefined &&
    facts.embedded === undefined &&
    (facts.kind === 'text' || facts.kind === 'data' || facts.kind === 'empty' || facts.kind === 'script')
  );
}

type Piece = Omit<FoundForeign, 'paths'>;

function foreignPieces(facts: FileFacts, platform: Platform): Piece[] {
  return parts(facts).flatMap(({ innerPath, facts: own }) => {
    const codes = ownCode(own).filter((code) => !runsNatively(code, platform));
    const code = weightiest(codes, own);
    return code === undefined ? [] : [{ innerPath, facts: own, code, machine: machineOf(own, code) }];
  });
}

function nativePieces(entry: ViewEntry, facts: FileFacts, platform: Platform): NativeFile[] {
  return parts(facts)
    .filter(({ facts: own }) => isNative(own, platform))
    .map((part) => ({ entry, ...part }));
}

/** Is the file itself native machine code, what is embedded in it left out? Neutral .NET assemblies count as such. */
function isNative(facts: FileFacts, platform: Platform): boolean {
  if (facts.kind === 'pe' && facts.pe.managed === 'il') return true;
  return ownCode(facts).some((code) => code.offset === 0 && runsNatively(code, platform));
}

/** The file, and what is in it: parts of one name in one archive are one part. */
function parts(facts: FileFacts): readonly { readonly innerPath: string; readonly facts: FileFacts }[] {
  if (facts.nested === undefined) return [{ innerPath: '', facts }];
  return [
    { innerPath: '', facts },
    ...facts.nested.map(({ path, facts: inner }) => ({ innerPath: path, facts: inner })),
  ];
}

export function ownCode(facts: FileFacts): readonly MachineCode[] {
  return facts.nested === undefined
    ? machineCodeIn(facts)
    : machineCodeIn(facts).filter(({ path }) => path === '');
}

/** The file's own code before what is embedded; there, what can be run before what can't. */
function weightiest(codes: readonly MachineCode[], facts: FileFacts): MachineCode | undefined {
  const own = codes.find(({ offset }) => offset === 0);
  if (own !== undefined || codes.length < 2) return own ?? codes[0];
  return codes.find((code) => isRunnable(facts, code)) ?? codes[0];
}

function isRunnable(facts: FileFacts, code: MachineCode): boolean {
  const found = embeddedAt(facts, code);
  return code.architecture !== 'unknown' && (found?.type === 'executable' || found?.type === 'shared');
}

export function embeddedAt(
  facts: FileFacts,
  { offset }: MachineCode,
): NonNullable<FileFacts['embedded']>[number] | undefined {
  return facts.embedded?.find((elf) => elf.offset === offset);
}

function machineOf(facts: FileFacts, code: MachineCode): string {
  if (code.offset > 0) return embeddedAt(facts, code)?.machine.name ?? 'unknown';
  if (facts.kind === 'elf') return facts.elf.machine.name;
  return code.architecture;
}
