import { RecipeError } from '../errors.ts';

/** Armload's own folder in a workspace. */
const reserved = '.armload';

/** Why the text is no path below the workspace, or `undefined` when it's one. */
export function pathProblem(path: string): string | undefined {
  if (path.startsWith('/')) return 'is absolute; paths are below the workspace';
  const parts = path.split('/');
  if (parts.includes('..')) return 'leads out by ".."';
  if (/\p{Cc}/u.test(path)) return 'holds a control character';
  if (path.length > 1024) return 'is longer than 1024 characters';
  return firstPart(parts) === reserved ? `is in ${reserved}, which is armload's own` : undefined;
}

function firstPart(parts: readonly string[]): string | undefined {
  return parts.find((part) => part !== '' && part !== '.');
}

/** One spelling: no empty parts, no `.`; empty for the workspace itself. */
export function normalizePath(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/**
 * The one spelling of a path below the workspace.
 * @throws RecipeError `PATH_OUTSIDE`
 */
export function workspacePath(path: string): string {
  const problem = pathProblem(path);
  if (problem === undefined) return normalizePath(path);
  throw new RecipeError('PATH_OUTSIDE', `the path "${path.slice(0, 256)}" ${problem}`);
}
