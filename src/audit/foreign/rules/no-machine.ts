import type { ForeignFile, Judgement } from '../types.ts';

/**
 * ELF files for no machine at all (EM_NONE): no kernel and no loader takes them, whatever their code. Guile keeps the
 * bytecode of its compiled modules in such files, `*.go`, under the architecture's own folders.
 */
export function noMachine({ facts, code }: ForeignFile): Judgement | undefined {
  if (facts.kind !== 'elf' || code.offset !== 0 || facts.elf.machine.code !== 0) return undefined;
  return {
    verdict: 'inert',
    role: 'data',
    because:
      'Its header names no machine, so nothing starts or links it: it is data to its program, as bytecode is.',
  };
}
