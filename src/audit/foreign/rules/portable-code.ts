import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';

/** Machine code beside code that runs on any machine: .NET ReadyToRun, precompiled WebAssembly. */
export function portableCode(
  { facts, code }: ForeignFile,
  { platform }: ImageKnowledge,
): Judgement | undefined {
  if (facts.kind === 'wasm') {
    if (facts.wasm.form !== 'aot')
      return {
        verdict: 'inert',
        role: 'wasm-module',
        because:
          'It is compiled ahead inside a WebAssembly module: hosts look for code of their own machine, and compile where there is none.',
      };
    return {
      verdict: 'unknown',
      role: 'wasm-module',
      because: `It is WebAssembly compiled for ${code.architecture} only: a host that runs it on ${platform.architecture} has nothing to fall back to.`,
    };
  }
  if (facts.kind !== 'pe' || facts.pe.managed !== 'ready-to-run') return undefined;
  return {
    verdict: 'unknown',
    role: 'dotnet-assembly',
    because: `It holds .NET code compiled ahead for ${code.architecture}; whether the runtime on ${platform.architecture} falls back to its intermediate language or refuses it can't be told without running it.`,
  };
}
