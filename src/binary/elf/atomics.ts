import type { View } from '../bytes.ts';
import type { AtomicsFacts } from '../facts.ts';
import { type Section, type Segment, sectionTypes, segmentTypes } from './header.ts';

const maxScan = 8 * 1024 * 1024;
const guardDistance = 4;
/** SHF_EXECINSTR. */
const executable = 4;

export interface AtomicsInput {
  readonly view: View;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
  /** gcc's `__aarch64_…` helpers are among the symbols. */
  readonly hasHelpers: boolean;
}

/**
 * Looks for atomic instructions in the code of an aarch64 file (Arm Architecture Reference Manual, "Loads and stores"):
 * Armv8.1's LDADD, SWP, CAS and their kin, and the load-exclusives they replace.
 */
export function readAtomics(input: AtomicsInput): AtomicsFacts {
  const counts = { lse: 0, guarded: 0, exclusive: 0, scanned: 0 };
  let code = 0;
  const { ranges, hasSections } = codeRanges(input);
  for (const { offset, size: announced } of ranges) {
    const size = Math.max(0, Math.min(announced, input.view.size - offset));
    // Whole instructions only.
    code += size - (size % 4);
    scan(input.view.readSome(offset, Math.min(size, maxScan - counts.scanned)), counts);
  }
  return { style: input.hasHelpers ? 'outline' : styleOf(counts, code, hasSections), ...counts, code };
}

/** Sections say where code is; of a file without, the executable segments, which may hold constants too. */
function codeRanges({ segments, sections }: AtomicsInput): {
  readonly ranges: readonly { readonly offset: number; readonly size: number }[];
  readonly hasSections: boolean;
} {
  const coded = sections.filter(
    ({ type, flags }) => type === sectionTypes.program && (flags & executable) !== 0,
  );
  if (coded.length > 0) return { ranges: coded, hasSections: true };
  const ranges = segments
    .filter(({ type, flags }) => type === segmentTypes.load && (flags & 1) !== 0)
    .map(({ offset, fileSize }) => ({ offset: Math.ceil(offset / 4) * 4, size: fileSize }));
  return { ranges, hasSections: false };
}

interface Counts {
  lse: number;
  guarded: number;
  exclusive: number;
  scanned: number;
}

/**
 * One of about 900 random words looks like an LSE instruction, none of a million like a load-exclusive. So LSE alone is
 * believed only where sections kept the constants out, and a stray loop of hand-written code is let pass.
 */
function styleOf(counts: Counts, code: number, hasSections: boolean): AtomicsFacts['style'] {
  const { lse, guarded, exclusive, scanned } = counts;
  if (guarded > lse && exclusive > 0) return 'outline';
  if (exclusive > 0 && lse === 0) return 'exclusive';
  if (scanned < code) return 'unknown';
  if (hasSections && lse >= 8 && exclusive <= lse / 50 && guarded <= lse / 8) return 'lse';
  return exclusive === 0 && guarded === 0 && lse === 0 ? 'none' : 'unknown';
}

function scan(bytes: Buffer, counts: Counts): void {
  const end = bytes.length - (bytes.length % 4);
  const code = new DataView(bytes.buffer, bytes.byteOffset, end);
  for (let at = 0; at < end; at += 4) {
    // aarch64 code is little-endian whatever the data is.
    const word = code.getInt32(at, true);
    const family = word & 0x3f00_0000;
    if (family !== 0x3800_0000 && family !== 0x0800_0000) continue;
    if (isLse(word)) {
      if (isGuarded(code, at)) counts.guarded += 1;
      else counts.lse += 1;
    } else if ((word & 0x3fff_7c00) === 0x085f_7c00) counts.exclusive += 1;
  }
  counts.scanned += end;
}

/** Does a branch stand shortly before, around the instruction on cores without it? */
function isGuarded(code: DataView, at: number): boolean {
  for (let before = Math.max(0, at - 4 * guardDistance); before < at; before += 4)
    if (isCheck(code.getInt32(before, true))) return true;
  return false;
}

function isLse(word: number): boolean {
  // Compare and swap.
  if ((word & 0x3fa0_7c00) === 0x08a0_7c00) return true;
  if ((word & 0x3f20_0c00) !== 0x3820_0000) return false;
  // LDADD to LDUMIN with bit 15 clear; with it set, only SWP.
  return (word & 0x8000) === 0 || (word & 0x7000) === 0;
}

/** CBZ, CBNZ, TBZ or TBNZ: the branch around the instruction on cores without it. */
function isCheck(word: number): boolean {
  const code = word & 0x7e00_0000;
  return code === 0x3400_0000 || code === 0x3600_0000;
}
