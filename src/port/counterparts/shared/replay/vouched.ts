import { foreignCodeIn } from '../../../../audit/index.ts';
import type { FileFacts } from '../../../../binary/index.ts';
import type { Draft } from './draft.ts';
import { PackageRecord } from './files/alteration.ts';
import type { Pairing } from './files/pairing.ts';
import type { FileReplay } from './types.ts';

/**
 * Places whose foreign machine code the packages' own source has there on the new architecture: boot images for other machines and the
 * like, in a package of the new architecture or of all. By Debian Policy 5.6.8 what is for all is the same on each.
 */
export async function vouchedPlaces(
  draft: Draft,
  input: FileReplay,
  pairings: readonly Pairing[],
): Promise<readonly string[]> {
  const isForeign = (facts: FileFacts | undefined): boolean =>
    facts !== undefined && foreignCodeIn(facts, draft.image.target).length > 0;
  const replaced = [...draft.paths].flatMap(([path, plan]) =>
    plan.action === 'replace' && plan.with.kind === 'file' && isForeign(plan.with.facts)
      ? [plan.to ?? path]
      : [],
  );
  const added = draft.added.flatMap((item) =>
    item.kind === 'file' && isForeign(item.facts) ? [item.path] : [],
  );
  const same = pairings.flatMap(({ pairs }) =>
    pairs.flatMap(({ old, new: found }) => {
      const entry = old.entry?.entry;
      const isSame = entry?.sha256 !== undefined && entry.sha256 === found.file.sha256;
      return isSame && isForeign(entry.facts) ? [found.place] : [];
    }),
  );
  return [...replaced, ...added, ...same, ...(await filesForAll(draft, input, isForeign))];
}

async function filesForAll(
  { image }: Draft,
  input: FileReplay,
  isForeign: (facts: FileFacts | undefined) => boolean,
): Promise<readonly string[]> {
  const places: string[] = [];
  for (const installed of input.database.packages) {
    if (installed.architecture !== 'all') continue;
    const record = new PackageRecord(installed, input);
    for (const { path, listed } of installed.files ?? []) {
      const entry = image.view.lookup(path)?.entry;
      if (entry?.kind !== 'file' || !isForeign(entry.facts)) continue;
      if ((await record.alterationOf(listed, entry)) === 'unaltered') places.push(path);
    }
  }
  return places;
}
