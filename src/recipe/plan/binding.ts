import { bindCondition, parseCondition } from '../document/condition.ts';
import { bindTemplate, formatTemplate, parseTemplate } from '../document/template.ts';
import { RecipeError } from '../errors.ts';
import type { FilledParameters } from './parameters.ts';
import type { Condition, Expression, PlannedSource, Template } from './types.ts';

/** Makes texts of a recipe into what the plan holds: what is known when it is planned is filled in. */
export interface Binding {
  template(text: string): Template;
  condition(text: string): Condition;
  /** Of what has to be known when it is planned. @throws RecipeError `PLAN_INVALID` */
  text(text: string, quoted?: (value: string) => string): string;
}

/** What else than parameters is known, by the expression's text. */
export type Known = (text: string) => string | undefined;

const nothingElse: Known = () => undefined;

export function bindingOf(parameters: FilledParameters, known: Known = nothingElse): Binding {
  return bindingsOf(parameters)(known);
}

/** For many of them: each text is read once. */
export function bindingsOf({ values, secrets }: FilledParameters): (known: Known) => Binding {
  const secretNames = new Set(Object.keys(secrets));
  const read = new Map<string, Template>();
  const parsed = (text: string): Template => {
    const template = read.get(text) ?? parseTemplate(text, secretNames);
    read.set(text, template);
    return template;
  };
  return (known) => {
    const expressionValue = ({ text, path: [root, name = ''], secret }: Expression): string | undefined => {
      if (root !== 'parameters') return known(text);
      return !secret && Object.hasOwn(values, name) ? values[name] : undefined;
    };
    return {
      template: (text) => bindTemplate(parsed(text), expressionValue),
      condition: (text) => bindCondition(parseCondition(text, secretNames), expressionValue),
      text: (text, quoted = (value) => value) =>
        wholeText(
          bindTemplate(parsed(text), (expression) => {
            const value = expressionValue(expression);
            return value === undefined ? undefined : quoted(value);
          }),
        ),
    };
  };
}

function wholeText(template: Template): string {
  const [only = '', ...rest] = template;
  if (rest.length === 0 && typeof only === 'string') return only;
  throw new RecipeError(
    'PLAN_INVALID',
    `"${formatTemplate(template).slice(0, 200)}" is not known before the recipe runs`,
  );
}

/** What expressions say of sources that is known before they are there: where they will be, and a commit that is given. */
export function knownOfSources(sources: readonly PlannedSource[]): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const source of sources) {
    known.set(`sources.${source.name}.path`, source.path);
    if (source.kind === 'git' && source.commit !== undefined)
      known.set(`sources.${source.name}.commit`, source.commit);
  }
  return known;
}
