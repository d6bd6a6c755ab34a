import type { MemberPath } from '../../document/index.ts';
import type { RecipeDocument, StepDocument } from './schema.ts';

export type Root = 'parameters' | 'sources' | 'steps' | 'host' | 'run' | 'foreach';

/** A text of a recipe that may hold expressions, and which of them make sense there. */
export interface RecipeText {
  readonly path: MemberPath;
  readonly text: string;
  readonly kind: 'template' | 'condition';
  readonly roots: readonly Root[];
  /** May it hold secrets? */
  readonly secrets: boolean;
}

/** Known when the recipe is planned. */
const planned: readonly Root[] = ['parameters'];
/** Known while it runs. */
const running: readonly Root[] = ['parameters', 'sources', 'steps', 'host', 'run'];

type At = Omit<RecipeText, 'text' | 'path'>;
const early: At = { kind: 'template', roots: planned, secrets: false };
const late: At = { kind: 'template', roots: running, secrets: false };
const inForeach: At = { kind: 'template', roots: [...running, 'foreach'], secrets: false };

/** All texts of the recipe but those of its steps. */
export function* recipeTexts(document: RecipeDocument): Generator<RecipeText> {
  yield* environmentTexts(document.environment, ['environment'], late);
  for (const [name, environment] of Object.entries(document.environments ?? {}))
    yield* environmentTexts(environment, ['environments', name], late);
  for (const name of Object.keys(document.sources ?? {})) yield* sourceTexts(document, name);
  yield* provisionTexts(document);
  yield* checkTexts(document);
  for (const [index, { image, name, tag }] of (document.publish ?? []).entries()) {
    yield { path: ['publish', index, 'image'], text: image, ...late };
    yield { path: ['publish', index, 'name'], text: name, ...early };
    if (tag !== undefined) yield { path: ['publish', index, 'tag'], text: tag, ...early };
  }
}

/** How to get what's missing. */
function* provisionTexts({ requires }: RecipeDocument): Generator<RecipeText> {
  for (const [index, tool] of (requires?.tools ?? []).entries())
    for (const [number, { when, environment }] of (tool.get ?? []).entries()) {
      const path = ['requires', 'tools', index, 'get', number];
      if (when !== undefined)
        yield {
          path: [...path, 'when'],
          text: when,
          kind: 'condition',
          roots: ['parameters', 'host'],
          secrets: false,
        };
      yield* environmentTexts(environment, [...path, 'environment'], early);
    }
}

/** Of one of the recipe's own sets of variables. */
export function* environmentTexts(
  environment: Readonly<Record<string, string>> | undefined,
  path: MemberPath,
  at: At = late,
): Generator<RecipeText> {
  for (const [variable, text] of Object.entries(environment ?? {}))
    yield { path: [...path, variable], text, ...at };
}

function* sourceTexts(document: RecipeDocument, name: string): Generator<RecipeText> {
  const texts = ['git', 'commit', 'ref', 'url', 'sha256', 'path'] as const;
  const source: Partial<Record<(typeof texts)[number], string | undefined>> = document.sources?.[name] ?? {};
  for (const member of texts) {
    const text = source[member];
    if (text !== undefined) yield { path: ['sources', name, member], text, ...early };
  }
}

function* checkTexts({ verify = [] }: RecipeDocument): Generator<RecipeText> {
  for (const [index, { file, image, sha256, version }] of verify.entries()) {
    const path = ['verify', index];
    if (file !== undefined) yield { path: [...path, 'file'], text: file, ...late };
    if (image !== undefined) yield { path: [...path, 'image'], text: image, ...late };
    if (sha256 !== undefined) yield { path: [...path, 'sha256'], text: sha256, ...early };
    for (const [word, text] of (version?.run ?? []).entries())
      yield { path: [...path, 'version', 'run', word], text, ...late };
    if (version !== undefined)
      yield { path: [...path, 'version', 'matches'], text: version.matches, ...early };
  }
}

/** The step's own texts: neither the recipe's environment nor the sets that it names. */
export function* stepTexts(name: string, step: StepDocument): Generator<RecipeText> {
  const path = ['steps', name];
  const { when, workdir, run, outputs = {} } = step;
  if (when !== undefined) yield { path: [...path, 'when'], text: when, ...inForeach, kind: 'condition' };
  for (const [variable, values] of Object.entries(step.foreach ?? {}))
    for (const [index, text] of values.entries())
      yield { path: [...path, 'foreach', variable, index], text, ...early };
  if (workdir !== undefined) yield { path: [...path, 'workdir'], text: workdir, ...inForeach };
  if (typeof run !== 'string')
    for (const [index, text] of run.entries()) yield { path: [...path, 'run', index], text, ...inForeach };
  yield* environmentTexts(step.environment, [...path, 'environment'], { ...inForeach, secrets: true });
  for (const [output, { path: file, sha256 }] of Object.entries(outputs.files ?? {})) {
    const at = [...path, 'outputs', 'files', output];
    yield { path: [...at, 'path'], text: file, ...inForeach };
    if (sha256 !== undefined)
      yield { path: [...at, 'sha256'], text: sha256, ...early, roots: ['parameters', 'foreach'] };
  }
  for (const [output, { reference }] of Object.entries(outputs.images ?? {}))
    yield { path: [...path, 'outputs', 'images', output, 'reference'], text: reference, ...inForeach };
}
