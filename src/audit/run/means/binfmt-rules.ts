/**
 * Rules for a binfmt_misc of our own (Linux, Documentation/admin-guide/binfmt-misc.rst). Flag F opens the interpreter
 * while registering, so that it works from inside a root that doesn't hold it; P hands on the first word unchanged.
 */

/** How the ELF headers of an architecture's programs begin: class and data, then the machine. */
const machines: Readonly<Record<string, readonly [ident: string, machine: number]>> = {
  '386': ['\\x01\\x01', 3],
  amd64: ['\\x02\\x01', 62],
  arm: ['\\x01\\x01', 40],
  arm64: ['\\x02\\x01', 183],
};

/** What else hosts of an architecture run by themselves. */
const companions: Readonly<Record<string, string>> = { amd64: '386', arm64: 'arm' };

/** Offset of a byte of padding that is zero in every ordinary ELF file, and that the kernel doesn't look at. */
const markOffset = 9;
const mark = 0x61;

/** Programs of the architecture are run by this file. */
export function emulateRule(architecture: string, interpreter: string): string {
  return rule('emulate', architecture, { mask: '\\x00', interpreter, flags: 'FP' });
}

/**
 * Programs that the host would run by itself, where a host of the image's platform couldn't, are sent to an interpreter
 * that refuses them. Those with our mark pass.
 */
export function refuseRules(hostArchitecture: string, interpreter: string): readonly string[] {
  return [hostArchitecture, companions[hostArchitecture] ?? '']
    .filter((architecture) => Object.hasOwn(machines, architecture))
    .map((architecture) =>
      rule(`refuse-${architecture}`, architecture, { mask: '\\xff', interpreter, flags: 'F' }),
    );
}

/** A host program's bytes with our mark. */
export function marked(program: Uint8Array): Uint8Array {
  const bytes = Buffer.from(program);
  bytes[markOffset] = mark;
  return bytes;
}

function rule(
  name: string,
  architecture: string,
  more: { readonly mask: string; readonly interpreter: string; readonly flags: string },
): string {
  const [ident, machine] = machines[architecture] ?? ['', 0];
  const hex = machine.toString(16).padStart(2, '0');
  // Magic, class, data, version; ABI and its version; the mark; padding; type 2 or 3, both little-endian; the machine.
  const magic = `\\x7fELF${ident}\\x01\\x00\\x00\\x00${'\\x00'.repeat(6)}\\x02\\x00\\x${hex}\\x00`;
  const mask = `${'\\xff'.repeat(7)}\\x00\\x00${more.mask}${'\\x00'.repeat(6)}\\xfe\\xff\\xff\\xff`;
  return `:${name}:M::${magic}:${mask}:${more.interpreter}:${more.flags}`;
}
