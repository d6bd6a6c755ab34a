import { workspacePath } from '../document/paths.ts';
import { RecipeError } from '../errors.ts';
import type { Condition, ConditionNode, Expression, Scope, Template } from './types.ts';

/**
 * The text with its holes filled.
 * @throws RecipeError `VALUE_MISSING` for what the scope doesn't have, with the expression in `facts.expression`.
 */
export function resolve(template: Template, scope: Scope): string {
  return template.map((part) => (typeof part === 'string' ? part : expressionValue(part, scope))).join('');
}

/**
 * A path with its holes filled, in its one spelling; empty for the workspace itself.
 * @throws RecipeError `VALUE_MISSING`, and `PATH_OUTSIDE` for one that is not below the workspace.
 */
export function resolvePath(template: Template, scope: Scope): string {
  return workspacePath(resolve(template, scope));
}

/**
 * Does the condition hold? Texts are compared letter by letter; alone, a text is true unless it's empty or `false`.
 * What doesn't decide is not looked up: `a || b` asks for `b` only where `a` is false.
 * @throws RecipeError `VALUE_MISSING`
 */
export function evaluate(condition: Condition, scope: Scope): boolean {
  return truth(condition.node, scope);
}

/** The parameters whose secrets are in the text. */
export function secretsIn(template: Template): readonly string[] {
  const names = template.flatMap((part) =>
    typeof part !== 'string' && part.secret ? [part.path[1] ?? ''] : [],
  );
  return [...new Set(names)];
}

function truth(node: ConditionNode, scope: Scope): boolean {
  switch (node.kind) {
    case 'and':
      return truth(node.left, scope) && truth(node.right, scope);
    case 'or':
      return truth(node.left, scope) || truth(node.right, scope);
    case 'not':
      return !truth(node.inner, scope);
    case 'equal':
      return textOf(node.left, scope) === textOf(node.right, scope);
    case 'unequal':
      return textOf(node.left, scope) !== textOf(node.right, scope);
    case 'literal':
    case 'expression': {
      const text = textOf(node, scope);
      return text !== '' && text !== 'false';
    }
  }
}

function textOf(node: ConditionNode, scope: Scope): string {
  if (node.kind === 'literal') return String(node.value);
  if (node.kind === 'expression') return expressionValue(node.expression, scope);
  return String(truth(node, scope));
}

/**
 * The value of one expression.
 * @throws RecipeError `VALUE_MISSING`
 */
export function expressionValue(expression: Expression, scope: Scope): string {
  const value = lookUp(expression.path, scope);
  if (value !== undefined) return value;
  throw new RecipeError('VALUE_MISSING', `"${expression.text}" has no value: ${reason(expression, scope)}`, {
    facts: { expression: expression.text },
  });
}

function lookUp(path: readonly string[], scope: Scope): string | undefined {
  const [root, name = '', ...rest] = path;
  if (root === 'parameters') return rest.length === 0 ? scope.secrets.get(name) : undefined;
  if (root === 'run') return name === 'id' && rest.length === 0 ? scope.run.id : undefined;
  if (root === 'host') return rest.length === 0 ? text(member(scope.host, name)) : undefined;
  if (root === 'sources')
    return rest.length === 1 ? text(member(scope.sources.get(name), rest[0])) : undefined;
  return root === 'steps' ? ofStep(rest, scope.steps.get(name)) : undefined;
}

function ofStep(rest: readonly string[], facts: unknown): string | undefined {
  const [kind, output, field, ...more] = rest;
  const found = member(member(facts, kind), output);
  if (more.length > 0) return undefined;
  if (kind === 'values') return field === undefined ? text(found) : undefined;
  if (kind === 'files') return text(member(found, field ?? 'path'));
  return kind === 'images' ? text(member(found, field ?? 'reference')) : undefined;
}

/** Own members only: a step may well have a value that is called "constructor". */
function member(value: unknown, name: string | undefined): unknown {
  if (typeof value !== 'object' || value === null || name === undefined) return undefined;
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function reason({ path: [root, name = ''], secret }: Expression, { steps, sources }: Scope): string {
  if (secret) return `the secret "${name}" was not given`;
  if (root === 'steps')
    return steps.has(name)
      ? `the step "${name}" didn't give it`
      : `the step "${name}" was left out, or is not done yet`;
  if (root === 'sources' && !sources.has(name)) return `the source "${name}" is not there yet`;
  return 'there is no such thing';
}
