import { namesPlatform } from '../twins.ts';
import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';
import { isProgram } from './program.ts';

/** The narrower form that compilers of an architecture also build for (gcc's multilib). */
const narrower: ReadonlyMap<string, readonly string[]> = new Map([
  ['amd64', ['amd64p32']],
  ['arm64', ['arm64p32']],
  ['s390x', ['s390']],
  ['ppc64', ['ppc']],
  ['mips64', ['mips', 'mips64p32']],
  ['mips64le', ['mipsle', 'mips64p32le']],
  ['riscv64', ['riscv']],
]);
const narrowPath = /(?:^|\/)(?:lib(?:32|x32|n32|o32)?|x32|32)\/|x32$/;

/** Libraries to compile against for another machine. Its programs run on the host and are judged as such. */
export function crossToolchain(file: ForeignFile, { platform }: ImageKnowledge): Judgement | undefined {
  const { architecture, offset } = file.code;
  if (offset > 0) return undefined;
  if (isMultilib(file, platform.architecture))
    return inert(
      `It is for ${architecture} programs: a narrow form of ${platform.architecture} that compilers support.`,
    );
  if (isProgram(file) || !isSysroot(file)) return undefined;
  if (file.words.names.every((name) => namesPlatform(name, platform))) return undefined;
  return inert(`It belongs to a compiler that builds for ${architecture}: native programs don't load it.`);
}

function inert(because: string): Judgement {
  return { verdict: 'inert', role: 'cross-toolchain', because };
}

function isMultilib({ code, entry }: ForeignFile, architecture: string): boolean {
  const isNarrow = narrower.get(architecture)?.includes(code.architecture) ?? false;
  return isNarrow && narrowPath.test(entry.path);
}

/** Directories with a machine's name in places that only compilers look at. */
function isSysroot({ words }: ForeignFile): boolean {
  const { components, names } = words;
  if (components.includes('gcc-cross') || components.includes('sysroot')) return true;
  return names.some(({ component, whole, text }) => {
    const before = components[component - 1] ?? '';
    const above = components[component - 2] ?? '';
    // `/usr/x86_64-linux-gnu`, `lib/gcc/x86_64-linux-gnu`, `lib/rustlib/…`, Go's `pkg/linux_amd64`, `/opt/cross/…`.
    if (['rustlib', 'cross'].includes(before)) return true;
    if (before === 'gcc' && (above.startsWith('lib') || above === 'libexec')) return whole;
    if (before === 'pkg') return text.toLowerCase().startsWith('linux_');
    return whole && isRoot(components, component) && text.includes('-');
  });
}

/** Directly in the root directory's `usr` or `usr/local`, also inside a package file. */
function isRoot(components: readonly string[], component: number): boolean {
  const before = components[component - 1];
  const at = before === 'local' ? component - 2 : component - 1;
  const root = components[at - 1];
  return components[at] === 'usr' && (root === undefined || root === '.' || root.endsWith('!'));
}
