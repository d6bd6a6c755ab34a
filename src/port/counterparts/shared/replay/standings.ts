import type { ArchitectureNames, PackageFiles, ReplayedFiles } from './types.ts';

/** What becomes of a package's record. */
export type Standing<P extends PackageFiles = PackageFiles, R extends ReplayedFiles = ReplayedFiles> =
  /** The target's package took its place. */
  | { readonly kind: 'replayed'; readonly by: R }
  /** It's the base's, unchanged above it: what the sibling has. */
  | { readonly kind: 'base'; readonly sibling: P; readonly old: P }
  /** The old base had it, and the new one doesn't. */
  | { readonly kind: 'gone'; readonly why: string }
  /** Removed but for its configuration: it needs a new name of its architecture only. */
  | { readonly kind: 'left-over' }
  /** Of every architecture, or refused. */
  | { readonly kind: 'as-it-is' };

interface Packages<P> {
  readonly packages: readonly P[];
}

export interface StandingsInput<P extends PackageFiles, R extends ReplayedFiles> {
  readonly database: Packages<P>;
  readonly bases?: { readonly old: Packages<P>; readonly new: Packages<P> };
  readonly replayed: readonly R[];
  readonly refused: readonly P[];
  readonly gone?: readonly P[];
}

/** Says what becomes of each package of the image. */
export function standings<P extends PackageFiles, R extends ReplayedFiles>(
  input: StandingsInput<P, R>,
  names: ArchitectureNames,
): ReadonlyMap<P, Standing<P, R>> {
  const { database, bases } = input;
  const byPackage = new Map<PackageFiles, R>(input.replayed.map((by) => [by.installed, by]));
  const [refused, gone] = [new Set(input.refused), new Set(input.gone)];
  const known = bases && { old: new NameIndex(bases.old), new: new NameIndex(bases.new) };
  const standing = (one: P): Standing<P, R> => {
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
export class NameIndex<P extends PackageFiles = PackageFiles> {
  readonly #packages: ReadonlyMap<string, P>;

  constructor({ packages }: Packages<P>) {
    this.#packages = new Map(packages.map((one) => [`${one.name}:${one.architecture}`, one]));
  }

  get(name: string, architecture: string): P | undefined {
    return this.#packages.get(`${name}:${architecture}`);
  }

  /** The same package, if it's of the same version and state. */
  unchanged({ name, architecture, version, state }: PackageFiles): P | undefined {
    const other = this.get(name, architecture);
    return other?.version === version && other.state === state ? other : undefined;
  }

  /**
   * The package of that name for the new architecture. It may be of every architecture in one version and of one in another.
   */
  siblingOf(
    { name, architecture }: Pick<PackageFiles, 'name' | 'architecture'>,
    { source, target }: ArchitectureNames,
  ): P | undefined {
    const own = architecture === source ? target : architecture;
    return this.get(name, own) ?? this.get(name, 'all') ?? this.get(name, target);
  }
}
