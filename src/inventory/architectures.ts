/**
 * Go's Linux architectures, which are the values of the `kubernetes.io/arch` label. A constraint that only excludes
 * (`NotIn arm64`) allows the others of this list.
 */
export const knownArchitectures: readonly string[] = [
  '386',
  'amd64',
  'arm',
  'arm64',
  'loong64',
  'mips',
  'mips64',
  'mips64le',
  'mipsle',
  'ppc64',
  'ppc64le',
  'riscv64',
  's390x',
];

/** The known architectures except these. */
export function allExcept(excluded: ReadonlySet<string>): string[] {
  return knownArchitectures.filter((architecture) => !excluded.has(architecture));
}
