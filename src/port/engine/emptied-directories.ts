import type { PortImage } from '../origin-types.ts';
import type { PathPlan } from '../plan-types.ts';
import type { JoinedPlans } from './types.ts';

/**
 * Directories that are named for the old architecture, and from which the plans take all that is in them: they become those
 * that the files went to, or go.
 */
export function emptiedDirectories(image: PortImage, plans: JoinedPlans): ReadonlyMap<string, PathPlan> {
  const emptied = new Map<string, PathPlan>();
  const targets = parentsOf(plans);
  // From the deepest up, so that a directory of emptied ones is one too.
  const paths = [...image.view.entries()].filter(({ entry }) => entry.kind === 'directory').reverse();
  for (const { path, layer, implicit } of paths) {
    if (path === '' || layer < image.baseLayers || implicit || plans.paths.has(path)) continue;
    const to = image.mapPath(path);
    if (to === undefined || to === path) continue;
    const children = image.view.list(path);
    const isLeft = children.some(
      (child) => child.layer < image.baseLayers || !isGone(child.path, plans.paths, emptied),
    );
    if (isLeft || children.length === 0) continue;
    const isThere = targets.has(to) || image.newBase.lookup(to)?.entry.kind === 'directory';
    emptied.set(
      path,
      isThere
        ? { action: 'rename', to, why: 'all that was in it is there now' }
        : { action: 'drop', why: 'nothing is left in it', below: 'shows' },
    );
  }
  return emptied;
}

function isGone(
  path: string,
  planned: ReadonlyMap<string, PathPlan>,
  emptied: ReadonlyMap<string, PathPlan>,
): boolean {
  const plan = planned.get(path) ?? emptied.get(path);
  if (plan === undefined || plan.action === 'keep') return false;
  return plan.action === 'drop' || (plan.to !== undefined && plan.to !== path);
}

/** Every directory that something is to go into. */
function parentsOf({ paths, added }: JoinedPlans): ReadonlySet<string> {
  const parents = new Set<string>();
  const add = (path: string) => {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      parents.add(path.slice(0, at));
  };
  for (const plan of paths.values()) if ('to' in plan && plan.to !== undefined) add(plan.to);
  for (const { path } of added) add(path);
  return parents;
}
