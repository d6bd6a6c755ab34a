import type { ElfFacts, MachineName } from './facts.ts';

// Numbers as in the ELF machine registry (System V ABI, "e_machine").
const elfMachines: ReadonlyMap<number, string> = new Map([
  [0, 'none'],
  [2, 'sparc'],
  [3, 'i386'],
  [4, 'm68k'],
  [8, 'mips'],
  [15, 'parisc'],
  [18, 'sparc32plus'],
  [20, 'ppc'],
  [21, 'ppc64'],
  [22, 's390'],
  [40, 'arm'],
  [42, 'sh'],
  [43, 'sparcv9'],
  [50, 'ia64'],
  [62, 'x86-64'],
  [83, 'avr'],
  [93, 'arc'],
  [94, 'xtensa'],
  [105, 'msp430'],
  [164, 'hexagon'],
  [183, 'aarch64'],
  [189, 'microblaze'],
  [190, 'cuda'],
  [195, 'arc2'],
  [224, 'amdgpu'],
  [243, 'riscv'],
  [247, 'bpf'],
  [252, 'csky'],
  [258, 'loongarch'],
  [0x9026, 'alpha'],
]);

const peMachines: ReadonlyMap<number, readonly [name: string, architecture?: string]> = new Map([
  [0x0000, ['any']],
  [0x014c, ['i386', '386']],
  [0x8664, ['amd64', 'amd64']],
  [0xaa64, ['arm64', 'arm64']],
  [0xa641, ['arm64ec', 'arm64']],
  [0xa64e, ['arm64x', 'arm64']],
  [0x01c0, ['arm', 'arm']],
  [0x01c2, ['thumb', 'arm']],
  [0x01c4, ['armnt', 'arm']],
  [0x0200, ['ia64']],
  [0x0ebc, ['efi-byte-code']],
  [0x5032, ['riscv32']],
  [0x5064, ['riscv64', 'riscv64']],
  [0x6232, ['loongarch32']],
  [0x6264, ['loongarch64', 'loong64']],
]);

const machOMachines: ReadonlyMap<number, string> = new Map([
  [7, 'i386'],
  [0x0100_0007, 'x86-64'],
  [12, 'arm'],
  [0x0100_000c, 'arm64'],
  [0x0200_000c, 'arm64_32'],
  [18, 'ppc'],
  [0x0100_0012, 'ppc64'],
]);

export function elfMachine(code: number): MachineName {
  return { code, name: elfMachines.get(code) ?? 'unknown' };
}

/** Is the number one that files of today carry? Tells a header from bytes that look like one. */
export function isKnownElfMachine(code: number): boolean {
  return code !== 0 && elfMachines.has(code);
}

export function machOMachine(code: number): MachineName {
  return { code, name: machOMachines.get(code) ?? 'unknown' };
}

export function peMachine(code: number): (MachineName & { readonly architecture?: string }) | undefined {
  const found = peMachines.get(code);
  if (found === undefined) return undefined;
  const [name, architecture] = found;
  return { code, name, ...(architecture === undefined ? {} : { architecture }) };
}

/**
 * The Go name of an ELF header's architecture, as image platforms write it; `undefined` where it has none. Half-width forms
 * (x32, arm64 ILP32, MIPS n32) have names of their own, since no kernel of containers runs them as the full ones.
 */
export function elfArchitecture(
  elf: Pick<ElfFacts, 'bits' | 'endian' | 'flags'> & { readonly machine: { readonly code: number } },
): string | undefined {
  const little = elf.endian === 'little';
  const wide = elf.bits === 64;
  switch (elf.machine.code) {
    case 3:
      return '386';
    case 62:
      return wide ? 'amd64' : 'amd64p32';
    case 40:
      return little ? 'arm' : 'armbe';
    case 183:
      return `arm64${little ? '' : 'be'}${wide ? '' : 'p32'}`;
    case 8: {
      // A 32-bit file of the n32 ABI holds 64-bit instructions (EF_MIPS_ABI2).
      const name = wide || (elf.flags & 0x20) !== 0 ? 'mips64' : 'mips';
      return `${name}${wide || name === 'mips' ? '' : 'p32'}${little ? 'le' : ''}`;
    }
    case 20:
      return little ? undefined : 'ppc';
    case 21:
      return little ? 'ppc64le' : 'ppc64';
    case 22:
      return wide ? 's390x' : 's390';
    case 243:
      return wide ? 'riscv64' : 'riscv';
    case 258:
      return wide ? 'loong64' : undefined;
    case 247:
      return 'bpf';
    default:
      return undefined;
  }
}
