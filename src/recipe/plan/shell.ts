import type { Expression, Template } from './types.ts';

/** The word as a person types it for `sh`: quoted where it has to be. */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command's words, one space between them. */
export function shellWords(words: readonly string[]): string {
  // A first word with "=" would be read as a variable.
  return words
    .map((word, index) =>
      index === 0 && word.includes('=') ? `'${word.replaceAll("'", `'\\''`)}'` : shellWord(word),
    )
    .join(' ');
}

/**
 * A value for `sh` whose secrets are read from variables: `'Bearer '"$TOKEN"`. What else isn't known stands as written.
 * @param variableOf the environment variable that holds the secret, of an expression that is one
 */
export function shellValue(template: Template, variableOf: (secret: Expression) => string): string {
  const parts: string[] = [''];
  for (const part of template) {
    if (typeof part !== 'string' && part.secret) parts.push(`"$${variableOf(part)}"`, '');
    else parts[parts.length - 1] += typeof part === 'string' ? part : `\${{ ${part.text} }}`;
  }
  const words = parts.map((part, index) => (index % 2 === 1 || part === '' ? part : shellWord(part)));
  return words.join('') || "''";
}
