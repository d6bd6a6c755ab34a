import { isAbort, messageOf } from '../../../../core/index.ts';
import { type Platform, parsePlatform, samePlatform } from '../../../../oci/index.ts';
import { createFetch, type Fetch } from '../../../fetch/index.ts';
import type { GoAsset } from '../../../options.ts';
import type { Material, OriginContext } from '../../../origin-types.ts';
import { defaultReleaseLimits } from '../../release/limits.ts';
import { isSafeAddress } from '../../release/names.ts';
import { type Obtained, obtain } from '../../release/obtain.ts';
import { type BuildInfo, parseBuildInfo } from '../build-info.ts';
import { firstDifference, moduleNotes } from '../compare.ts';
import type { ReadyProgram } from '../kept-builds.ts';
import { machineVariables } from '../machine.ts';
import { versionDifference } from '../prove.ts';
import type { Recipe } from '../recipe.ts';
import { namedBy } from './document.ts';

/** Assets that are tried for one program. */
const maxTries = 8;

export interface AssetParts {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly target: Platform;
  readonly context: OriginContext;
}

/** What was found for a program; the notes say what became of the assets that were tried. */
export interface AssetSearch {
  readonly ready?: ReadyProgram;
  readonly notes: readonly string[];
}

/** Upstream's own programs, taken where their build information is the old program's but for the machine. */
export class ReleaseAssets {
  readonly #assets: readonly GoAsset[];
  readonly #parts: AssetParts;
  #connection: { readonly fetch: Fetch; close(): Promise<unknown> } | undefined;

  constructor(assets: readonly GoAsset[], parts: AssetParts) {
    this.#assets = assets.filter(({ platform }) => isFor(platform, parts.target));
    this.#parts = parts;
  }

  /** The first asset that is the program for the new machine. @throws the signal's reason. */
  async find(recipe: Recipe): Promise<AssetSearch> {
    const { signal } = this.#parts.context;
    const notes: string[] = [];
    const all = this.#assets.filter((asset) => isOf(asset, recipe.info));
    for (const asset of all.slice(0, maxTries)) {
      signal?.throwIfAborted();
      const found = await this.#try(asset, recipe);
      if (typeof found !== 'string') return { ready: found, notes };
      notes.push(found);
    }
    if (all.length > maxTries)
      notes.push(`${all.length - maxTries} more release assets of ${recipe.info.package} were not tried`);
    return { notes };
  }

  /** Call it once nothing is looked for any more. */
  async close(): Promise<void> {
    await this.#connection?.close();
  }

  /** A sentence where it can't be used. */
  async #try(asset: GoAsset, recipe: Recipe): Promise<ReadyProgram | string> {
    const { target, context } = this.#parts;
    try {
      const obtained = await this.#obtain(asset);
      const build = sameBuild(recipe, obtained, target);
      if (typeof build !== 'string') return readyOf(recipe, obtained, build);
      return `the release asset ${obtained.name} was not taken for ${recipe.info.package}: ${build}`;
    } catch (error) {
      context.signal?.throwIfAborted();
      if (isAbort(error)) throw error;
      return `a release asset was not taken for ${recipe.info.package}: ${messageOf(error)}`;
    }
  }

  #obtain(asset: GoAsset): Promise<Obtained> {
    const { cwd, environment, context } = this.#parts;
    const { folder, cache, clock, signal, sharing } = context;
    this.#connection ??= createFetch({
      mayRedirect: (from, to) => isSafeAddress(to, from),
      environment,
      spool: sharing?.downloads,
    });
    const { fetch } = this.#connection;
    return obtain(namedBy(asset), { cwd, folder, cache, fetch, clock, limits: defaultReleaseLimits, signal });
  }
}

function isFor(platform: string, target: Platform): boolean {
  const read = parsePlatform(platform);
  return read !== undefined && samePlatform(read, target);
}

function isOf(asset: GoAsset, { module, package: path }: BuildInfo): boolean {
  if (asset.module !== module.path) return false;
  if (asset.package !== undefined && asset.package !== path) return false;
  return asset.version === undefined || asset.version === module.version;
}

/** What an asset says of how it was built, once all of it is the old program's; else a sentence's end. */
function sameBuild(recipe: Recipe, { facts }: Obtained, target: Platform): BuildInfo | string {
  const elf = facts.kind === 'elf' ? facts.elf : undefined;
  if (elf === undefined) return 'it is no ELF program';
  if (elf.architecture !== target.architecture)
    return `it is for ${elf.architecture}, not for ${target.architecture}`;
  if (elf.linkage !== 'static') return `it is ${elf.linkage}, and the old program is static`;
  if (elf.packer !== undefined) return 'it is packed';
  const info = elf.go?.text === undefined ? 'it has none' : parseBuildInfo(elf.go.text);
  if (typeof info === 'string') return `its build information can't be compared: ${info}`;
  const difference =
    versionDifference(recipe.goVersion, facts) ??
    firstDifference(recipe.info, info, { isOtherMachine: true }) ??
    machineDifference(info, target);
  return difference ?? info;
}

/** Code for more than the least machine of the platform would not run on all of them. */
function machineDifference({ settings }: BuildInfo, target: Platform): string | undefined {
  for (const [key, value] of Object.entries(machineVariables(target) ?? {})) {
    const is = settings.get(key);
    if (is !== undefined && is !== value)
      return `the line "build ${key}" is "${is.slice(0, 40)}", and ${value} is what every such machine runs`;
  }
  return undefined;
}

function readyOf(recipe: Recipe, obtained: Obtained, build: BuildInfo): ReadyProgram {
  const { file, size, sha256, facts, name } = obtained;
  const hidden = recipe.hidesLinkFlags
    ? '; link flags are not recorded with -trimpath, and were not compared'
    : '';
  return {
    ...{ file, size, sha256, facts },
    materials: [materialOf(recipe, obtained)],
    proof: `${name} has the same Go, package, module, versions and checksums of dependencies, and settings in its build information, but for the machine${hidden}. It was not built here, and its code was not compared`,
    notes: moduleNotes(recipe.info, build),
  };
}

function materialOf({ info }: Recipe, { whole, member, sha256 }: Obtained): Material {
  const { path, version } = info.module;
  const inside = member === undefined ? [] : [`its file ${member}, with SHA-256 ${sha256}`];
  return {
    origin: 'go',
    ...whole,
    ...{ name: path, version },
    purl: `pkg:golang/${path}@${encodeURIComponent(version)}`,
    notes: ["it is upstream's own release, and was not built here", ...inside],
  };
}
