import { RecipeError } from '../errors.ts';
import type { Expression, Template } from '../plan/types.ts';

/** Enough for any command; a text is 16 KiB at most. */
const maxExpressions = 256;
const maxPathParts = 6;

/**
 * Reads a text with holes, `registry/${{ parameters.hub }}:latest`. Whether what the expressions name exists is not looked
 * at. What is filled in later is never read again: a value that holds `${{` stays what it is.
 * @throws RecipeError `EXPRESSION_MALFORMED`
 */
export function parseTemplate(text: string, secrets: ReadonlySet<string> = new Set()): Template {
  const parts: (string | Expression)[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('${{', at);
    if (start < 0) break;
    const end = text.indexOf('}}', start);
    if (end < 0) throw malformed('an expression is not closed: "}}" is missing', start);
    if (start > at) parts.push(text.slice(at, start));
    parts.push(parseExpression(text.slice(start + 3, end), { column: start, secrets }));
    if (parts.length > 2 * maxExpressions) throw malformed(`more than ${maxExpressions} expressions`, start);
    at = end + 2;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

function parseExpression(
  inside: string,
  { column, secrets }: { column: number; secrets: ReadonlySet<string> },
): Expression {
  const text = inside.trim();
  const expression = expressionOf(text, secrets);
  if (expression !== undefined) return expression;
  const what = text === '' ? 'an expression is empty' : `"${shortened(text)}" is no path of names`;
  throw malformed(`${what}, such as parameters.version or steps.build.values.commit`, column);
}

/** `undefined` for what is no path of names. */
export function expressionOf(text: string, secrets: ReadonlySet<string>): Expression | undefined {
  const path = text.split('.');
  if (path.length > maxPathParts || !path.every((part) => /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(part)))
    return undefined;
  const secret = path.length === 2 && path[0] === 'parameters' && secrets.has(path[1] ?? '');
  return { text, path, secret };
}

/** The expressions of a text with holes, in order. */
export function expressionsIn(template: Template): readonly Expression[] {
  return template.filter((part) => typeof part !== 'string');
}

/** Fills in what's known; neighbouring literal parts become one. */
export function bindTemplate(
  template: Template,
  known: (expression: Expression) => string | undefined,
): Template {
  const parts: (string | Expression)[] = [];
  for (const part of template) {
    const value = typeof part === 'string' ? part : (known(part) ?? part);
    const last = parts.at(-1);
    if (typeof value !== 'string') parts.push(value);
    else if (typeof last === 'string') parts[parts.length - 1] = last + value;
    else if (value !== '') parts.push(value);
  }
  return parts;
}

/** The text as a person wrote it, but for spaces in the braces. */
export function formatTemplate(template: Template): string {
  return template.map((part) => (typeof part === 'string' ? part : `\${{ ${part.text} }}`)).join('');
}

/** An error about an expression. @param column from 0 */
export function malformed(message: string, column: number): RecipeError {
  return new RecipeError('EXPRESSION_MALFORMED', `${message} (column ${column + 1} of the text)`, {
    facts: { column: column + 1 },
  });
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The text itself where it holds no expression. */
export function literalOf(text: string): string | undefined {
  return text.includes('${{') ? undefined : text;
}
