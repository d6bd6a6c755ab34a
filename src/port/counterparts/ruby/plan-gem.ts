import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { foreignCodeIn } from '../../../audit/index.ts';
import { machineCodeIn } from '../../../binary/index.ts';
import type { ViewEntry } from '../../../layer/index.ts';
import type { StoredFile } from '../../fetch/index.ts';
import type { PlacedAddition, PortImage } from '../../origin-types.ts';
import type { PathPlan, ReplacePlan } from '../../plan-types.ts';
import { gemFolder, type InstalledGem } from './find-gems.ts';
import type { Gem, GemFile } from './open-gem.ts';
import type { RefusedWhy } from './refusals.ts';
import { differingMembers, respelledSpecification } from './specification.ts';

/** A gem of the image, with the two that a server has of it. */
export interface FoundGem {
  readonly installed: InstalledGem;
  readonly source: Gem;
  readonly target: Gem;
  /** Of the new one. */
  readonly platform: string;
  readonly fullName: string;
  /** The gems as they are. */
  readonly sourceSha256: string;
  readonly targetFile: StoredFile & { readonly content: () => AsyncIterable<Uint8Array> };
}

export type GemPlan =
  | {
      readonly kind: 'planned';
      readonly paths: ReadonlyMap<string, PathPlan>;
      readonly added: readonly PlacedAddition[];
      readonly notes: readonly string[];
    }
  | { readonly kind: 'refused'; readonly why: RefusedWhy };

/** What becomes of an installed gem's paths: its folder and specification are called after the platform. */
export function planGem(found: FoundGem, image: PortImage): GemPlan {
  const wrong = wrongCode(found, image) ?? wrongMetadata(found);
  if (wrong !== undefined) return { kind: 'refused', why: wrong };
  const { installed, target, platform, fullName } = found;
  const specification = respelledSpecification(installed.text, installed.platform, platform);
  if (specification === undefined) return { kind: 'refused', why: strangeSpecification(installed) };
  const folder = gemFolder(installed);
  const entries = below(image, folder);
  if (entries.some(({ layer }) => layer < image.baseLayers))
    return { kind: 'refused', why: halfOfBase(installed) };
  const paths = new Map<string, PathPlan>();
  const notes: string[] = [];
  const to = (path: string): string => `${gemFolder({ ...installed, fullName })}${path.slice(folder.length)}`;
  for (const entry of entries) {
    const plan = planOf(entry, { found, inner: entry.path.slice(folder.length + 1), to: to(entry.path) });
    if (plan === undefined) return { kind: 'refused', why: altered(entry, installed) };
    paths.set(entry.path, plan);
    if (isAltered(entry, folder, found))
      notes.push(`/${entry.path} was changed after it was installed, and stays so`);
  }
  paths.set(installed.specification.path, specificationPlan(found, specification));
  const cached = image.view.lookup(`${installed.root}/cache/${installed.fullName}.gem`);
  if (cached !== undefined && cached.layer >= image.baseLayers && cached.entry.sha256 === found.sourceSha256)
    paths.set(cached.path, cachePlan(found));
  return { kind: 'planned', paths, added: additions({ image, entries, target, to, folder }, found), notes };
}

function wrongCode({ installed, target, platform }: FoundGem, image: PortImage): RefusedWhy | undefined {
  const name = `${installed.name} ${installed.version} (${platform})`;
  const lift = 'Name another gem server in port.ruby.sources.';
  let isNative = false;
  for (const [path, { facts }] of target.files) {
    const foreign = foreignCodeIn(facts, image.target).find(
      ({ os, architecture }) => os === 'linux' && architecture === image.source.architecture,
    );
    if (foreign !== undefined)
      return {
        kind: 'counterpart',
        why: `${path} of ${name} is machine code for ${foreign.architecture}`,
        lift,
      };
    isNative ||= machineCodeIn(facts).some(({ architecture }) => architecture === image.target.architecture);
  }
  return isNative
    ? undefined
    : { kind: 'counterpart', why: `${name} has no machine code for its platform`, lift };
}

function wrongMetadata({ installed, source, target, platform }: FoundGem): RefusedWhy | undefined {
  const members = differingMembers(source.metadata, target.metadata);
  if (members.length === 0) return undefined;
  return {
    kind: 'counterpart',
    why: `${installed.name} ${installed.version} for ${platform} is not the same but for the platform: ${members.slice(0, 5).join(', ')} differ`,
    lift: 'Build the image for the platform.',
  };
}

function strangeSpecification({ name, version }: InstalledGem): RefusedWhy {
  return {
    kind: 'altered',
    why: `the specification of ${name} ${version} is not as RubyGems writes it`,
    lift: 'Build the image for the platform.',
  };
}

