import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';
import { isLibrary, isProgram } from './program.ts';

/** What no other rule knows: there, runnable, and seen by nothing that says whether it is run. */
export function elsewhere(file: ForeignFile, { platform }: ImageKnowledge): Judgement {
  const { architecture } = platform;
  if (isProgram(file))
    return unknown(
      'program',
      `It can be started by its path; on ${architecture} that fails. What starts it, if anything, can't be told.`,
    );
  if (isLibrary(file))
    return unknown(
      'library',
      `A program may load it by its path; on ${architecture} that fails. What loads it, if anything, can't be told.`,
    );
  return unknown(
    'data',
    "It is machine code that isn't executable: it is data to the container, unless a program makes it executable.",
  );
}

function unknown(role: string, because: string): Judgement {
  return { verdict: 'unknown', role, because };
}
