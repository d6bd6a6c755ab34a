import type { FileFacts, ScriptFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import { shown } from './text.ts';

/** What Linux takes an executable file for. `refused`: ENOEXEC. */
export type KernelKind =
  | { readonly kind: 'machine-code' }
  | { readonly kind: 'script'; readonly script: ScriptFacts }
  | { readonly kind: 'refused' | 'unknown'; readonly why: string };

/** Tells what the kernel does with a file's bytes (execve(2), ENOEXEC), without the host's own binfmt_misc rules. */
export function kernelKind({ path, entry }: ViewEntry): KernelKind {
  const name = shown(`/${path}`);
  if (entry.facts === undefined) return { kind: 'unknown', why: `what ${name} holds was not read` };
  return kindOf(entry.facts, name);
}

function kindOf(facts: FileFacts, name: string): KernelKind {
  switch (facts.kind) {
    case 'script':
      return { kind: 'script', script: facts.script };
    case 'elf':
      return facts.elf.type === 'relocatable' || facts.elf.type === 'core'
        ? { kind: 'refused', why: `${name} is an ELF file, but no program` }
        : { kind: 'machine-code' };
    case 'pe':
      return facts.pe.managed === 'il'
        ? { kind: 'refused', why: `${name} is a .NET program without machine code` }
        : { kind: 'machine-code' };
    case 'macho':
      return { kind: 'machine-code' };
    case 'wasm':
      return { kind: 'unknown', why: `${name} is WebAssembly, which only some container engines start` };
    case 'empty':
      return { kind: 'refused', why: `${name} is empty` };
    case 'text':
      return { kind: 'refused', why: `${name} is a text whose first line names no interpreter with "#!"` };
    case 'data':
      // Of a file that was cut, or contradicts itself, the kernel may think otherwise.
      return facts.problems === undefined
        ? { kind: 'refused', why: `${name} is data, neither a program nor a script` }
        : { kind: 'unknown', why: `${name} could not be told to be a program or not` };
    case 'java-class':
    case 'archive':
    case 'unopened':
    case 'library':
    case 'bitcode':
      return { kind: 'refused', why: `${name} is ${otherKinds[facts.kind]}, no program` };
  }
}

const otherKinds = {
  'java-class': 'a Java class',
  archive: 'an archive',
  unopened: 'a packed file',
  library: 'a static library',
  bitcode: 'LLVM bitcode',
} as const;
