/** Says which packages have a path. */
export function ownersIn<P extends { readonly files?: readonly { readonly path: string }[] }>(
  packages: readonly P[],
): (path: string) => readonly P[] {
  const owners = new Map<string, P[]>();
  for (const one of packages)
    for (const { path } of one.files ?? []) {
      const known = owners.get(path);
      if (known === undefined) owners.set(path, [one]);
      else if (known.at(-1) !== one) known.push(one);
    }
  return (path) => owners.get(path) ?? [];
}
