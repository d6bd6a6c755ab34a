import { RecipeError } from '../../errors.ts';
import { isCommit } from '../addresses.ts';
import { patternProblem, unmatched } from '../pattern.ts';
import type { ParameterDocument, RecipeDocument } from '../schema.ts';
import { isSecretName } from '../secrets.ts';
import type { Problems } from './problems.ts';

export function checkParameters(
  { parameters = {} }: Pick<RecipeDocument, 'parameters'>,
  problems: Problems,
): void {
  for (const [name, parameter] of Object.entries(parameters)) {
    const path = ['parameters', name];
    const pattern = parameter.pattern === undefined ? undefined : patternProblem(parameter.pattern);
    if (pattern !== undefined) problems.add([...path, 'pattern'], `it is no pattern: ${pattern}`);
    else if (parameter.type === 'secret') checkSecret(parameter, { path, problems });
    else if (!checkValues(name, { parameter, problems })) return;
  }
}

function checkSecret(
  { pattern, oneOf, default: holder }: ParameterDocument,
  { path, problems }: { path: readonly string[]; problems: Problems },
): void {
  if (pattern !== undefined || oneOf !== undefined)
    problems.add(path, 'a secret has neither "pattern" nor "oneOf": its value is never looked at');
  // What stands there may be the secret itself.
  if (holder !== undefined && !isVariable(holder))
    problems.add(
      [...path, 'default'],
      "of a secret, this is the name of the environment variable that holds it, never the secret's value",
    );
}

/** False where there's no time for more: a recipe may have many patterns that take long. */
function checkValues(
  name: string,
  { parameter, problems }: { parameter: ParameterDocument; problems: Problems },
): boolean {
  const path = ['parameters', name];
  if (isSecretName(name) && parameter.oneOf === undefined)
    problems.add(
      path,
      `"${name}" looks like a secret, whose value must not be recorded: it needs "type: secret"`,
    );
  const { oneOf = [], default: value } = parameter;
  for (const [at, values] of [
    ['oneOf', oneOf],
    ['default', value === undefined ? [] : [value]],
  ] as const)
    try {
      const problem = valuesProblem(values, parameter);
      if (problem !== undefined) problems.add([...path, at], problem);
    } catch (error) {
      if (!(error instanceof RecipeError)) throw error;
      problems.add([...path, at], error.message);
      return false;
    }
  return true;
}

/** Is it the name of an environment variable? */
export function isVariable(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/**
 * Why a parameter can't have one of the values, or `undefined`.
 * @throws RecipeError `PATTERN_TOO_SLOW`
 */
export function valuesProblem(
  values: readonly string[],
  { type, pattern, oneOf }: ParameterDocument,
): string | undefined {
  const allowed = oneOf === undefined ? undefined : new Set(oneOf);
  for (const value of values) {
    if (type === 'commit' && !isCommit(value)) return `${shown(value)} is no commit of 40 hexadecimal digits`;
    if (allowed?.has(value) === false)
      return `${shown(value)} is none of ${[...allowed].slice(0, 20).join(', ').slice(0, 1000)}`;
    if (value.includes('\0') || value.length > 4096) return 'it is too long, or holds a NUL character';
  }
  const odd = pattern === undefined ? undefined : unmatched({ pattern, whole: true }, values);
  return odd === undefined ? undefined : `${shown(odd)} doesn't match ${pattern}`;
}

function shown(value: string): string {
  return `"${value.slice(0, 100)}"`;
}
