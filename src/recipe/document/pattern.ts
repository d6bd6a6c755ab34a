import { runInNewContext } from 'node:vm';
import { messageOf } from '../../core/index.ts';
import { RecipeError } from '../errors.ts';

/** Of what a pattern is held against; UTF-16 units. */
const maxSubject = 1 << 20;
const milliseconds = 2000;

/** Why the text is no regular expression, or `undefined` when it is one. */
export function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u');
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/^Invalid regular expression: /, '');
  }
}

export interface Pattern {
  readonly pattern: string;
  /** From start to end? */
  readonly whole: boolean;
}

/**
 * Does the text match? A recipe's patterns are anybody's, and some take centuries on the right text: this one gets two
 * seconds, and then there's no answer, instead of a guess from the pattern's looks.
 * @throws RecipeError `PATTERN_TOO_SLOW`, `PATTERN_MALFORMED`
 */
export function matchesPattern(pattern: Pattern, text: string): boolean {
  return unmatched(pattern, [text]) === undefined;
}

/**
 * The first of the texts that doesn't match; all of them have the time that one has.
 * @throws RecipeError `PATTERN_TOO_SLOW`, `PATTERN_MALFORMED`
 */
export function unmatched({ pattern, whole }: Pattern, texts: readonly string[]): string | undefined {
  const problem = patternProblem(pattern);
  if (problem !== undefined) throw new RecipeError('PATTERN_MALFORMED', `"${pattern}": ${problem}`);
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length > maxSubject)
    throw new RecipeError('PATTERN_TOO_SLOW', `a text of ${length} characters is too long for a pattern`);
  const source = whole ? `^(?:${pattern})$` : pattern;
  try {
    // The engine looks at the clock while it backtracks; nothing of the recipe's is run as code.
    const index: unknown = runInNewContext(
      "const pattern = new RegExp(source, 'u'); texts.findIndex((text) => !pattern.test(text))",
      { source, texts },
      { timeout: milliseconds },
    );
    return texts[Number(index)];
  } catch (error) {
    throw new RecipeError('PATTERN_TOO_SLOW', `the pattern "${pattern}" takes too long on a text`, {
      cause: error,
      hint: 'Patterns with repetitions inside repetitions, such as (a+)+, are best written without.',
    });
  }
}

/** For a text that means itself in a pattern. */
export function escapedForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
