import { foreignCodeIn } from '../../../../audit/index.ts';
import { machineCodeIn } from '../../../../binary/index.ts';
import type { ViewEntry } from '../../../../layer/index.ts';
import { architectureWords } from '../../../config/architecture-words.ts';
import type { PortImage, Refusal } from '../../../origin-types.ts';
import type { PathPlan } from '../../../plan-types.ts';
import type { Manifest } from '../manifest.ts';
import type { NodePlatform } from '../platform.ts';
import { type Asset, assetOf } from './downloaded.ts';
import { choosePrebuild } from './prebuilds.ts';

/** A package with machine code of the old machine that is not for the old platform alone. */
export interface AddonPackage {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly foreign: readonly ViewEntry[];
}

export interface AddonParts {
  readonly image: PortImage;
  readonly target: NodePlatform;
  /** Node's `process.versions.modules`, where the image's headers of Node say it. */
  readonly abi: string | undefined;
}

export interface AddonPlans {
  readonly paths: ReadonlyMap<string, PathPlan>;
  readonly refusals: readonly Refusal[];
}

/**
 * Packages that bring builds for several platforms, or were built or downloaded when they were installed. Of the latter,
 * the registry has no binary; what is known of them is told.
 */
export function planAddons(addon: AddonPackage, parts: AddonParts): AddonPlans {
  const { image, target, abi } = parts;
  const { folder, foreign, manifest } = addon;
  const built = foreign.filter(({ path }) =>
    /^build\/(?:Release|Debug)\/[^/]+\.node$/.test(inner(path, folder)),
  );
  const prebuilt = foreign.filter(({ path }) => isPrebuilt(inner(path, folder), target.os));
  const choice = choosePrebuild(image.view, folder, { platform: target, abi });
  const isGood = choice.kind === 'found' && isNative(choice.entry, image);
  const isOurs = 'node-gyp-build' in (manifest.dependencies ?? {});
  if (built.length > 0 && isOurs && isGood && !hasNativeBuild(addon, parts)) {
    // The loader looks into build before it looks for what is prebuilt.
    const why = `${manifest.name} has a build for the new platform in ${inner(choice.entry.path, folder)}, which this would go before`;
    const gone = foreign.filter(({ path }) => inner(path, folder).startsWith('build/'));
    return { paths: new Map(gone.map(({ path }) => [path, { action: 'drop', why }])), refusals: [] };
  }
  const installed = foreign.filter(({ path }) => isInstalled(inner(path, folder)));
  const refusals = installed.flatMap((file) => installedRefusal(file, addon, parts) ?? []);
  if (isGood || prebuilt.length === 0) return { paths: new Map(), refusals };
  const offers = choice.kind === 'none' ? choice.others.join(', ') : '';
  const why =
    choice.kind === 'unclear'
      ? `${named(addon)} brings builds for the new platform that depend on the version of Node, which nothing in the image tells`
      : `${named(addon)} brings no build for ${target.os}-${target.cpu}: it has ${offers}`;
  // A file in the old platform's folder is in nobody's way, and of no use.
  const lift = `Build the image for the new platform, with a compiler for ${manifest.name}`;
  const more = prebuilt.map((file) => refusalOf(file, addon, { why, lift }));
  return { paths: new Map(), refusals: [...refusals, ...more] };
}

function inner(path: string, folder: string): string {
  return path.slice(folder.length + 1);
}

/** By prebuildify's names, `linux-x64+arm64`. */
function isPrebuilt(path: string, os: string): boolean {
  return new RegExp(`^prebuilds/${os}-[^/-]+/[^/]+\\.node$`).test(path);
}

/** Where compilers and installers put modules. */
function isInstalled(path: string): boolean {
  return (
    path.endsWith('.node') &&
    /^(?:build\/(?:Release|Debug)\/|(?:lib\/)?binding\/)(?!obj\.target\/)/.test(path)
  );
}

function isNative({ entry: { facts } }: ViewEntry, { target }: PortImage): boolean {
  if (facts === undefined || foreignCodeIn(facts, target).length > 0) return false;
  return machineCodeIn(facts).some(
    ({ os, architecture }) => os === target.os && architecture === target.architecture,
  );
}

function hasNativeBuild({ folder }: AddonPackage, { image }: AddonParts): boolean {
  return ['Release', 'Debug'].some((kind) =>
    image.view
      .list(`${folder}/build/${kind}`)
      .some((file) => file.path.endsWith('.node') && isNative(file, image)),
  );
}

function named({ manifest }: AddonPackage): string {
  return `${manifest.name} ${manifest.version}`;
}

function installedRefusal(
  file: ViewEntry,
  addon: AddonPackage,
  { image, target, abi }: AddonParts,
): Refusal | undefined {
  const { folder, manifest } = addon;
  const asset = assetOf(manifest, { platform: target, abi, file: inner(file.path, folder) });
  const words = architectureWords(image.source.architecture, image.target.architecture);
  const isNamed = words.isSpelledIn(inner(file.path, folder));
  if (asset !== undefined) return refusalOf(file, addon, downloaded(addon, file.path, { ...asset, isNamed }));
  const isCompiled = manifest.gypfile === true || image.view.lookup(`${folder}/binding.gyp`) !== undefined;
  if (!isCompiled) return undefined;
  const why = `${named(addon)} was compiled when it was installed, and the registry has no binary of it`;
  return refusalOf(file, addon, { why, ...compiled(addon, file.path) });
}

function compiled({ manifest }: AddonPackage, path: string): { readonly lift: string } {
  return {
    lift: `Compile it for the new platform (npm rebuild ${manifest.name}, in an image for it with a compiler), and name the file with --replace /${path}=FILE`,
  };
}

/** Nobody vouches for it, so a person has to. */
function downloaded(
  addon: AddonPackage,
  path: string,
  { installer, url, member, isNamed }: Asset & { readonly isNamed: boolean },
): { readonly why: string; readonly lift: string } {
  const why = `${named(addon)} had its binary downloaded by ${installer} when it was installed: it's in no registry, and nothing vouches for it`;
  if (isNamed)
    return {
      why,
      lift: `Its file is named for the old platform, and a replacement keeps the name: build the image for the new platform${url === undefined ? '' : `, where it takes ${url}`}`,
    };
  if (url === undefined)
    return {
      why,
      lift: `Take the file for the new platform from where the package is released, and name it with --replace /${path}=FILE`,
    };
  const inside = member === undefined ? '' : `!/${member}`;
  const hint = url.includes('{abi}')
    ? ", with the ABI of the image's Node (node -p process.versions.modules) for {abi}"
    : '';
  return {
    why,
    lift: `For the new platform it's ${url}${hint}: look at it, and name it with --replace /${path}=${url}#sha256:HEX${inside}`,
  };
}

function refusalOf(
  { path }: ViewEntry,
  addon: AddonPackage,
  { why, lift }: { readonly why: string; readonly lift: string },
): Refusal {
  return {
    path,
    kind: 'no-counterpart',
    guess: `node: ${named(addon)}`,
    onlyIfUsed: true,
    why,
    lift: `${lift}, or waive it with a reason: --waive /${path}=REASON.`,
    waivable: true,
  };
}
