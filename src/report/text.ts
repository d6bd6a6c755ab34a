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

/** The text, or its beginning where it has more than `most` UTF-16 units; for text that `plainText` has been through. */
export function shorten(text: string, most: number): string {
  // Half a surrogate pair is no character.
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** `12 B`, `1.5 KB`, `480 MB`: in thousands, as registries and shops count. */
export function describeSize(bytes: number): string {
  return `${inUnit(bytes, bytes)} ${unitOf(bytes)}`;
}

/** `120 of 480 MB`, both in the unit of the total. */
export function describeShare(done: number, total: number): string {
  return `${inUnit(done, total)} of ${describeSize(total)}`;
}

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** The unit in which the size, rounded as it will be shown, stays under a thousand. */
function unitIndex(bytes: number): number {
  const index = units.findIndex((_unit, power) => Math.round(bytes / 1000 ** power) < 1000);
  return index < 0 ? units.length - 1 : index;
}

function unitOf(bytes: number): string {
  return units[unitIndex(bytes)] ?? 'B';
}

/** One digit after the point for small numbers of a large unit. */
function inUnit(bytes: number, scale: number): string {
  const power = unitIndex(scale);
  const number = bytes / 1000 ** power;
  return power > 0 && number < 9.95 ? number.toFixed(1).replace(/\.0$/, '') : String(Math.round(number));
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
