import { standings } from '../../../shared/replay/standings.ts';
import { fieldOf, type Paragraph } from '../../control.ts';
import type { InstalledPackage } from '../../database/index.ts';
import type { StoredPackage } from '../../store/index.ts';
import type { DebianNames, ReplayInput } from '../types.ts';

/** What the new image will have of packages: their own paragraphs, those of refused ones left out. */
export function newParagraphs(
  input: Pick<ReplayInput, 'database' | 'bases' | 'replayed' | 'refused' | 'gone'>,
  names: DebianNames,
  extra: readonly StoredPackage[],
): readonly Paragraph[] {
  const { bases } = input;
  const refused = new Set(input.refused);
  const all = standings(input, names);
  const own = [...all].flatMap(([installed, standing]): Paragraph[] => {
    if (!isThere(installed) || refused.has(installed)) return [];
    if (standing.kind === 'replayed') return [standing.by.stored.control.paragraph];
    if (standing.kind === 'base') return [standing.sibling.paragraph];
    return standing.kind === 'gone' ? [] : [installed.paragraph];
  });
  const before = new Set(bases?.old.packages.map(({ name }) => name));
  const here = new Set(own.map((paragraph) => fieldOf(paragraph, 'Package')));
  const ofBase = (bases?.new.packages ?? []).filter(
    (one) => isThere(one) && !before.has(one.name) && !here.has(one.name),
  );
  return [
    ...own,
    ...ofBase.map(({ paragraph }) => paragraph),
    ...extra.map(({ control }) => control.paragraph),
  ];
}

export function isThere({ state }: InstalledPackage): boolean {
  return state !== 'config-files' && state !== 'not-installed';
}
