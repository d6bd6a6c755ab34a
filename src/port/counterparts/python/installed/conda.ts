import { posix } from 'node:path';
import type { PortImage, Refusal } from '../../../origin-types.ts';
import { holdsForeign } from './foreign.ts';

/** A folder with packages of conda that layers above the base brought. */
export interface CondaEnvironment {
  readonly root: string;
  /** Its machine code of the old architecture that nobody answers for. */
  readonly code: readonly string[];
}

/** conda records each package of an environment in a file of `conda-meta`. */
export function findCondaEnvironments(
  { view, baseLayers, ...machines }: PortImage,
  taken: ReadonlySet<string>,
): readonly CondaEnvironment[] {
  const environments = new Map<string, string[]>();
  for (const { path, layer, entry } of view.entries()) {
    if (layer < baseLayers || entry.kind !== 'file' || !path.endsWith('.json')) continue;
    const folder = posix.dirname(path);
    if (posix.basename(folder) === 'conda-meta') environments.set(posix.dirname(folder), []);
  }
  if (environments.size === 0) return [];
  for (const { path, layer, entry } of view.entries())
    if (layer >= baseLayers && !taken.has(path) && holdsForeign(entry, machines))
      environmentOf(path, environments)?.push(path);
  return [...environments]
    .filter(([, code]) => code.length > 0)
    .map(([root, code]) => ({ root: root === '.' ? '' : root, code }));
}

/** Of the nearest environment around a path. */
function environmentOf(path: string, environments: ReadonlyMap<string, string[]>): string[] | undefined {
  for (let folder = posix.dirname(path); ; folder = posix.dirname(folder)) {
    const found = environments.get(folder);
    if (found !== undefined || folder === '.') return found;
  }
}

export function condaRefusal({ root, code }: CondaEnvironment): Refusal {
  return {
    path: root,
    kind: 'package',
    guess: `conda: the environment in /${root}`,
    why: `/${root} is an environment of conda with ${code.length} files of machine code, and conda makes one for each architecture from packages of its own`,
    lift: 'Make it anew for the platform from its lock file, in an image built for it; or give the image a base that has it for both.',
    waivable: true,
    covers: code,
  };
}
