import { type FileFacts, type MachineCode, machineCodeIn } from '../binary/index.ts';
import type { Platform } from '../oci/index.ts';

/** Architectures that a platform's hosts run besides their own: amd64 kernels run 32-bit x86 code. */
const alsoRuns: ReadonlyMap<string, readonly string[]> = new Map([['amd64', ['386']]]);

/**
 * Can a host of the platform run this code? 32-bit arm on arm64 does not count: several server cores run 64-bit code
 * only. Code for the system `any` (eBPF) runs wherever its host program does.
 */
export function runsNatively(code: Pick<MachineCode, 'os' | 'architecture'>, platform: Platform): boolean {
  if (code.os === 'any')
    return !foreignMachines.has(code.architecture) || code.architecture === platform.architecture;
  return code.os === platform.os && nativeArchitectures(platform).includes(code.architecture);
}

/** WebAssembly compiled ahead for a machine is for `any` system and still only for that machine. */
const foreignMachines: ReadonlySet<string> = new Set(['386', 'amd64', 'arm', 'arm64']);

export function nativeArchitectures({ architecture }: Platform): readonly string[] {
  return [architecture, ...(alsoRuns.get(architecture) ?? [])];
}

/** The machine code in a file, in archives too, that hosts of the platform can't run. */
export function foreignCodeIn(facts: FileFacts, platform: Platform): readonly MachineCode[] {
  return machineCodeIn(facts).filter((code) => !runsNatively(code, platform));
}
