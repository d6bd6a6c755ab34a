import { UsageError } from '../../core/index.ts';
import { formatPlatform, parsePlatform } from '../../oci/index.ts';
import type { Recipe } from '../document/read-recipe.ts';
import { RecipeError } from '../errors.ts';
import { bindingOf, knownOfSources } from './binding.ts';
import { fillParameters } from './parameters.ts';
import { planChecks, planPublications } from './plan-outcomes.ts';
import { planRequirements } from './plan-requirements.ts';
import { planSources } from './plan-sources.ts';
import { planSteps } from './plan-steps.ts';
import type { Plan, PlannedSource, PlannedStep } from './types.ts';

export interface PlanOptions {
  /** As a person gave them; of a secret, the name of the environment variable that holds it. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Where the recipe's file is: files of its sources are beside it. */
  readonly directory: string;
  /** Of images that don't say; `linux/arm64` unless told. */
  readonly target?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How the recipe is done: parameters filled in, foreach unrolled, steps in an order in which they can be done.
 * @throws UsageError `USAGE` for parameters; RecipeError `PLAN_INVALID`, `PLAN_TOO_LARGE`, `PATH_OUTSIDE`,
 * `SOURCE_MISSING`, `SOURCE_CHANGED`
 */
export async function planRecipe(recipe: Recipe, options: PlanOptions): Promise<Plan> {
  const { value: document, sha256: recipeSha256 } = recipe;
  const { directory, signal } = options;
  const platform = platformOf(options.target ?? 'linux/arm64');
  const parameters = fillParameters(document, options.parameters);
  const early = bindingOf(parameters);
  const sources = await planSources(document, { binding: early, directory, signal });
  const known = knownOfSources(sources);
  const late = bindingOf(parameters, (text) => known.get(text));
  const steps = planSteps(document, { parameters, known, platform });
  refuseSharedPaths(sources, steps);
  return {
    recipe: document.name,
    ...(document.product !== undefined && { product: document.product }),
    ...(document.title !== undefined && { title: document.title }),
    recipeSha256,
    parameters: parameters.values,
    secrets: parameters.secrets,
    requires: planRequirements(document, { steps, binding: early }),
    passEnvironment: [...new Set(document.passEnvironment ?? [])].sort(),
    sources,
    steps,
    checks: planChecks(document, late),
    publications: planPublications(document, late),
  };
}

function platformOf(text: string): string {
  const platform = parsePlatform(text);
  if (platform === undefined) throw new UsageError('USAGE', `"${text}" is no platform, such as linux/arm64`);
  return formatPlatform(platform);
}

/** The document was looked at for this already; with parameters and the values of a foreach, more paths are known. */
function refuseSharedPaths(sources: readonly PlannedSource[], steps: readonly PlannedStep[]): void {
  const owners = new Map(sources.map(({ name, path }) => [path, `the source "${name}"`]));
  if (owners.size < sources.length) throw new RecipeError('PLAN_INVALID', 'two sources are in the same path');
  for (const [index, inner] of sources.entries())
    for (const outer of sources.slice(index + 1))
      if (inner.path.startsWith(`${outer.path}/`))
        throw new RecipeError(
          'PLAN_INVALID',
          `the source "${inner.name}" is inside the source "${outer.name}", which has to stand above it`,
        );
  for (const step of steps)
    for (const { name, path } of step.files) {
      const [place, ...rest] = path;
      if (typeof place !== 'string' || rest.length > 0) continue;
      const owner = owners.get(place);
      if (owner !== undefined)
        throw new RecipeError(
          'PLAN_INVALID',
          `the output "${name}" of "${step.id}" and ${owner} are both in ${place}`,
        );
      owners.set(place, `the output "${name}" of "${step.id}"`);
    }
}
