import { stripVTControlCharacters } from 'node:util';

const maxTextLength = 4096;

/**
 * Text from outside (files, registries) made safe to show: one line, no escape sequences, and every control,
 * direction or invisible character replaced by a visible one, so that it can neither drive the terminal nor hide.
 * Longer texts than 4,096 characters are cut, with the number of characters left out.
 */
export function plainText(text: string): string {
  const kept = text.length > maxTextLength ? text.slice(0, maxTextLength) : text;
  const rest = text.length - kept.length;
  const shown = stripVTControlCharacters(kept)
    .replace(/[\t\n\v\f\r\u0085\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\ufffd')
    .trim();
  return rest > 0 ? `${shown}… (${rest} more characters)` : shown;
}

/** `1 image`, `2 images`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/**
 * Breaks a text into lines of at most `width` characters, at spaces only: a reference or path that is longer than
 * a line gets a line of its own and stays whole, so that it can be copied.
 */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
