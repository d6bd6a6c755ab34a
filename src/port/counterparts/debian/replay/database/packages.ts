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
  const { database, bases } = input;
  const byPackage = new Map(input.replayed.map((by) => [by.installed, by]));
  const [refused, gone] = [new Set(input.refused), new Set(input.gone)];
  const known = bases && { old: new NameIndex(bases.old), new: new NameIndex(bases.new) };
  const standing = (one: InstalledPackage): Standing => {
    const by = byPackage.get(one);
    if (by !== undefined) return { kind: 'replayed', by };
    if (gone.has(one)) return { kind: 'gone', why: 'the new architecture has no use for it' };
    if (refused.has(one)) return { kind: 'as-it-is' };
    const old = known?.old.unchanged(one);
    if (known !== undefined && old !== undefined) {
      const sibling = known.new.siblingOf(one, names);
      if (sibling !== undefined) return { kind: 'base', sibling, old };
      return { kind: 'gone', why: 'the new base does not have it' };
    }
    return one.architecture === names.source ? { kind: 'left-over' } : { kind: 'as-it-is' };
  };
  return new Map(database.packages.map((one) => [one, standing(one)]));
}

/** The packages of a database by name and architecture. */
export class NameIndex {
  readonly #packages: ReadonlyMap<string, InstalledPackage>;

  constructor({ packages }: PackageDatabase) {
    this.#packages = new Map(packages.map((one) => [`${one.name}:${one.architecture}`, one]));
  }

  get(name: string, architecture: string): InstalledPackage | undefined {
    return this.#packages.get(`${name}:${architecture}`);
  }

  /** The same package, if it's of the same version and state. */
  unchanged({ name, architecture, version, state }: InstalledPackage): InstalledPackage | undefined {
    const other = this.get(name, architecture);
    return other?.version === version && other.state === state ? other : undefined;
  }

  /**
   * The package of that name for the new architecture. It may be of every architecture in one version and of one in another.
   */
  siblingOf(
    { name, architecture }: Pick<InstalledPackage, 'name' | 'architecture'>,
    { source, target }: DebianNames,
  ): InstalledPackage | undefined {
    const own = architecture === source ? target : architecture;
    return this.get(name, own) ?? this.get(name, 'all') ?? this.get(name, target);
  }
}
