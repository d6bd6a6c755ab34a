import semver from 'semver';
import type { RecipeDocument } from '../schema.ts';
import { literalOf } from '../template.ts';
import type { Problems } from './problems.ts';

/** Versions are ranges that can hold, each tool is there once, and provisions are scripts without expressions. */
export function checkTools({ versions, requires }: RecipeDocument, problems: Problems): void {
  if (versions !== undefined && semver.validRange(versions) === null)
    problems.add(['versions'], rangeProblem(versions));
  const names = new Set<string>();
  for (const [index, { name, version, get = [] }] of (requires?.tools ?? []).entries()) {
    const path = ['requires', 'tools', index];
    if (names.has(name)) problems.add(path, `the tool "${name}" is there twice`);
    names.add(name);
    if (version !== undefined && semver.validRange(version) === null)
      problems.add([...path, 'version'], rangeProblem(version));
    for (const [number, { run }] of get.entries())
      if (literalOf(run) === undefined)
        problems.add([...path, 'get', number, 'run'], 'commands that get a tool take no expressions');
  }
}

function rangeProblem(range: string): string {
  return `"${range}" is no range of versions, such as ">=1.16.5" or "1.15 - 1.17"`;
}
