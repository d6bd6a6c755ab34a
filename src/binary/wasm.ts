import type { View } from './bytes.ts';
import type { Problem, WasmFacts } from './facts.ts';
import { elfArchitecture } from './machines.ts';

const maxSections = 10_000;
const maxListed = 64;
const maxName = 256;

/** Words in section names that say what machine precompiled code is for. */
const architectureWords = [
  ['x86_64', 'amd64'],
  ['amd64', 'amd64'],
  ['aarch64', 'arm64'],
  ['arm64', 'arm64'],
] as const;

/**
 * Reads the sections of a WebAssembly module or component (core specification, "Binary Format: Modules"). Hosts such as
 * proxy-wasm's keep native code in custom sections that are named for the machine.
 */
export function readWasm(view: View): {
  readonly wasm: WasmFacts;
  readonly problem?: Pick<Problem, 'kind' | 'where' | 'message'>;
} {
  const form = view.readSome(0, 8)[6] === 0 ? 'module' : 'component';
  const customSections: string[] = [];
  const precompiled: { section: string; architecture: string; bytes: number }[] = [];
  const facts = { form, customSections, precompiled } as const;
  let at = 8;
  for (let count = 0; at < view.size; count++) {
    const head = view.readSome(at, 6);
    const size = count < maxSections ? leb(head.subarray(1)) : undefined;
    if (size === undefined || at + 1 + size.used + size.value > view.size)
      return { wasm: facts, problem: problemAt(view, at) };
    const body = at + 1 + size.used;
    if (head[0] === 0) {
      const name = sectionName(view, body, size.value);
      if (name === undefined) return { wasm: facts, problem: problemAt(view, at) };
      if (customSections.length < maxListed) customSections.push(name);
      const architecture = architectureWords.find(([word]) => name.includes(word))?.[1];
      if (architecture !== undefined && precompiled.length < maxListed)
        precompiled.push({ section: name, architecture, bytes: size.value });
    }
    at = body + size.value;
  }
  return { wasm: facts };
}

function problemAt(view: View, at: number): Pick<Problem, 'kind' | 'where' | 'message'> {
  return view.whole
    ? { kind: 'malformed', where: 'sections', message: `the section at byte ${at} does not fit in the file` }
    : { kind: 'incomplete', where: 'sections', message: `the sections from byte ${at} on were not kept` };
}

function sectionName(view: View, at: number, size: number): string | undefined {
  const length = leb(view.readSome(at, Math.min(size, 5)));
  if (length === undefined || length.used + length.value > size || length.value > 65_536) return undefined;
  return view.read(at + length.used, length.value)?.toString('utf8', 0, maxName);
}

/** An unsigned number of up to 32 bits in LEB128. */
function leb(bytes: Buffer): { readonly value: number; readonly used: number } | undefined {
  let value = 0;
  for (const [index, byte] of bytes.subarray(0, 5).entries()) {
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, used: index + 1 };
  }
  return undefined;
}

/**
 * Reads the target of a WAMR ahead-of-time module: its first section holds an ELF machine number (wasm-micro-runtime,
 * aot_runtime.h).
 */
export function readAot(head: Buffer): WasmFacts {
  const none = { form: 'aot', customSections: [] } as const;
  if (head.length < 24 || head.readUInt32LE(8) !== 0) return { ...none, precompiled: [] };
  const code = head.readUInt16LE(22);
  // Bit 0 of the binary type: big-endian; bit 1: 64 bits.
  const type = head.readUInt16LE(16);
  const architecture = elfArchitecture({
    bits: (type & 2) !== 0 ? 64 : 32,
    endian: (type & 1) !== 0 ? 'big' : 'little',
    flags: 0,
    machine: { code },
  });
  return {
    ...none,
    precompiled: [
      { section: 'target', architecture: architecture ?? 'unknown', bytes: head.readUInt32LE(12) },
    ],
  };
}
