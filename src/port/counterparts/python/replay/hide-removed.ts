import { posix } from 'node:path';
import type { MergedView } from '../../../../layer/index.ts';
import type { PlacedAddition, PortImage } from '../../../origin-types.ts';
import { textIn } from '../installed/text.ts';
import { parseInfoName } from '../names.ts';
import { parseRecord } from '../record.ts';

/**
 * Hides what the new base alone has of distributions that layers above the base removed, or replaced by another version:
 * libraries beside a package have other names on each machine. What was deleted under the same name, or one that is
 * respelled, is the assembly's.
 * @param used places of the new image that something comes to by the plan.
 */
export function hideRemoved(image: PortImage, used: ReadonlySet<string>): readonly PlacedAddition[] {
  const { view, oldBase, newBase, baseLayers, mapPath } = image;
  if (baseLayers === 0) return [];
  const hidden: PlacedAddition[] = [];
  for (const { path: info, entry } of oldBase.entries()) {
    const name = entry.kind === 'directory' ? parseInfoName(posix.basename(info)) : undefined;
    if (name === undefined || view.lookup(`${info}/RECORD`) !== undefined) continue;
    const layer = removingLayer(image, info);
    if (layer === undefined) continue;
    const twins = new Set([...recorded(oldBase, info)].map((path) => mapPath(path)));
    for (const path of recorded(newBase, info)) {
      const isAnswered = used.has(path) || twins.has(path) || view.lookup(path) !== undefined;
      if (isAnswered || oldBase.lookup(path) !== undefined) continue;
      // Where its folder is gone too, that was deleted, and stays so.
      if (view.lookup(posix.dirname(path))?.entry.kind !== 'directory') continue;
      const why = `the new base's ${name.written} ${name.version} has it, which was removed above the base`;
      hidden.push({ kind: 'whiteout', path, why, layer });
    }
  }
  return hidden;
}

/** Files of a distribution that are there. */
function recorded(view: MergedView, info: string): ReadonlySet<string> {
  const lines = parseRecord(textIn(view, `${info}/RECORD`) ?? '') ?? [];
  const paths = lines.map(({ path }) => posix.normalize(posix.join(posix.dirname(info), path)));
  return new Set(paths.filter((path) => view.lookup(path)?.entry.kind === 'file'));
}

/** The layer above the base that deletes it, counted from the first. */
function removingLayer({ view, baseLayers }: PortImage, info: string): number | undefined {
  const names = new Set([info, `${info}/RECORD`]);
  const index = view.layers
    .slice(baseLayers)
    .findIndex(({ entries }) => entries.some(({ kind, path }) => kind === 'whiteout' && names.has(path)));
  return index < 0 ? undefined : index;
}
