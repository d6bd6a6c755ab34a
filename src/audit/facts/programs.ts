import type { ElfFacts } from '../../binary/index.ts';
import type { Finding } from '../../results/index.ts';
import { findingAt } from '../finding.ts';
import type { FindingText } from '../types.ts';
import type { FactInput } from './types.ts';

const kib = 1_024;
/** The biggest page an arm64 kernel can have, and the one between it and the usual 4 KiB. */
const biggestPage = 64 * kib;
const middlePage = 16 * kib;

/**
 * Programs and libraries whose segments don't fit pages of 64 KiB: the loader refuses them ("ELF load command alignment not
 * page-aligned"), and the kernel can't map them. Linkers align for 64 KiB on arm64 unless told otherwise; patchelf did not
 * for years (NixOS/patchelf#79).
 */
export function pageAlignment(input: FactInput): readonly Finding[] {
  return ofPrograms(input, ({ loads }) => {
    if (loads === undefined || (loads.minAlign >= biggestPage && loads.congruent)) return undefined;
    const small = loads.minAlign < middlePage || !loads.congruent;
    const found = loads.congruent
      ? `segments aligned to ${sizeOf(loads.minAlign)}`
      : 'segments whose addresses do not fit their places in the file';
    return {
      kind: 'page-alignment',
      severity: 'note',
      found,
      expected: 'segments aligned to 64 KiB',
      why: `It may not load on hosts with pages of 64 KiB (RHEL 8 and its kin)${small ? ' or 16 KiB (Raspberry Pi 5, Asahi)' : ''}.`,
    };
  });
}

/** jemalloc's page size is that of the machine it was built on (jemalloc/jemalloc#2572). */
export function jemallocPageSize(input: FactInput): readonly Finding[] {
  return ofPrograms(input, ({ jemalloc }) =>
    jemalloc === undefined
      ? undefined
      : {
          kind: 'jemalloc-page-size',
          severity: 'note',
          found: 'jemalloc, whose page size was fixed when it was built',
          expected: 'jemalloc built for pages of 64 KiB, or another allocator',
          why: 'If it was built for smaller pages than the host has, it ends with "Unsupported system page size".',
        },
  );
}

/** Atomic instructions of Armv8.1 that nothing guards. */
export function needsLse(input: FactInput): readonly Finding[] {
  return ofPrograms(input, ({ atomics }) =>
    atomics?.style !== 'lse'
      ? undefined
      : {
          kind: 'needs-lse',
          severity: 'note',
          found: 'atomic instructions of Armv8.1 without a check for them',
          expected: 'instructions that every arm64 processor has, or a check at run time',
          why: 'Older processors (Graviton1, Cortex-A72 of the Raspberry Pi 4) likely stop it with SIGILL.',
        },
  );
}

function ofPrograms(
  { subject, natives }: FactInput,
  textOf: (elf: ElfFacts) => FindingText | undefined,
): readonly Finding[] {
  if (subject.platform.architecture !== 'arm64') return [];
  return natives.flatMap(({ file, elf, role }) => {
    const text = isProgramOrLibrary(elf) ? textOf(elf) : undefined;
    return text === undefined
      ? []
      : [findingAt(subject, role === undefined ? text : { ...text, role }, file)];
  });
}

function isProgramOrLibrary({ linkage }: ElfFacts): boolean {
  return linkage !== 'object' && linkage !== 'core' && linkage !== 'debug-only';
}

function sizeOf(bytes: number): string {
  return bytes >= kib && bytes % kib === 0 ? `${bytes / kib} KiB` : `${bytes} bytes`;
}
