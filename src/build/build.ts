import type { Clock, EventSink } from '../core/index.ts';
import { type Executor, type Plan, planRecipe, resumeRun, runPlan, showPlan } from '../recipe/index.ts';
import type { AccessOptions } from '../registry/index.ts';
import type { BuildResult, PlanView } from '../results/index.ts';
import type { FoundRecipe } from './find-recipe.ts';
import { openMeans } from './means.ts';
import { observeBuilt } from './observe-built.ts';

export interface PlanBuildOptions {
  /** By name; of a secret, the environment variable that holds it. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Of images that the recipe makes for no other; `linux/arm64` unless told. */
  readonly platform?: string;
  readonly signal?: AbortSignal;
}

/** What both a new run and one that goes on take. */
export interface BuildSettings {
  readonly executor: Executor;
  /** The folder of all runs. */
  readonly runs: string;
  /** How images are reached: those that are published. */
  readonly access: AccessOptions;
  /** `registry.example/team`: images are published below it; unless told, they are kept with the run. */
  readonly to?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly jobs?: number;
  readonly provision?: boolean;
  readonly keepWorkspace?: boolean;
  /** Where observations of what was published are written; nowhere unless told. */
  readonly observations?: string;
  readonly generation?: string;
  readonly clock?: Clock;
  readonly onEvent?: EventSink;
  readonly signal?: AbortSignal;
}

export interface BuildOptions extends BuildSettings, PlanBuildOptions {
  readonly signal?: AbortSignal;
}

export interface ResumeBuildOptions extends BuildSettings {
  readonly run: string;
}

/** What the recipe would do, command by command. @throws as `planRecipe` does */
export async function planBuild(found: FoundRecipe, options: PlanBuildOptions): Promise<PlanView> {
  return showPlan(await planOf(found, options));
}

/**
 * Does a recipe, audits the images that it made, and publishes them. What fails is in the result, and can be resumed.
 * @throws as `planRecipe` and `runPlan` do
 */
export async function build(found: FoundRecipe, options: BuildOptions): Promise<BuildResult> {
  const plan = await planOf(found, options);
  return withMeans(options, (means) =>
    runPlan({ ...means, plan, recipeText: found.text, platform: options.platform ?? 'linux/arm64' }),
  );
}

/** Goes on with a run. @throws as `resumeRun` does */
export async function resumeBuild(options: ResumeBuildOptions): Promise<BuildResult> {
  return withMeans(options, (means) => resumeRun({ ...means, run: options.run }));
}

function planOf(found: FoundRecipe, { parameters, platform, signal }: PlanBuildOptions): Promise<Plan> {
  return planRecipe(found.recipe, {
    parameters: { ...found.parameters, ...parameters },
    directory: found.directory,
    ...(platform !== undefined && { target: platform }),
    ...(signal !== undefined && { signal }),
  });
}

type Means = Omit<Parameters<typeof resumeRun>[0], 'run'>;

async function withMeans(
  settings: BuildSettings,
  work: (means: Means) => Promise<BuildResult>,
): Promise<BuildResult> {
  const { access, to, generation, observations, ...rest } = settings;
  const means = openMeans({ access, to, generation });
  try {
    const { executor, runs, environment, jobs, provision, keepWorkspace, clock, onEvent, signal } = rest;
    const result = await work({
      executor,
      runs,
      environment,
      auditImage: means.auditImage,
      ...(to !== undefined && { publish: means.publish }),
      ...(jobs !== undefined && { jobs }),
      ...(provision !== undefined && { provision }),
      ...(keepWorkspace !== undefined && { keepWorkspace }),
      ...(clock !== undefined && { clock }),
      ...(onEvent !== undefined && { onEvent }),
      ...(signal !== undefined && { signal }),
    });
    if (observations !== undefined) await observeBuilt(result, observations);
    return result;
  } finally {
    await means.close();
  }
}
