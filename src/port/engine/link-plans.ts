import type { MergedView, ViewEntry } from '../../layer/index.ts';
import type { AssembleInput } from '../assembly/index.ts';
import { type ArchitectureWords, architectureWords } from '../config/architecture-words.ts';
import type { PortImage } from '../origin-types.ts';
import type { PathPlan } from '../plan-types.ts';
import { foresee } from './foresee.ts';
import type { JoinedPlans } from './types.ts';

/**
 * Plans for symbolic links above the base that no origin speaks of, and that lead to a path of the old architecture: they
 * lead to its counterpart in the new image, where that is there.
 * @throws AssemblyError where the layers can't be put together.
 */
export async function linkPlans(
  image: PortImage,
  plans: JoinedPlans,
  input: AssembleInput,
): Promise<ReadonlyMap<string, PathPlan>> {
  const words = architectureWords(image.source.architecture, image.target.architecture);
  const links = [...image.view.entries()].filter(
    ({ path, entry, layer }) =>
      entry.kind === 'symlink' &&
      layer >= image.baseLayers &&
      !plans.paths.has(path) &&
      words.isSpelledIn(entry.linkName ?? '') &&
      image.view.resolve(path).found,
  );
  if (links.length === 0) return new Map();
  const view = await foresee(input, () => false);
  return new Map(links.flatMap((link) => respelled(link, view, words)));
}

function respelled(
  { path, entry: { linkName = '' } }: ViewEntry,
  view: MergedView,
  words: ArchitectureWords,
): readonly (readonly [string, PathPlan])[] {
  if (view.lookup(path)?.entry.kind !== 'symlink' || view.resolve(path).found) return [];
  const from = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const to = words.respelled(linkName).find((name) => view.resolve(name, { from }).found);
  if (to === undefined) return [];
  const why = `${linkName}, which it leads to, is ${to} on the new architecture`;
  return [[path, { action: 'replace', with: { kind: 'symlink', linkName: to, origin: 'respelled' }, why }]];
}
