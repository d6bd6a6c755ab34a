import { foreignCodeIn } from '../../../audit/index.ts';
import type { ViewEntry } from '../../../layer/index.ts';
import { createFetch } from '../../fetch/index.ts';
import type { NodeSettings } from '../../options.ts';
import type { Origin, OriginContext, OriginPlan, PortImage } from '../../origin-types.ts';
import { type AddonPackage, planAddons } from './addons/plan-addons.ts';
import { type Environment, readConfiguration } from './configuration/index.ts';
import { defaultNodeLimits, type NodeLimits } from './limits.ts';
import type { Manifest } from './manifest.ts';
import { nodeAbi } from './node-abi.ts';
import { PackageSource } from './optional/package-source.ts';
import { planOptional } from './optional/plan-optional.ts';
import type { OldPackage } from './optional/types.ts';
import { libcOf, type NodePlatform, nodeCpu, runsOn } from './platform.ts';
import { Registry } from './registry/index.ts';
import { nodeFiles, ownerOf, PackageTree, placeOf } from './tree.ts';

export interface NodeParts {
  /** Where npm's configuration and proxies are named; `process.env` unless told. */
  readonly environment?: Environment;
  readonly limits?: Partial<NodeLimits>;
}

const nothing: OriginPlan = { paths: new Map(), added: [], refusals: [], materials: [], notes: [] };

/**
 * Packages of `node_modules` as an origin. Those that are for the old platform alone give way to the ones that npm would
 * install on the new, from the registry of npm's own configuration; builds that would go before prebuilt ones for the new
 * platform are dropped; what was compiled or downloaded when it was installed is refused, with what is known of it.
 */
export function nodeOrigin(settings: NodeSettings = {}, parts: NodeParts = {}): Origin {
  return {
    name: 'node',
    wanted: nodeFiles,
    async plan(image, context) {
      const tree = new PackageTree(image.view);
      const { optional, addons, notes } = sorted(image, context, tree);
      const platform = targetOf(image);
      const abi = nodeAbi(image.view);
      const addonPlans = addons.map((addon) => planAddons(addon, { image, target: platform, abi }));
      const own: OriginPlan = {
        ...nothing,
        paths: new Map(addonPlans.flatMap(({ paths }) => [...paths])),
        refusals: addonPlans.flatMap(({ refusals }) => refusals),
        notes,
      };
      if (optional.length === 0) return own;
      const { environment = process.env } = parts;
      const limits = { ...defaultNodeLimits, ...parts.limits };
      const work = { image, context, tree, target: platform, settings, environment, limits };
      const swaps = await withRegistry(optional, work);
      return {
        ...swaps,
        paths: new Map([...own.paths, ...swaps.paths]),
        refusals: [...own.refusals, ...swaps.refusals],
        notes: [...own.notes, ...swaps.notes],
      };
    },
  };
}

function targetOf({ target, view, newBase, baseLayers }: PortImage): NodePlatform {
  const libc = libcOf(baseLayers > 0 ? newBase : view);
  return { os: target.os, cpu: nodeCpu(target.architecture), ...(libc && { libc }) };
}

interface Sorted {
  readonly optional: readonly OldPackage[];
  readonly addons: readonly AddonPackage[];
  readonly notes: readonly string[];
}

/** Packages with foreign code above the base that nobody answers for, those for the old platform alone apart. */
function sorted(image: PortImage, { taken }: OriginContext, tree: PackageTree): Sorted {
  const byFolder = new Map<string, ViewEntry[]>();
  for (const there of image.view.entries()) {
    const { facts, kind } = there.entry;
    if (there.layer < image.baseLayers || kind !== 'file' || facts === undefined) continue;
    const folder = ownerOf(there.path);
    if (folder === undefined || foreignCodeIn(facts, image.target).length === 0) continue;
    const known = byFolder.get(folder);
    if (known === undefined) byFolder.set(folder, [there]);
    else known.push(there);
  }
  const optional: OldPackage[] = [];
  const addons: AddonPackage[] = [];
  const notes: string[] = [];
  for (const [folder, foreign] of byFolder) {
    const manifest = tree.manifestOf(folder);
    if (manifest === undefined) continue;
    const isRestricted = isForSourceAlone(manifest, image) && placeOf(folder).name === manifest.name;
    // What a person named a file for, or Debian has, is theirs.
    if (!foreign.some(({ path }) => taken.has(path)))
      (isRestricted ? optional : addons).push({ folder, manifest, foreign });
    else if (isRestricted)
      notes.push(
        `/${folder} is for the old platform alone: on the new one, Node may look for another package`,
      );
  }
  return { optional, addons, notes };
}

function isForSourceAlone(manifest: Manifest, { source, target }: PortImage): boolean {
  const on = ({ os, architecture }: typeof source) => runsOn(manifest, { os, cpu: nodeCpu(architecture) });
  return on(source) && !on(target);
}

interface Work {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly tree: PackageTree;
  readonly target: NodePlatform;
  readonly settings: NodeSettings;
  readonly environment: Environment;
  readonly limits: NodeLimits;
}

async function withRegistry(packages: readonly OldPackage[], work: Work): Promise<OriginPlan> {
  const { image, context, settings, environment, limits } = work;
  const { signal, clock, onEvent, folder } = context;
  const { view } = image;
  const configuration = await readConfiguration({ settings, environment, view, folder, signal });
  const connection = {
    environment,
    authorize: (url: URL) => configuration.authorizationFor(url),
    ...(configuration.certificates !== undefined && { certificates: configuration.certificates }),
    spool: context.sharing?.downloads,
  };
  // What a registry says has to be its own word; for what it gives, its hash speaks.
  const questions = createFetch({ ...connection, accept: 'application/json', mayRedirect: isSameHost });
  const tarballs = createFetch(connection);
  try {
    onEvent?.({ type: 'phase', phase: 'fetching Node packages', total: packages.length });
    const registry = new Registry({ fetch: questions.fetch, clock, limits, signal });
    const source = new PackageSource({ view, context, limits, fetch: tarballs.fetch });
    const maxCandidates = limits.candidates;
    return await planOptional(packages, { ...work, configuration, registry, source, maxCandidates });
  } finally {
    await questions.close();
    await tarballs.close();
  }
}

function isSameHost(from: URL, to: URL): boolean {
  return from.host === to.host && (to.protocol === from.protocol || to.protocol === 'https:');
}
