import type { RunSettings } from '../../oci/index.ts';
import { searchPath } from '../search-path.ts';

/** A word of a command; `undefined` where it is known only at run time. */
export type Word = string | undefined;

/** What a command finds around it. */
export interface Surroundings {
  /** The working directory, absolute; `undefined` where it isn't known. */
  readonly directory: string | undefined;
  /** The environment. A name with `undefined` has a value that isn't known; an absent one may get any at run time. */
  readonly variables: ReadonlyMap<string, string | undefined>;
}

export function surroundingsOf(run: RunSettings): Surroundings {
  const { workingDirectory, environment } = run;
  const variables = new Map([...environment, ['PATH', searchPath(run)]]);
  return { directory: absolute('/', workingDirectory), variables };
}

/** A path from a directory, its `..` left for the links to be followed first. */
export function absolute(directory: string, path: string): string {
  if (path.startsWith('/')) return path;
  return `${directory === '/' ? '' : directory}/${path}`;
}

export function withVariable(around: Surroundings, name: string, value: string | undefined): Surroundings {
  return { ...around, variables: new Map(around.variables).set(name, value) };
}

/** A PATH that something else than the image's config decides. */
export function withUnknownPath(around: Surroundings): Surroundings {
  return withVariable(around, 'PATH', undefined);
}

export function changedDirectory(around: Surroundings, to: Word): Surroundings {
  if (to === undefined) return { ...around, directory: undefined };
  if (to.startsWith('/')) return { ...around, directory: to };
  const { directory } = around;
  return { ...around, directory: directory === undefined ? undefined : absolute(directory, to) };
}
