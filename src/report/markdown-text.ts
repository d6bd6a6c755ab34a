import { plainText } from './text.ts';

const zeroWidthSpace = '\u200b';

/**
 * Text from outside as Markdown prose: no markup, no HTML, no table cell breaks, and no links, mentions or issue
 * numbers that a forge would act on.
 */
export function prose(text: string): string {
  return plainText(text)
    .replace(/[\\`*_[\]<>|~&$]/g, (character) => `\\${character}`)
    .replace(/(^|[^\p{L}\p{N}])@(?=[\p{L}\p{N}])/gu, `$1@${zeroWidthSpace}`)
    .replace(/#(?=\d)/g, `#${zeroWidthSpace}`)
    .replace(/:\/\//g, `:${zeroWidthSpace}//`)
    .replace(/\bwww\./gi, (match) => `${match.slice(0, 3)}${zeroWidthSpace}.`);
}

/**
 * Text from outside as a code span for a table cell. What holds a backtick, a backslash or a pipe becomes prose: a
 * span can't escape the first two, and a backslash before a pipe ends the cell (GFM 4.10).
 */
export function code(text: string): string {
  const shown = plainText(text);
  if (shown === '') return '';
  return /[`\\|]/.test(shown) ? prose(shown) : `\`${shown}\``;
}

/** One row of a table, or its head with the line below. */
export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

export function head(cells: readonly string[]): readonly string[] {
  return [row(cells), row(cells.map(() => '---'))];
}
