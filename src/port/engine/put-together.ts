import { join } from 'node:path';
import { auditInHand } from '../../audit/index.ts';
import { checkAccount, noTotals } from '../account.ts';
import {
  type AssembleInput,
  AssemblyError,
  type AssemblyProblem,
  assemble,
  timeOfNewEntries,
  verifyLayers,
} from '../assembly/index.ts';
import type { PortImage, Refusal } from '../origin-types.ts';
import type { PathPlan } from '../plan-types.ts';
import type { PortBase } from './bases.ts';
import { brokenReferences } from './broken-references.ts';
import { createdAt } from './created.ts';
import { auditRefusals, configRefusals } from './judge-result.ts';
import { linkPlans } from './link-plans.ts';
import { cachePath, loaderCachePlan } from './loader-cache-plan.ts';
import { newImage } from './new-image.ts';
import { databaseRefusals } from './package-databases.ts';
import { layerPlans } from './plan.ts';
import type { JoinedPlans, PutTogether, ReadSource } from './types.ts';
import type { Workshop } from './workshop.ts';

export interface Parts {
  readonly source: ReadSource;
  readonly base: PortBase;
  readonly image: PortImage;
  readonly plans: JoinedPlans;
}

/**
 * Writes the new layers into the work folder, reads them back, and judges the image that they make.
 * @throws LayerError, RegistryError, DocumentError, AccountError; AssemblyError but for what is refused; the signal's reason.
 */
export async function putTogether(workshop: Workshop, parts: Parts): Promise<PutTogether> {
  try {
    const input = await plannedInput(workshop, parts);
    return await build(workshop, parts, input);
  } catch (error) {
    if (!(error instanceof AssemblyError) || error.code !== 'ASSEMBLY_REFUSED') throw error;
    return { account: { records: [] }, totals: noTotals, refusals: assemblyRefusals(error) };
  }
}

/** The loader's cache is made of the image that all else makes. */
async function plannedInput(
  workshop: Workshop,
  { source, base, image, plans }: Parts,
): Promise<AssembleInput> {
  const environment = workshop.options.environment ?? process.env;
  const time = createdAt(source.image.configBytes);
  const input = {
    source: source.view,
    layers: source.layers.slice(base.layers),
    base: base.newView,
    baseLayers: base.newLayers,
    plan: layerPlans(image, plans),
    mapPath: image.mapPath,
    created: timeOfNewEntries(time === undefined ? undefined : new Date(time), environment),
  };
  const own = ownPlans(image, plans);
  const planned = { ...plans, paths: new Map([...plans.paths, ...own]) };
  const first = own.size === 0 ? input : { ...input, plan: layerPlans(image, planned) };
  const links = await linkPlans(image, planned, first);
  const cache = plans.paths.has(cachePath) ? undefined : await loaderCachePlan(image, first);
  if (links.size === 0 && cache === undefined) return first;
  const made = cache === undefined ? [] : [[cachePath, cache] as const];
  const paths = new Map([...planned.paths, ...links, ...made]);
  return { ...input, plan: layerPlans(image, { ...plans, paths }) };
}

/** Nobody's but the loader's: the C library of Alpine reads a list of folders that is named for the architecture. */
function ownPlans(
  { view, baseLayers, mapPath, newBase }: PortImage,
  plans: JoinedPlans,
): Map<string, PathPlan> {
  return new Map(
    view.list('etc').flatMap(({ path, layer, entry }): [string, PathPlan][] => {
      const to = /^etc\/ld-musl-[^/]+\.path$/.test(path) ? mapPath(path) : undefined;
      const isOwn = layer >= baseLayers && entry.kind !== 'directory' && !plans.paths.has(path);
      if (to === undefined || to === path || !isOwn || newBase.lookup(to)?.entry.kind === 'directory')
        return [];
      return [
        [path, { action: 'rename', to, why: 'the loader reads it by this name on the new architecture' }],
      ];
    }),
  );
}

async function build(
  workshop: Workshop,
  { source, base, image: before, plans }: Parts,
  input: AssembleInput,
): Promise<PutTogether> {
  const { options, folder, reader, target, waivers, reference } = workshop;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const assembled = await assemble(input, {
    folder: join(folder, 'layers'),
    ...call,
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  });
  const totals = checkAccount(assembled.account, { source: source.view, baseLayers: base.layers });
  options.onEvent?.({ type: 'phase', phase: 'reading back the new layers' });
  const view = await verifyLayers(assembled, input, { reader, ...call });
  const image = newImage({
    ...{ source: source.image, base, assembled, view, target },
    originalView: source.view,
    created: epochOf(options.environment ?? process.env, input.created),
  });
  options.onEvent?.({ type: 'phase', phase: 'auditing the new image' });
  const audit = auditInHand({
    ...{ reference, written: options.reference, digest: image.manifest.digest, config: image.config.bytes },
    ...{ layers: image.layers, view, platform: target, claimed: target },
  });
  const images = {
    ...{ source: source.view, baseLayers: base.layers, view, newBaseLayers: base.newLayers.length },
    account: assembled.account,
  };
  const others = [
    ...configRefusals(image.merge.problems),
    ...brokenReferences(images),
    ...databaseRefusals(audit.audit, images),
  ];
  const isOverride = (path: string): boolean => isOwnInPlaceOfBase(before, plans, path);
  const refusals = [
    ...waivers.left(others),
    ...auditRefusals(audit, { ...{ view, target, waivers, isOverride }, vouched: plans.vouched }),
  ];
  return { image, view, assembled, account: assembled.account, totals, audit, refusals };
}

function isOwnInPlaceOfBase(image: PortImage, { paths }: JoinedPlans, path: string): boolean {
  const there = image.view.lookup(path);
  if (there === undefined || there.layer < image.baseLayers || paths.has(path)) return false;
  return image.mapPath(path) !== path && image.oldBase.lookup(path) !== undefined;
}

/** Only a time that somebody set takes the place of the image's own. */
function epochOf(
  environment: Readonly<Record<string, string | undefined>>,
  seconds: number,
): string | undefined {
  const isSet = (environment['SOURCE_DATE_EPOCH'] ?? '') !== '';
  return isSet ? new Date(seconds * 1000).toISOString() : undefined;
}

function assemblyRefusals(error: AssemblyError): readonly Refusal[] {
  const problems = (error.facts['problems'] ?? []) as readonly AssemblyProblem[];
  return problems.map(({ path, text }) => ({
    path,
    kind: 'assembly',
    why: `it can't be carried over to the new base: ${text}`,
    lift: 'Take a base that is laid out like the old one (--base), or build the image from source.',
    waivable: false,
  }));
}
