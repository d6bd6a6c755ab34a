import type { MemberPath } from '../../../document/index.ts';
import { RecipeError } from '../../errors.ts';
import type { RecipeDocument } from '../schema.ts';
import { holdsSecret, isPlainValue, isSecretName } from '../secrets.ts';
import { expressionsIn, parseTemplate } from '../template.ts';
import type { Problems } from './problems.ts';

const advice = `name a parameter of "type: secret", and write \${{ parameters.NAME }} in the step's environment`;

/** No secret's value is in a recipe. None of these messages holds one. */
export function checkSecrets(document: RecipeDocument, problems: Problems): void {
  const secrets = new Set(
    Object.entries(document.parameters ?? {}).flatMap(([name, { type }]) =>
      type === 'secret' ? [name] : [],
    ),
  );
  for (const { path, environment } of environmentsOf(document))
    for (const [variable, value] of Object.entries(environment)) {
      if (variable.startsWith('ARMLOAD_'))
        problems.add(
          [...path, variable],
          'names that begin with ARMLOAD_ are for what armload hands to steps',
        );
      if (isSecretName(variable) && !isPlainValue(value) && !takesSecret(value, secrets))
        problems.add(
          [...path, variable],
          `"${variable}" looks like a secret, and its value would be recorded: ${advice}`,
        );
    }
  for (const [index, variable] of (document.passEnvironment ?? []).entries())
    if (isSecretName(variable))
      problems.add(
        ['passEnvironment', index],
        `"${variable}" looks like a secret, and what it holds could be in a log: ${advice}`,
      );
  for (const { path, text } of textsIn(document, []))
    if (holdsSecret(text))
      problems.add(
        path,
        `a secret is in it, by its form (a token, a private key, a password in an address): ${advice}`,
      );
}

interface Environment {
  readonly path: MemberPath;
  readonly environment: Readonly<Record<string, string>>;
}

function* environmentsOf(document: RecipeDocument): Generator<Environment> {
  yield { path: ['environment'], environment: document.environment ?? {} };
  for (const [name, environment] of Object.entries(document.environments ?? {}))
    yield { path: ['environments', name], environment };
  for (const [name, { environment = {} }] of Object.entries(document.steps))
    yield { path: ['steps', name, 'environment'], environment };
  for (const [index, { get = [] }] of (document.requires?.tools ?? []).entries())
    for (const [number, { environment = {} }] of get.entries())
      yield { path: ['requires', 'tools', index, 'get', number, 'environment'], environment };
}

function takesSecret(value: string, secrets: ReadonlySet<string>): boolean {
  try {
    return expressionsIn(parseTemplate(value, secrets)).some(({ secret }) => secret);
  } catch (error) {
    // Another check says what's wrong with it.
    if (error instanceof RecipeError) return true;
    throw error;
  }
}

/** Every text of the document, wherever it is. */
function* textsIn(value: unknown, path: MemberPath): Generator<{ path: MemberPath; text: string }> {
  if (typeof value === 'string') yield { path, text: value };
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* textsIn(item, [...path, index]);
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) yield* textsIn(member, [...path, name]);
}
