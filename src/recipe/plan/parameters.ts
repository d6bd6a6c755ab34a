import { nearestWord, UsageError } from '../../core/index.ts';
import { isVariable, valuesProblem } from '../document/checks/parameters.ts';
import type { ParameterDocument, RecipeDocument } from '../document/schema.ts';

export interface FilledParameters {
  /** Those that are no secrets. */
  readonly values: Readonly<Record<string, string>>;
  /** By parameter: the environment variable that holds it. */
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * What the recipe's parameters are, from what a person gave and from their defaults. For a secret, one gives the name of an
 * environment variable.
 * @throws UsageError `USAGE`, with all that's wrong; RecipeError `PATTERN_TOO_SLOW`
 */
export function fillParameters(
  { parameters = {} }: Pick<RecipeDocument, 'parameters'>,
  given: Readonly<Record<string, string>>,
): FilledParameters {
  const values: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  const problems = Object.keys(given).flatMap((name) => unknownProblem(name, parameters));
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = Object.hasOwn(given, name) ? given[name] : parameter.default;
    const problem = value === undefined ? missing(name, parameter) : wrong(name, { value, parameter });
    if (problem !== undefined) problems.push(problem);
    else if (value !== undefined) (parameter.type === 'secret' ? secrets : values)[name] = value;
  }
  if (problems.length > 0)
    throw new UsageError('USAGE', problems.join('\n'), {
      hint: 'Parameters are given as --param NAME=VALUE.',
      facts: { parameters: Object.keys(parameters) },
    });
  return { values, secrets };
}

function unknownProblem(name: string, parameters: Readonly<Record<string, ParameterDocument>>): string[] {
  if (Object.hasOwn(parameters, name)) return [];
  const known = Object.keys(parameters);
  const near = nearestWord(name, known);
  const hint =
    near !== undefined
      ? `; did you mean "${near}"?`
      : known.length > 0
        ? `; it has ${known.join(', ')}`
        : '; it has none';
  return [`the recipe has no parameter "${name}"${hint}`];
}

function missing(name: string, { type, description }: ParameterDocument): string {
  const what = type === 'secret' ? 'the name of the environment variable that holds it' : 'a value';
  return `the parameter "${name}" needs ${what}${description === undefined ? '' : ` (${description})`}`;
}

function wrong(
  name: string,
  { value, parameter }: { value: string; parameter: ParameterDocument },
): string | undefined {
  // Not shown: it may be the secret itself.
  if (parameter.type === 'secret')
    return isVariable(value)
      ? undefined
      : `of the secret "${name}", the name of an environment variable is given, never its value`;
  const problem = valuesProblem([value], parameter);
  return problem === undefined ? undefined : `the parameter "${name}": ${problem}`;
}
