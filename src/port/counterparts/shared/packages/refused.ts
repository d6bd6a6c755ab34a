import { foreignCodeIn } from '../../../../audit/index.ts';
import type { PortImage } from '../../../origin-types.ts';
import type { PathPlan } from '../../../plan-types.ts';
import type { PackageFiles } from '../replay/types.ts';

/** A refused package is one refusal, not one for each of its programs: no port goes on while it stands. */
export function refusedPaths(
  image: PortImage,
  refused: readonly PackageFiles[],
  taken: ReadonlySet<string>,
): ReadonlyMap<string, PathPlan> {
  const paths = new Map<string, PathPlan>();
  for (const { name, files } of refused)
    for (const { path } of files ?? [])
      if (!taken.has(path) && holdsForeignCode(image, path))
        paths.set(path, { action: 'keep', why: `the package ${name} has no counterpart, which is refused` });
  return paths;
}

/** Has somebody else answered for all of its programs? */
export function isReplacedByOthers(
  image: PortImage,
  { files = [] }: PackageFiles,
  taken: ReadonlySet<string>,
): boolean {
  const code = files.filter(({ path }) => holdsForeignCode(image, path));
  return code.length > 0 && code.every(({ path }) => taken.has(path));
}

/** Above the base. */
function holdsForeignCode({ view, baseLayers, target }: PortImage, path: string): boolean {
  const there = view.lookup(path);
  if (there === undefined || there.layer < baseLayers || there.entry.facts === undefined) return false;
  return foreignCodeIn(there.entry.facts, target).length > 0;
}
