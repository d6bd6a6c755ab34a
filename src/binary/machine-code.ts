import type { FileFacts } from './facts.ts';

/** One piece of machine code in a file. */
export interface MachineCode {
  /** Path inside an archive, joined by `!/`; empty for the file itself. */
  readonly path: string;
  /** Where in that file it begins, for code embedded in something else; 0 for the file itself. */
  readonly offset: number;
  readonly format: 'elf' | 'pe' | 'macho' | 'wasm' | 'library';
  /** The system it is for; eBPF and WebAssembly code runs inside another program and has `any`. */
  readonly os: string;
  /** Go's name of the architecture; `unknown` where the number or the file has none we know. */
  readonly architecture: string;
}

/** All machine code a file holds: itself, embedded in it, and in the archives inside it. Empty for neutral files. */
export function machineCodeIn(facts: FileFacts): readonly MachineCode[] {
  // Most files hold nothing else.
  if (facts.nested === undefined) return ownCode(facts).map((code) => ({ path: '', ...code }));
  return [
    ...ownCode(facts).map((code) => ({ path: '', ...code })),
    ...facts.nested.flatMap(({ path, facts: inner }) => ownCode(inner).map((code) => ({ path, ...code }))),
  ];
}

/** Does the file hold machine code of its own, what's in archives inside it left out? */
export function holdsMachineCode(facts: FileFacts): boolean {
  return ownCode(facts).length > 0;
}

function ownCode(facts: FileFacts): readonly Omit<MachineCode, 'path'>[] {
  const own = contentCode(facts).map((code) => ({ offset: 0, ...code }));
  if (facts.embedded === undefined) return own;
  const embedded = facts.embedded.map(({ offset, architecture }) => ({
    offset,
    format: 'elf' as const,
    os: systemOf(architecture),
    architecture: architecture ?? 'unknown',
  }));
  return [...own, ...embedded];
}

function systemOf(architecture: string | undefined): string {
  return architecture === 'bpf' ? 'any' : 'linux';
}

function contentCode(facts: FileFacts): readonly Omit<MachineCode, 'path' | 'offset'>[] {
  switch (facts.kind) {
    case 'elf': {
      const { architecture } = facts.elf;
      return [{ format: 'elf', os: systemOf(architecture), architecture: architecture ?? 'unknown' }];
    }
    case 'pe': {
      const { managed, os, architecture } = facts.pe;
      return managed === 'il' ? [] : [{ format: 'pe', os, architecture: architecture ?? 'unknown' }];
    }
    case 'macho':
      return facts.macho.machines.map(({ name }) => ({
        format: 'macho',
        os: 'darwin',
        architecture: darwinName(name),
      }));
    case 'wasm':
      return facts.wasm.precompiled.map(({ architecture }) => ({ format: 'wasm', os: 'any', architecture }));
    case 'library':
      return facts.library.machines.map(({ architecture }) => ({
        format: 'library',
        os: systemOf(architecture),
        architecture: architecture ?? 'unknown',
      }));
    case 'empty':
    case 'text':
    case 'data':
    case 'java-class':
    case 'script':
    case 'archive':
    case 'unopened':
    case 'bitcode':
      return [];
  }
}

function darwinName(machine: string): string {
  if (machine === 'x86-64') return 'amd64';
  return machine === 'i386' ? '386' : machine;
}
