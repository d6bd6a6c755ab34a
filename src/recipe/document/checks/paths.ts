import type { MemberPath } from '../../../document/index.ts';
import { RecipeError } from '../../errors.ts';
import { normalizePath, pathProblem } from '../paths.ts';
import type { RecipeDocument } from '../schema.ts';
import { literalOf, parseTemplate } from '../template.ts';
import type { Problems } from './problems.ts';

interface Placed {
  readonly path: MemberPath;
  readonly text: string;
  /** Who says so, for people. */
  readonly owner: string;
}

/** Paths are below the workspace, and no two sources or outputs are in the same one. */
export function checkPaths(document: RecipeDocument, problems: Problems): void {
  const owners = new Map<string, string>();
  for (const { path, text, owner } of [...sourcePaths(document), ...outputPaths(document)]) {
    checkPath(text, { path, problems });
    const place = normalizePath(text);
    const other = owners.get(place);
    if (place === '') problems.add(path, 'it is the workspace itself');
    else if (other !== undefined) problems.add(path, `${other} is in "${text.slice(0, 200)}" already`);
    else owners.set(place, owner);
  }
  for (const [name, { workdir }] of Object.entries(document.steps))
    if (workdir !== undefined) checkPath(workdir, { path: ['steps', name, 'workdir'], problems });
  for (const [index, { file }] of (document.verify ?? []).entries())
    if (file !== undefined) checkPath(file, { path: ['verify', index, 'file'], problems });
}

function* sourcePaths({ sources = {} }: RecipeDocument): Generator<Placed> {
  for (const [name, { path }] of Object.entries(sources))
    yield { path: ['sources', name, 'path'], text: path, owner: `the source "${name}"` };
}

function* outputPaths({ steps }: RecipeDocument): Generator<Placed> {
  for (const [name, { outputs }] of Object.entries(steps))
    for (const [output, { path }] of Object.entries(outputs?.files ?? {}))
      yield {
        path: ['steps', name, 'outputs', 'files', output, 'path'],
        text: path,
        owner: `the output "${output}" of the step "${name}"`,
      };
}

/** What can be told before the expressions have values; the rest is told of what they become. */
function checkPath(text: string, { path, problems }: { path: MemberPath; problems: Problems }): void {
  const problem = pathProblem(literalOf(text) ?? withStandIns(text));
  if (problem !== undefined) problems.add(path, `the path "${text.slice(0, 200)}" ${problem}`);
}

function withStandIns(text: string): string {
  try {
    return parseTemplate(text)
      .map((part) => (typeof part === 'string' ? part : 'x'))
      .join('');
  } catch (error) {
    if (error instanceof RecipeError) return '';
    throw error;
  }
}
