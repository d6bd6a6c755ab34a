import { RecipeError } from '../../errors.ts';
import type { Expression } from '../../plan/types.ts';
import { expressionsOf, parseCondition } from '../condition.ts';
import type { RecipeDocument, SourceDocument, StepDocument } from '../schema.ts';
import { expressionsIn, parseTemplate } from '../template.ts';
import { type RecipeText, type Root, recipeTexts, stepTexts } from '../texts.ts';
import { type Problems, unknownWord } from './problems.ts';

const roots: readonly Root[] = ['parameters', 'sources', 'steps', 'host', 'run', 'foreach'];

/** What a place tells of itself, as far as a recipe may ask. */
const hostMembers: readonly string[] = [
  'os',
  'architecture',
  'id',
  'version',
  'kernel',
  'cpus',
  'memory',
  'user',
];

/** Every expression names what there is, and stands where it may. */
export function checkExpressions(document: RecipeDocument, problems: Problems): void {
  for (const text of recipeTexts(document)) checkText(text, { document, problems });
  for (const [name, step] of Object.entries(document.steps))
    for (const text of stepTexts(name, step)) checkText(text, { document, step, problems });
}

interface Context {
  readonly document: RecipeDocument;
  /** Where the text is one's own. */
  readonly step?: StepDocument;
  readonly problems: Problems;
}

function checkText(text: RecipeText, context: Context): void {
  const { problems } = context;
  if (problems.full) return;
  try {
    for (const expression of expressionsOfText(text)) {
      const problem = rootProblem(expression, text) ?? expressionProblem(expression, { ...context, text });
      if (problem === undefined) continue;
      problems.add(text.path, `"${expression.text}": ${problem}`);
      return;
    }
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    problems.add(text.path, error.message);
  }
}

function expressionsOfText({ text, kind }: RecipeText): readonly Expression[] {
  return kind === 'condition' ? expressionsOf(parseCondition(text).node) : expressionsIn(parseTemplate(text));
}

function rootProblem({ path }: Expression, { roots: allowed }: RecipeText): string | undefined {
  const root = roots.find((name) => name === path[0]);
  if (root === undefined) return unknownWord('source of values', path[0] ?? '', roots);
  return allowed.includes(root) ? undefined : `that is not known here; only ${allowed.join(' and ')} are`;
}

function expressionProblem(
  { path }: Expression,
  { document, step, text }: Context & { text: RecipeText },
): string | undefined {
  const [root, ...rest] = path;
  if (root === 'parameters') return parameterProblem(rest, { document, text });
  if (root === 'sources') return sourceProblem(rest, document);
  if (root === 'steps') return stepProblem(rest, document);
  if (root === 'host') return memberProblem(rest, { what: 'fact of the host', words: hostMembers });
  if (root === 'run') return memberProblem(rest, { what: 'fact of the run', words: ['id'] });
  const words = Object.keys(step?.foreach ?? {});
  if (words.length === 0) return 'this step has no foreach';
  return memberProblem(rest, { what: 'variable of this foreach', words });
}

function memberProblem(
  rest: readonly string[],
  { what, words }: { what: string; words: readonly string[] },
): string | undefined {
  const [member = ''] = rest;
  if (!words.includes(member)) return unknownWord(what, member, words);
  return rest.length > 1 ? `"${rest.slice(1).join('.')}" is too much` : undefined;
}

function parameterProblem(
  rest: readonly string[],
  { document: { parameters = {} }, text }: { document: RecipeDocument; text: RecipeText },
): string | undefined {
  const problem = memberProblem(rest, { what: 'parameter', words: Object.keys(parameters) });
  const [name = ''] = rest;
  if (problem !== undefined || parameters[name]?.type !== 'secret' || text.secrets) return problem;
  return "a secret may only be in a step's own environment; the step's command reads it from there";
}

function sourceProblem(rest: readonly string[], { sources = {} }: RecipeDocument): string | undefined {
  const [name = '', ...members] = rest;
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source === undefined) return unknownWord('source', name, Object.keys(sources));
  return memberProblem(members, { what: 'member of this source', words: sourceMembers(source) });
}

function sourceMembers(source: SourceDocument): readonly string[] {
  return 'git' in source ? ['path', 'commit', 'content'] : ['path', 'content'];
}

/** Beside the output itself, which is its path or reference. */
const outputMembers = { files: ['sha256'], images: ['id'] } as const;

function stepProblem(rest: readonly string[], { steps }: RecipeDocument): string | undefined {
  const [name = '', kind, output = '', ...members] = rest;
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
  if (step === undefined) return unknownWord('step', name, Object.keys(steps));
  if (step.foreach !== undefined)
    return `the step "${name}" is done more than once, so that its outputs have no name for expressions`;
  const { values = [], files = {}, images = {} } = step.outputs ?? {};
  if (kind === 'values')
    return memberProblem([output, ...members], { what: `value of the step "${name}"`, words: values });
  if (kind !== 'files' && kind !== 'images')
    return unknownWord('kind of output', kind ?? '', ['values', 'files', 'images']);
  const words = Object.keys(kind === 'files' ? files : images);
  if (!words.includes(output))
    return unknownWord(`${kind === 'files' ? 'file' : 'image'} of the step "${name}"`, output, words);
  if (members.length === 0) return undefined;
  return memberProblem(members, { what: 'member of this output', words: outputMembers[kind] });
}
