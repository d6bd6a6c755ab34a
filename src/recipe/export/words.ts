import type { Expression, Template } from '../plan/types.ts';
import { ExportError } from './errors.ts';

/**
 * Any text as one word for sh. All that comes from a recipe or a person goes through here, so that it stays text. The opening
 * of an expression of GitHub's is taken apart: where it stands in a workflow, it would be evaluated before any shell saw it.
 * @throws ExportError for a NUL, which no word can hold
 */
export function shellText(text: string): string {
  if (text.includes('\0'))
    throw new ExportError(
      'NOT_EXPORTABLE',
      'a text of the recipe holds a NUL character, which no shell takes',
    );
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`).replaceAll('${{', () => "$''{{")}'`;
}

export function shellTexts(texts: readonly string[]): string {
  return texts.map(shellText).join(' ');
}

/**
 * The shell's variable of an expression's value: `steps__proxy_commit__values__sha`. Words of recipes hold neither underscores
 * nor two hyphens in a row, so no two expressions share one.
 */
export function variableOf({ path, text }: Pick<Expression, 'path' | 'text'>): string {
  const name = path.join('__').replaceAll('-', '_');
  if (path.every((part) => /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(part))) return name;
  throw new ExportError('NOT_EXPORTABLE', `"${text.slice(0, 100)}" is no name of a value`);
}

/**
 * A text with holes as one word for sh. What has no value when it's read ends the script, with the expression named; a
 * value is never read as code.
 */
export function shellTemplate(template: Template): string {
  const words = template.map((part) => (typeof part === 'string' ? shellText(part) : valueWord(part)));
  return words.join('') || "''";
}

function valueWord(expression: Expression): string {
  const variable = variableOf(expression);
  return expression.secret ? `"\${${variable}:?is not set}"` : `"\${${variable}?has no value}"`;
}

/** The same with the names of secrets in the place of their values, for what is recorded. */
export function shownTemplate(template: Template): string {
  return shellTemplate(
    template.map((part) => (typeof part === 'string' || !part.secret ? part : `[secret ${part.text}]`)),
  );
}

export function holdsSecret(template: Template): boolean {
  return template.some((part) => typeof part !== 'string' && part.secret);
}

/** For people, in one line and without what would be evaluated in a workflow: comments, names of steps, messages. */
export function displayText(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll('${{', '$ {{')
    .trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

/** The end of a here-document that no line of the text is. */
export function delimiterFor(text: string): string {
  const lines = new Set(text.split('\n'));
  for (let number = 1; ; number++) {
    const delimiter = number === 1 ? 'END' : `END_${number}`;
    if (!lines.has(delimiter)) return delimiter;
  }
}

/** A function of sh. Lines that hold a line's end are texts of their own, and stay as they are. */
export function shellFunction(name: string, lines: readonly string[]): string {
  const body = lines.length === 0 ? [':'] : lines;
  return [`${name}() {`, ...body.map((line) => `  ${line}`), '}'].join('\n');
}
