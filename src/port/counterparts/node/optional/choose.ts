import { type ArchitectureWords, withoutArchitecture } from '../../../config/architecture-words.ts';
import { knownRegistry, type NpmConfiguration } from '../configuration/index.ts';
import { NodeError } from '../errors.ts';
import { exactVersion, isPackageName, optionalSpec } from '../manifest.ts';
import { type NodePlatform, runsOn } from '../platform.ts';
import type { Registry, VersionRecord } from '../registry/index.ts';
import { type PackageTree, type Parent, projectOf } from '../tree.ts';
import type { Chosen, Doubt, OldPackage } from './types.ts';

export interface ChooseParts {
  readonly tree: PackageTree;
  readonly words: ArchitectureWords;
  readonly registry: Registry;
  readonly configuration: NpmConfiguration;
  readonly target: NodePlatform;
  /** Optional packages that are asked for where no name says which is meant. */
  readonly maxCandidates: number;
}

const build = 'Build the image for the new platform';

/**
 * The package that npm would install on the target in an old one's place: among the optional dependencies of the package
 * that names the old one, it's the one whose own `os`, `cpu` and `libc`, as the registry has them, fit. Names only say what
 * is asked for first, and tell apart what fits alike.
 * @throws NodeError for what the registry doesn't answer; the signal's reason.
 */
export async function choose(old: OldPackage, parts: ChooseParts): Promise<Chosen | Doubt> {
  const { name } = old.manifest;
  const parents = parts.tree.parentsOf(old.folder, name);
  if (parents.length === 0)
    return {
      kind: 'no-counterpart',
      why: `no package of the image names ${name} as an optional dependency, so nothing tells what its counterpart is`,
      lift: build,
    };
  let doubt: Doubt | undefined;
  for (const parent of parents) {
    const found = await chooseOf(old, parent, parts);
    if ('record' in found) return found;
    // What couldn't be told goes before what isn't there.
    if (doubt === undefined || found.undetermined) doubt = found;
  }
  return doubt ?? noneOf(old, '');
}

async function chooseOf(old: OldPackage, parent: Parent, parts: ChooseParts): Promise<Chosen | Doubt> {
  const { name } = old.manifest;
  const exact = exactVersion(optionalSpec(parent.manifest, name) ?? '');
  if (exact !== undefined && exact !== exactVersion(old.manifest.version))
    return noneOf(
      old,
      `${parent.manifest.name} names ${exact}: which version of its counterpart is meant can't be told`,
    );
  const offered = Object.keys(parent.manifest.optionalDependencies ?? {}).filter(
    (one) => one !== name && isPackageName(one),
  );
  const respelled = parts.words.respelled(name);
  const likely = offered.filter((one) => respelled.includes(one));
  const first = await fitting(old, { parent, names: likely }, parts);
  const [only, second] = first;
  if (only !== undefined && second === undefined) return only;
  if (only !== undefined) return several(old, parent, first);
  // A name that is another's counterpart by its spelling is not this one's.
  const own = withoutArchitecture(name);
  const others = offered.filter(
    (one) => !likely.includes(one) && !isOfAnother(one, { own, offered, ...parts }),
  );
  if (others.length > parts.maxCandidates)
    return noneOf(old, `${parent.manifest.name} names ${others.length} packages, too many to ask for each`);
  const [found, more] = await fitting(old, { parent, names: others, mayMiss: true }, parts);
  if (found === undefined)
    return noneOf(old, `${parent.manifest.name} names none for ${described(parts.target)}`);
  return more === undefined ? found : several(old, parent, [found, more]);
}

/** Is there an old platform's package whose counterpart it is by its name? */
function isOfAnother(
  candidate: string,
  {
    own,
    offered,
    words,
  }: { readonly own: string; readonly offered: readonly string[]; readonly words: ArchitectureWords },
): boolean {
  const key = withoutArchitecture(candidate);
  if (key === candidate || key === own) return false;
  return offered.some((other) => words.isSpelledIn(other) && withoutArchitecture(other) === key);
}

interface Candidates {
  readonly parent: Parent;
  readonly names: readonly string[];
  /** One that the registry doesn't have just doesn't fit. */
  readonly mayMiss?: boolean;
}

async function fitting(
  old: OldPackage,
  { parent, names, mayMiss = false }: Candidates,
  parts: ChooseParts,
): Promise<readonly Chosen[]> {
  const found: Chosen[] = [];
  for (const name of names) {
    const version = versionOf(name, old, parent);
    if (version === undefined) continue;
    const registry = await knownRegistry(parts.configuration, name, projectOf(old.folder));
    const record = await parts.registry.version(name, version, registry).catch((error: unknown) => {
      if (mayMiss && error instanceof NodeError && error.code === 'NODE_NOT_FOUND') return undefined;
      throw error;
    });
    if (record !== undefined && fits(record, old, parts.target))
      found.push({ old, record, registry, parent: parent.folder });
  }
  return found;
}

function fits(record: VersionRecord, { manifest }: OldPackage, target: NodePlatform): boolean {
  // A package without any restriction is there for the old platform too, and no counterpart.
  if (record.cpu === undefined || !runsOn(record, target)) return false;
  if (target.libc !== undefined || record.libc === undefined || manifest.libc === undefined) return true;
  return record.libc.some((one) => manifest.libc?.includes(one));
}

/** An exact version as it's written; a range only where both have the same one, and then the old one's version. */
function versionOf(name: string, { manifest }: OldPackage, parent: Parent): string | undefined {
  const spec = optionalSpec(parent.manifest, name) ?? '';
  const isSame = spec === optionalSpec(parent.manifest, manifest.name);
  return exactVersion(spec) ?? (isSame ? exactVersion(manifest.version) : undefined);
}

function described({ os, cpu, libc }: NodePlatform): string {
  return `${os}-${cpu}${libc === undefined ? '' : ` with ${libc}`}`;
}

function noneOf({ manifest }: OldPackage, why: string): Doubt {
  return {
    kind: 'no-counterpart',
    why: `${manifest.name} ${manifest.version} is for the old platform alone, and ${why}`,
    lift: build,
  };
}

function several({ manifest }: OldPackage, parent: Parent, found: readonly Chosen[]): Doubt {
  const names = found.map(({ record }) => record.name).join(', ');
  return {
    kind: 'no-counterpart',
    why: `several packages that ${parent.manifest.name} names could take the place of ${manifest.name}: ${names}`,
    lift: build,
  };
}
