import { appendObservations } from '../catalog/index.ts';
import { systemClock, UsageError } from '../core/index.ts';
import { formatPlatform, type Platform } from '../oci/index.ts';
import { type PortOptions, type PortSettings, port } from '../port/index.ts';
import type { AccessOptions } from '../registry/index.ts';
import type { PortResult } from '../results/index.ts';
import type { FoundPortRecipe } from './find-recipe.ts';
import { type PortPlan, planPortRecipe } from './port-recipe/plan-port-recipe.ts';

export interface BuildByPortOptions {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly platform: Platform;
  readonly access: AccessOptions;
  /** `registry.example/team` or `oci:DIR`: the image is published below it. Needed unless it's a dry run. */
  readonly to?: string | undefined;
  /** Plan, put together and audit, but write nothing. */
  readonly dryRun?: boolean | undefined;
  /** Where packages and builds come from: what the person's configuration says of ports. */
  readonly port?: Omit<PortSettings, 'replacements' | 'waivers' | 'bases' | 'platform' | 'dryRun'>;
  /** Where an observation of what was published is written; nowhere unless told. */
  readonly observations?: string;
}

/**
 * Does a port recipe: puts the image together from what exists, audits it, and publishes it beside the source's own images.
 * @throws UsageError for parameters and a destination that's missing; RecipeError; as `port` does; CatalogError where the
 * observation can't be written
 */
export async function buildByPort(found: FoundPortRecipe, options: BuildByPortOptions): Promise<PortResult> {
  const plan = planPortRecipe(found.recipe, { ...found.parameters, ...options.parameters });
  const result = await port(portOptions(plan, options));
  await observe(plan, result, options);
  return result;
}

function portOptions(plan: PortPlan, options: BuildByPortOptions): PortOptions {
  const { to, dryRun = false, platform, access, port: settings } = options;
  if (to === undefined && !dryRun)
    throw new UsageError('USAGE', `what ${plan.recipe} puts together has to go somewhere`, {
      hint: 'Say --to registry.example/team, or --to oci:DIR for a folder; or --dry-run to see what would be done.',
    });
  const { name, tag } = plan.publish;
  return {
    ...access,
    ...settings,
    platform,
    reference: plan.reference,
    replacements: plan.replacements,
    waivers: plan.waivers,
    dryRun,
    ...(plan.bases.length > 0 && { bases: plan.bases }),
    ...(to !== undefined && { to: `${to}/${name}:${tag}` }),
  };
}

async function observe(
  { product, recipe }: PortPlan,
  { outcome, destination, image, audit }: PortResult,
  { observations, platform, port: { clock = systemClock } = {} }: BuildByPortOptions,
): Promise<void> {
  const isThere = outcome === 'published' && destination !== undefined && !destination.startsWith('oci');
  if (observations === undefined || product === undefined || !isThere) return;
  if (image === undefined || audit?.verdict !== 'right') return;
  const why = `put together by ${recipe} and published; the bytes say ${audit.verdict}: ${audit.why}`;
  await appendObservations(observations, product, [
    {
      reference: destination,
      platform: formatPlatform(platform),
      digest: image.digest,
      at: new Date(clock.now()).toISOString(),
      method: 'build',
      recipe,
      result: 'multi-arch',
      why: why.slice(0, 2048),
    },
  ]);
}
