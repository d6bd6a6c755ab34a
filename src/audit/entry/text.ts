const longest = 160;

/** A word from an image as messages show it: in quotes, without control characters, cut where it is long. */
export function shown(word: string): string {
  const text = word.length > longest ? `${word.slice(0, longest)}…` : word;
  // Line ends and escape sequences would change what a terminal shows.
  return `"${text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escaped)}"`;
}

function escaped(character: string): string {
  if (character === '\r') return '\\r';
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

/** The last part of a path: what a program goes by. */
export function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}
