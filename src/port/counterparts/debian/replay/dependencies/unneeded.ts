import type { InstalledPackage } from '../../database/index.ts';
import type { DebianNames, ReplayInput } from '../types.ts';
import { isThere, newParagraphs } from './new-paragraphs.ts';
import { PackageSet } from './package-set.ts';

/** More than that are missing for another reason: a whole archive of the architecture. */
const most = 100;

/**
 * Packages that the target's archive doesn't have at all, that were there for others, and that those don't need on the new
 * architecture: libquadmath0 comes with libgfortran5 on amd64 and not on arm64. What nobody needed was chosen by a person,
 * and isn't among them.
 */
export function unneededPackages(
  missing: readonly InstalledPackage[],
  input: Pick<ReplayInput, 'database' | 'bases' | 'replayed' | 'refused'>,
  names: DebianNames,
): readonly InstalledPackage[] {
  if (missing.length === 0 || missing.length > most) return [];
  const old = input.database.packages.filter(isThere).map(({ paragraph }) => paragraph);
  const before = new PackageSet(old).neededNames();
  const now = newParagraphs(input, names, []);
  let gone = missing.filter((one) => !one.essential && before.has(one.name));
  // One that stays may need another: until nothing changes.
  for (;;) {
    const set = new Set(gone);
    const staying = input.refused.filter((one) => !set.has(one)).map(({ paragraph }) => paragraph);
    const needed = new PackageSet([...now, ...staying]).neededNames();
    const left = gone.filter((one) => !needed.has(one.name));
    if (left.length === gone.length) return gone;
    gone = left;
  }
}
