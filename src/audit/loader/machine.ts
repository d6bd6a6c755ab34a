import type { ElfFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';

/** What dynamic loaders of a machine have compiled in. */
export interface MachineNames {
  /** `flags` of ld.so.cache entries for it (glibc, `sysdeps/generic/ldconfig.h`). */
  readonly cacheFlags: readonly number[];
  /** Debian's multiarch directory. */
  readonly triplet: string;
  /** Where programs have glibc's loader. */
  readonly glibc: string;
  /** The machine in musl's names. */
  readonly musl: string;
  /** `$PLATFORM`; absent where it depends on the processor. */
  readonly platform?: string;
}

const machines: ReadonlyMap<string, MachineNames> = new Map<string, MachineNames>([
  [
    'arm64',
    {
      cacheFlags: [0x0a03],
      triplet: 'aarch64-linux-gnu',
      glibc: '/lib/ld-linux-aarch64.so.1',
      musl: 'aarch64',
      platform: 'aarch64',
    },
  ],
  [
    'amd64',
    {
      cacheFlags: [0x0303],
      triplet: 'x86_64-linux-gnu',
      glibc: '/lib64/ld-linux-x86-64.so.2',
      musl: 'x86_64',
    },
  ],
  ['386', { cacheFlags: [0x0003], triplet: 'i386-linux-gnu', glibc: '/lib/ld-linux.so.2', musl: 'i386' }],
  [
    'arm',
    {
      cacheFlags: [0x0903, 0x0003],
      triplet: 'arm-linux-gnueabihf',
      glibc: '/lib/ld-linux-armhf.so.3',
      musl: 'armhf',
    },
  ],
  [
    'ppc64le',
    {
      cacheFlags: [0x0503],
      triplet: 'powerpc64le-linux-gnu',
      glibc: '/lib64/ld64.so.2',
      musl: 'powerpc64le',
    },
  ],
  ['s390x', { cacheFlags: [0x0403], triplet: 's390x-linux-gnu', glibc: '/lib/ld64.so.1', musl: 's390x' }],
  [
    'riscv64',
    {
      cacheFlags: [0x1003],
      triplet: 'riscv64-linux-gnu',
      glibc: '/lib/ld-linux-riscv64-lp64d.so.1',
      musl: 'riscv64',
    },
  ],
]);

/** `undefined` for a machine whose loader is not known here. */
export function machineNames({ architecture = '' }: ElfFacts): MachineNames | undefined {
  return machines.get(architecture);
}

/** For people: `arm64`, or the machine as its format calls it. */
export function machineOf({ architecture, machine }: ElfFacts): string {
  return architecture ?? machine.name;
}

export function isSameMachine(left: ElfFacts, right: ElfFacts): boolean {
  return left.machine.code === right.machine.code && left.bits === right.bits && left.endian === right.endian;
}

/** What a loader makes of a file it finds under a library's name. */
export type Fit =
  | { readonly kind: 'fits'; readonly elf: ElfFacts }
  | { readonly kind: 'foreign'; readonly elf: ElfFacts }
  /** Nothing that can be loaded. `is`: what it is instead, for people. */
  | { readonly kind: 'unusable'; readonly is: string }
  /** What the file is was not read. */
  | { readonly kind: 'unread' };

export function fitOf({ entry }: ViewEntry, program: ElfFacts): Fit {
  if (entry.kind !== 'file') return { kind: 'unusable', is: `a ${entry.kind.replace('-', ' ')}` };
  const { facts } = entry;
  if (facts === undefined) return { kind: 'unread' };
  if (facts.kind === 'elf') {
    const { elf } = facts;
    if (!isSameMachine(elf, program)) return { kind: 'foreign', elf };
    if (elf.type === 'shared' || elf.type === 'executable') return { kind: 'fits', elf };
    return { kind: 'unusable', is: 'an ELF file that is neither library nor program' };
  }
  if (facts.kind === 'empty') return { kind: 'unusable', is: 'an empty file' };
  return { kind: 'unusable', is: facts.kind === 'text' ? 'a text file' : 'a file that is no ELF file' };
}
