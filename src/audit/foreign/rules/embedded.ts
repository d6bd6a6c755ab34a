import type { ForeignCode } from '../../types.ts';
import { embeddedAt } from '../survey.ts';
import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';

const roles: readonly string[] = ['embedded-code', 'self-extracting'];

/** Is it no file of machine code, but one with some inside? */
export function isEmbedded({ role }: Pick<ForeignCode, 'role'>): boolean {
  return roles.includes(role);
}

/** ELF headers inside a file that is something else: self-extracting programs, and bytes that look like a header. */
export function embedded(file: ForeignFile, image: ImageKnowledge): Judgement | undefined {
  const { code, facts, entry, innerPath } = file;
  if (code.offset === 0) return undefined;
  const type = embeddedAt(facts, code)?.type;
  if (type !== 'executable' && type !== 'shared')
    return {
      verdict: 'inert',
      role: 'embedded-code',
      because: `A header of ${code.architecture} object code stands inside it, at byte ${code.offset}: nothing is started from there.`,
    };
  const because = `A header of ${code.architecture} machine code stands inside it, at byte ${code.offset}; whether the file unpacks and starts it can't be told.`;
  const isUsed = innerPath === '' && (image.uses.has(entry.path) || image.programs.has(entry.path));
  const mayStart = facts.kind === 'script' || facts.kind === 'elf' || facts.kind === 'text';
  return { verdict: 'unknown', role: isUsed && mayStart ? 'self-extracting' : 'embedded-code', because };
}
