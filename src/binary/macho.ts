import { Fields } from './bytes.ts';
import type { MachineName, MachOFacts } from './facts.ts';
import { machOMachine } from './machines.ts';

const maxArchitectures = 30;
const thinMagics: ReadonlyMap<number, boolean> = new Map([
  [0xfeed_face, false],
  [0xfeed_facf, false],
  [0xcefa_edfe, true],
  [0xcffa_edfe, true],
]);

/** Reads a thin or fat Mach-O header (Apple's mach-o/loader.h and fat.h); `undefined` where the head is none. */
export function readMachO(head: Buffer): MachOFacts | undefined {
  if (head.length < 8) return undefined;
  const magic = head.readUInt32BE(0);
  const little = thinMagics.get(magic);
  if (little !== undefined) {
    if (head.length < 28) return undefined;
    return { fat: false, machines: [machOMachine(new Fields(head, little, false).u32(4))] };
  }
  if (magic !== 0xcafe_babe && magic !== 0xcafe_babf) return undefined;
  const count = head.readUInt32BE(4);
  // Java classes have the same magic, with a version of at least 43 where fat files count architectures.
  if (count === 0 || count > maxArchitectures) return undefined;
  const size = magic === 0xcafe_babe ? 20 : 32;
  if (head.length < 8 + count * size) return undefined;
  const machines: MachineName[] = [];
  for (let at = 8; machines.length < count; at += size) machines.push(machOMachine(head.readUInt32BE(at)));
  return { fat: true, machines };
}

export function isJavaClass(head: Buffer): boolean {
  return head.length >= 8 && head.readUInt32BE(0) === 0xcafe_babe && head.readUInt16BE(6) >= 43;
}
