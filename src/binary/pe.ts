import { Fields, type View } from './bytes.ts';
import type { PeFacts, Problem } from './facts.ts';
import { peMachine } from './machines.ts';

/**
 * ReadyToRun images of other systems than Windows hold the machine mixed (exclusive or) with a constant of the system
 * (dotnet/runtime, pedecoder.h): arm64 of Linux is 0xD11D.
 */
const systemConstants = [
  ['linux', 0x7b79],
  ['darwin', 0x4644],
  ['freebsd', 0xadc4],
  ['netbsd', 0x1993],
  ['sunos', 0x1992],
] as const;

const clrDirectory = 14;
const ilOnly = 1;
const readyToRunSignature = 0x0052_5452;

export type PeResult =
  | { readonly pe: PeFacts; readonly problem?: Pick<Problem, 'kind' | 'where' | 'message'> }
  /** A DOS program, or bytes that begin with MZ by chance. */
  | 'none';

/** Reads a PE file's headers (Microsoft's "PE Format", ECMA-335 II.25). */
export function readPe(view: View): PeResult {
  const dos = fields(view.readSome(0, 64));
  const start = dos.u32(0x3c);
  const head = view.read(start, 24);
  if (head === undefined || head.toString('latin1', 0, 4) !== 'PE\0\0') return 'none';
  const coff = fields(head);
  const optional = fields(view.readSome(start + 24, coff.u16(20)));
  const managed = readManaged(view, optional, {
    sectionsAt: start + 24 + coff.u16(20),
    sectionCount: coff.u16(6),
  });
  const machine = machineOf(coff.u16(4), optional);
  const pe = { ...machine, managed: managed.kind };
  return managed.problem === undefined
    ? { pe }
    : {
        pe,
        problem: {
          kind: view.whole ? 'malformed' : 'incomplete',
          where: 'CLR header',
          message: managed.problem,
        },
      };
}

function fields(bytes: Buffer): Fields {
  return new Fields(bytes, true, false);
}

function machineOf(code: number, optional: Fields): Omit<PeFacts, 'managed'> {
  const plain = peMachine(code);
  if (plain !== undefined) {
    const { architecture, ...machine } = plain;
    // Subsystems 10 to 13 are programs for the firmware.
    const subsystem = optional.u16(68);
    const os = subsystem >= 10 && subsystem <= 13 ? 'efi' : 'windows';
    return { machine, ...(architecture === undefined ? {} : { architecture }), os };
  }
  for (const [os, constant] of systemConstants) {
    const mixed = peMachine(code ^ constant);
    if (mixed?.architecture === undefined) continue;
    return { machine: { code, name: `${os}-${mixed.name}` }, architecture: mixed.architecture, os };
  }
  return { machine: { code, name: 'unknown' }, os: 'windows' };
}

interface Sections {
  readonly sectionsAt: number;
  readonly sectionCount: number;
}

function readManaged(
  view: View,
  optional: Fields,
  sections: Sections,
): { readonly kind: PeFacts['managed']; readonly problem?: string } {
  const magic = optional.u16(0);
  if (magic !== 0x10b && magic !== 0x20b) return { kind: 'none' };
  const [countAt, directoriesAt] = magic === 0x20b ? [108, 112] : [92, 96];
  const clrAddress = optional.u32(directoriesAt + clrDirectory * 8);
  if (optional.u32(countAt) <= clrDirectory || clrAddress === 0) return { kind: 'none' };
  const clr = readAt(view, sections, clrAddress, 72);
  if (clr === undefined) return { kind: 'unknown', problem: 'the header of managed code could not be read' };
  const flags = fields(clr).u32(16);
  const nativeAddress = fields(clr).u32(64);
  if (nativeAddress === 0) return { kind: (flags & ilOnly) !== 0 ? 'il' : 'mixed' };
  const native = readAt(view, sections, nativeAddress, 4);
  if (native === undefined)
    return { kind: 'unknown', problem: 'the header of precompiled code could not be read' };
  return { kind: fields(native).u32(0) === readyToRunSignature ? 'ready-to-run' : 'mixed' };
}

/** The bytes at an address of the loaded image. */
function readAt(view: View, sections: Sections, address: number, length: number): Buffer | undefined {
  const table = fields(view.readSome(sections.sectionsAt, Math.min(sections.sectionCount, 96) * 40));
  for (let at = 0; at + 40 <= table.bytes.length; at += 40) {
    const distance = address - table.u32(at + 12);
    if (distance >= 0 && distance + length <= table.u32(at + 16))
      return view.read(table.u32(at + 20) + distance, length);
  }
  return undefined;
}
