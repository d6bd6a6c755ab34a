import type { MergedView } from '../../../../layer/index.ts';
import type { PackageFile } from '../registry/index.ts';
import type { Doubt, OldPackage } from './types.ts';

const maxListed = 3;

/**
 * Is an installed package as its registry has it? Files may be missing, for people remove what they don't need; npm up to
 * version 6 wrote into package.json. What somebody changed or added would be lost with it.
 */
export function alteration(
  { folder, manifest }: OldPackage,
  files: ReadonlyMap<string, PackageFile>,
  view: MergedView,
): Doubt | undefined {
  const wrong: string[] = [];
  for (const path of pathsIn(view, folder)) {
    const there = view.lookup(`${folder}/${path}`)?.entry;
    const file = files.get(path);
    if (path === 'package.json' && file !== undefined && there?.kind === 'file') continue;
    if (there?.kind !== 'file' || file === undefined || file.sha256 !== there.sha256) wrong.push(path);
  }
  if (wrong.length === 0) return undefined;
  const more = wrong.length > maxListed ? ` and ${wrong.length - maxListed} more` : '';
  const listed = wrong.slice(0, maxListed).join(', ');
  return {
    kind: 'altered',
    why: `${manifest.name} ${manifest.version} is not as its registry has it: ${listed}${more}`,
    lift: 'Build the image for the new platform',
  };
}

/** All but folders, and packages in its own `node_modules`, which are others. */
function pathsIn(view: MergedView, folder: string, inner = ''): readonly string[] {
  return view.list(inner === '' ? folder : `${folder}/${inner}`).flatMap(({ path, entry }) => {
    const own = path.slice(folder.length + 1);
    if (own === 'node_modules') return [];
    return entry.kind === 'directory' ? pathsIn(view, folder, own) : [own];
  });
}