function halfOfBase({ name, version }: InstalledGem): RefusedWhy {
  return {
    kind: 'no-counterpart',
    why: `files of ${name} ${version} are the base's, and others are above it`,
    lift: 'Build the image for the platform.',
  };
}

function altered({ path }: ViewEntry, { name, version }: InstalledGem): RefusedWhy {
  return {
    kind: 'altered',
    why: `/${path} is machine code that is not as the gem ${name} ${version} has it: it was built on a machine, or is from elsewhere`,
    lift: 'Build the image for the platform.',
  };
}

/** The folder itself, and all that is in it. */
function below({ view }: PortImage, folder: string): readonly ViewEntry[] {
  const top = view.lookup(folder);
  const found: ViewEntry[] = top === undefined ? [] : [top];
  for (const entry of found) if (entry.entry.kind === 'directory') found.push(...view.list(entry.path));
  return found;
}

interface Place {
  readonly found: FoundGem;
  /** In the gem. */
  readonly inner: string;
  readonly to: string;
}

const moved = "its gem's folder is called after the platform";

/** `undefined` for machine code that isn't the gem's own. */
function planOf(entry: ViewEntry, { found, inner, to }: Place): PathPlan | undefined {
  const { installed, source, target } = found;
  const [before, now] = [source.files.get(inner), target.files.get(inner)];
  const isForeign = installed.foreign.some(({ path }) => path === entry.path);
  if (entry.entry.kind !== 'file' || before === undefined)
    return isForeign ? undefined : { action: 'rename', to, why: moved };
  const isAsInstalled = entry.entry.sha256 === before.sha256;
  if (!isAsInstalled) return isForeign ? undefined : { action: 'rename', to, why: moved };
  if (now === undefined)
    return { action: 'drop', why: `the gem for ${found.platform} has no such file`, below: 'shows' };
  if (now.sha256 === before.sha256) return { action: 'rename', to, why: moved };
  return {
    action: 'replace',
    to,
    why: `the gem for ${found.platform} has another`,
    with: contentOf(now, found),
  };
}

function isAltered({ path, entry }: ViewEntry, folder: string, { source }: FoundGem): boolean {
  const before = source.files.get(path.slice(folder.length + 1));
  return entry.kind === 'file' && before !== undefined && before.sha256 !== entry.sha256;
}

function contentOf({ content, size, sha256, facts }: GemFile, { fullName }: FoundGem): ReplacePlan['with'] {
  return { kind: 'file', content, size, sha256, facts, origin: fullName };
}

function specificationPlan({ installed, fullName, platform }: FoundGem, text: string): PathPlan {
  const bytes = Buffer.from(text);
  const content = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    action: 'replace',
    why: `it says that the gem is for ${platform}`,
    with: { kind: 'file', content, size: bytes.length, sha256, origin: 'regenerated' },
    to: `${installed.root}/specifications/${fullName}.gemspec`,
  };
}

function cachePlan({ installed, fullName, targetFile }: FoundGem): PathPlan {
  const { content, size, sha256 } = targetFile;
  return {
    action: 'replace',
    why: 'the gem as it was installed',
    with: { kind: 'file', content, size, sha256, origin: fullName },
    to: `${installed.root}/cache/${fullName}.gem`,
  };
}

interface AdditionParts {
  readonly image: PortImage;
  readonly entries: readonly ViewEntry[];
  readonly target: Gem;
  readonly folder: string;
  readonly to: (path: string) => string;
}

/** Files that only the new gem has, with their folders. What somebody deleted is in both, and doesn't come back. */
function additions(
  { image, entries, target, folder, to }: AdditionParts,
  found: FoundGem,
): readonly PlacedAddition[] {
  const { specification } = found.installed;
  const { uid, gid, mtime } = specification.entry;
  const common = { uid, gid, mtime, layer: specification.layer - image.baseLayers };
  const there = new Set(entries.filter(({ entry }) => entry.kind === 'directory').map(({ path }) => path));
  const why = `the gem for ${found.platform} has it`;
  const added: PlacedAddition[] = [];
  for (const [inner, file] of target.files) {
    const path = `${folder}/${inner}`;
    if (found.source.files.has(inner) || image.view.lookup(path) !== undefined) continue;
    for (const parent of parentsOf(path, folder)) {
      if (there.has(parent)) continue;
      there.add(parent);
      added.push({ ...common, kind: 'directory', path: to(parent), why });
    }
    const { content, size, sha256, facts, mode } = file;
    const origin = found.fullName;
    added.push({ ...common, kind: 'file', path: to(path), why, mode, content, size, sha256, facts, origin });
  }
  return added;
}

/** From the gem's folder down. */
function parentsOf(path: string, folder: string): readonly string[] {
  const parents: string[] = [];
  for (let at = posix.dirname(path); at.length > folder.length; at = posix.dirname(at)) parents.unshift(at);
  return parents;
}
