/** Members of a gem's metadata that may differ between its builds for two platforms; installed specifications have others' alone. */
const ofBuilds: ReadonlySet<string> = new Set([
  'platform',
  'date',
  'files',
  'test_files',
  'rubygems_version',
  'cert_chain',
  'signing_key',
]);

/** The members that differ between the metadata of two gems and must not, by name. */
export function differingMembers(one: string, other: string): readonly string[] {
  const [left, right] = [membersOf(one), membersOf(other)];
  return [...new Set([...left.keys(), ...right.keys()])].filter(
    (name) => !ofBuilds.has(name) && left.get(name) !== right.get(name),
  );
}

/** RubyGems writes each member at the beginning of a line, and what it holds behind it, or in the lines below. */
function membersOf(metadata: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  let name = '';
  for (const line of metadata.split(/\r?\n/)) {
    const [, found] = /^([a-z_]+):/.exec(line) ?? [];
    if (found !== undefined) name = found;
    members.set(name, `${members.get(name) ?? ''}${line}\n`);
  }
  return members;
}

/**
 * An installed specification for another platform, which is the same Ruby code but for the platform's name in two places.
 * `undefined` where it's not as RubyGems writes it.
 */
export function respelledSpecification(text: string, from: string, to: string): string | undefined {
  const stub = /^(# stub: \S+ \S+ )(\S+)( )/gm;
  const platform = /^(\s*s\.platform = ")([^"]+)("(?:\.freeze)?\s*)$/gm;
  for (const pattern of [stub, platform]) {
    const found = [...text.matchAll(pattern)];
    if (found.length !== 1 || found[0]?.[2] !== from) return undefined;
  }
  const changed = text.replace(stub, `$1${to}$3`).replace(platform, `$1${to}$3`);
  return changed.includes(from) ? undefined : changed;
}
