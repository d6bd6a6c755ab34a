import type { InstalledPackage, PackageDatabase } from '../../database/index.ts';
import type { DebianNames, ReplayedPackage, ReplayInput } from '../types.ts';

/** What becomes of a package's record. */
export type Standing =
  /** The target's package took its place. */
  | { readonly kind: 'replayed'; readonly by: ReplayedPackage }
  /** It's the base's, unchanged above it: what the sibling has. */
  | { readonly kind: 'base'; readonly sibling: InstalledPackage; readonly old: InstalledPackage }
  /** The old base had it, and the new one doesn't. */
  | { readonly kind: 'gone'; readonly why: string }
  /** Removed but for its configuration: it needs a new name of its architecture only. */
  | { readonly kind: 'left-over' }
  /** Of every architecture, or refused. */
  | { readonly kind: 'as-it-is' };

/** Says what becomes of each package of the image. */
export function standings(
  input: Pick<ReplayInput, 'database' | 'bases' | 'replayed' | 'refused' | 'gone'>,
  names: DebianNames,
): ReadonlyMap<InstalledPackage, Standing> {
  const { database, bases, replayed, refused, gone = [] } = input;
  const byPackage = new Map(replayed.map((by) => [by.installed, by]));
  const standing = (one: InstalledPackage): Standing => {
    const by = byPackage.get(one);
    if (by !== undefined) return { kind: 'replayed', by };
    if (gone.includes(one)) return { kind: 'gone', why: 'the new architecture has no use for it' };
    if (refused.includes(one)) return { kind: 'as-it-is' };
    const old = bases && unchangedInBase(one, bases.old);
    if (old !== undefined && bases !== undefined) return inBase(one, old, { base: bases.new, names });
    return one.architecture === names.source ? { kind: 'left-over' } : { kind: 'as-it-is' };
  };
  return new Map(database.packages.map((one) => [one, standing(one)]));
}

/** The old base's record of the same package, if it's of the same version and state. */
export function unchangedInBase(one: InstalledPackage, base: PackageDatabase): InstalledPackage | undefined {
  return base.packages.find(
    (other) =>
      other.name === one.name &&
      other.architecture === one.architecture &&
      other.version === one.version &&
      other.state === one.state,
  );
}

function inBase(
  one: InstalledPackage,
  old: InstalledPackage,
  { base, names }: { readonly base: PackageDatabase; readonly names: DebianNames },
): Standing {
  const sibling = siblingOf(one, base, names);
  if (sibling !== undefined) return { kind: 'base', sibling, old };
  return { kind: 'gone', why: 'the new base does not have it' };
}

/** The package of that name in the new base. */
export function siblingOf(
  { name, architecture }: Pick<InstalledPackage, 'name' | 'architecture'>,
  base: PackageDatabase,
  { source, target }: DebianNames,
): InstalledPackage | undefined {
  const own = architecture === source ? target : architecture;
  const same = base.packages.filter((other) => other.name === name);
  // A package may be of every architecture in one version and of one in another.
  return (
    same.find((other) => other.architecture === own) ??
    same.find(({ architecture: other }) => other === 'all' || other === target)
  );
}
