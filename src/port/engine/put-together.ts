import { join } from 'node:path';
import { type AuditInHand, auditInHand } from '../../audit/index.ts';
import type { MergedView } from '../../layer/index.ts';
import { type Account, type AccountTotals, checkAccount, noTotals } from '../account.ts';
import {
  type AssembledLayers,
  type AssembleInput,
  AssemblyError,
  type AssemblyProblem,
  assemble,
  timeOfNewEntries,
  verifyLayers,
} from '../assembly/index.ts';
import type { PortImage, Refusal } from '../origin-types.ts';
import type { PortBase } from './bases.ts';
import type { ReadSource } from './carry-out.ts';
import { createdAt } from './created.ts';
import { auditRefusals, configRefusals } from './judge-result.ts';
import { cachePath, loaderCachePlan } from './loader-cache-plan.ts';
import { type NewImage, newImage } from './new-image.ts';
import { type JoinedPlans, layerPlans } from './plan.ts';
import type { Workshop } from './workshop.ts';

/** The new image, with all that speaks against it; without it where the layers can't be put together. */
export interface PutTogether {
  readonly image?: NewImage;
  readonly view?: MergedView;
  readonly assembled?: AssembledLayers;
  readonly account: Account;
  readonly totals: AccountTotals;
  readonly audit?: AuditInHand;
  readonly refusals: readonly Refusal[];
}

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
  if (plans.paths.has(cachePath)) return input;
  const cache = await loaderCachePlan(image, input);
  if (cache === undefined) return input;
  const paths = new Map([...plans.paths, [cachePath, cache]]);
  return { ...input, plan: layerPlans(image, { ...plans, paths }) };
}

async function build(
  workshop: Workshop,
  { source, base }: Parts,
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
  const refusals = [
    ...waivers.left(configRefusals(image.merge.problems)),
    ...auditRefusals(audit, { view, target, waivers }),
  ];
  return { image, view, assembled, account: assembled.account, totals, audit, refusals };
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
