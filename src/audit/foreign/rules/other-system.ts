import { lastName } from '../platform-words.ts';
import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';

/** Code for Windows, macOS and others, by its format, its header or its name. */
export function otherSystem(file: ForeignFile, { platform }: ImageKnowledge): Judgement | undefined {
  const os = systemOf(file);
  if (os === undefined || os === platform.os) return undefined;
  const { facts } = file;
  if (facts.kind === 'pe' && facts.pe.managed === 'ready-to-run')
    return {
      verdict: 'unknown',
      role: 'other-system',
      because: `Its native part is for ${os}; whether its intermediate language is used here can't be told.`,
    };
  return {
    verdict: 'inert',
    role: 'other-system',
    because: `It is for ${os}: no ${platform.os} host loads it, of whatever machine.`,
  };
}

/** By its format, its header or its name; `undefined` for what runs inside other programs. */
export function systemOf({ code, facts, words }: ForeignFile): string | undefined {
  if (code.os === 'any') return undefined;
  if (code.format !== 'elf') return code.os;
  if (facts.kind === 'elf' && code.offset === 0 && otherAbis.has(facts.elf.osAbi)) return facts.elf.osAbi;
  // ELF headers of OpenBSD, Solaris and Android don't say so, but `openbsd-amd64` does.
  return lastName(words)?.os ?? code.os;
}

/** Names of the systems that mark their ELF files. */
const otherAbis: ReadonlySet<string> = new Set(['freebsd', 'netbsd', 'openbsd', 'solaris', 'hpux']);
