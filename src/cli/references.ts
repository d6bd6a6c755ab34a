import { ArmloadError, UsageError } from '../core/index.ts';
import { parseLocation } from '../registry/index.ts';
import type { Io } from './io.ts';
import { readStdin } from './stdin.ts';

/**
 * The references that the operands name, each once; `-` is a list on stdin, one a line, where `#` starts a comment.
 * All are checked before anything is fetched.
 * @throws UsageError or InvalidReferenceError for what is none, or where there is none at all.
 */
export async function readReferences(
  operands: readonly string[],
  io: Pick<Io, 'stdin' | 'signal'>,
): Promise<readonly string[]> {
  if (operands.length === 0) throw noReference('no image to audit was named');
  for (const operand of operands) if (operand !== '-') parseLocation(operand);
  const listed = operands.includes('-') ? listedIn(await readStdin(io)) : [];
  const references = operands.flatMap((operand) => (operand === '-' ? listed : [operand]));
  if (references.length === 0) throw noReference('the list on stdin holds no reference');
  return [...new Set(references)];
}

function listedIn(text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => {
    const comment = line.search(/(?:^|\s)#/);
    const reference = (comment < 0 ? line : line.slice(0, comment)).trim();
    if (reference === '') return [];
    checkLine(reference, index + 1);
    return [reference];
  });
}

function checkLine(reference: string, line: number): void {
  try {
    parseLocation(reference);
  } catch (error) {
    if (!(error instanceof ArmloadError)) throw error;
    throw new UsageError('USAGE', `stdin:${line}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

function noReference(sentence: string): UsageError {
  return new UsageError('USAGE', sentence, {
    hint: 'Name one: armload audit nginx:1.27. To look at files and folders, there is armload scan.',
  });
}
