import type { ForeignFile, Judgement } from '../types.ts';

/** ELF machines that are no host's processor: graphics processors, signal processors and microcontrollers. */
const devices: ReadonlySet<string> = new Set([
  'cuda',
  'amdgpu',
  'hexagon',
  'avr',
  'msp430',
  'xtensa',
  'arc',
  'arc2',
  'microblaze',
]);

/** Code that a host hands to a device, such as CUDA's cubins inside libraries. */
export function deviceCode({ machine }: ForeignFile): Judgement | undefined {
  if (!devices.has(machine)) return undefined;
  return {
    verdict: 'inert',
    role: 'device-code',
    because: `Its machine, ${machine}, is a device's: no host's processor runs it.`,
  };
}
