/** A package as far as others need it: names alone, for versions differ from architecture to architecture. */
export interface NeedingPackage {
  readonly name: string;
  /** Of each, one must be there; names of packages, libraries, commands, files. */
  readonly needs: readonly string[];
  readonly gives: readonly string[];
}

export interface UnmetNeed {
  readonly by: string;
  readonly need: string;
}

/** What packages need, and none of them gives. */
export function unmetNeeds(
  packages: readonly NeedingPackage[],
  isFile: (path: string) => boolean,
): readonly UnmetNeed[] {
  const given = new Set(packages.flatMap(({ name, gives }) => [name, ...gives]));
  const unmet: UnmetNeed[] = [];
  for (const { name, needs } of packages)
    for (const need of needs)
      if (!given.has(need) && !(need.startsWith('/') && isFile(need.slice(1))))
        unmet.push({ by: name, need });
  return unmet;
}

/**
 * Of packages that the new architecture doesn't have at all, those that were there for others and that those don't need any
 * more. What nobody needed was chosen by a person, and isn't among them.
 */
export function unneeded<P extends NeedingPackage>(
  missing: readonly P[],
  {
    before,
    now,
    isChosen,
  }: {
    readonly before: readonly NeedingPackage[];
    /** Without the missing ones. */
    readonly now: readonly NeedingPackage[];
    readonly isChosen: (name: string) => boolean;
  },
): readonly P[] {
  const needed = (by: readonly NeedingPackage[]): ReadonlySet<string> =>
    new Set(by.flatMap(({ needs }) => needs));
  const isNeeded = (one: P, names: ReadonlySet<string>): boolean =>
    names.has(one.name) || one.gives.some((name) => names.has(name));
  const wasNeeded = needed(before);
  let gone = missing.filter((one) => isNeeded(one, wasNeeded) && !isChosen(one.name));
  // One that stays may need another: until nothing changes.
  for (;;) {
    const staying = missing.filter((one) => !gone.includes(one));
    const names = needed([...now, ...staying]);
    const left = gone.filter((one) => !isNeeded(one, names));
    if (left.length === gone.length) return gone;
    gone = left;
  }
}
