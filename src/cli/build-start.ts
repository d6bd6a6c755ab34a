import { formatPlatform } from '../oci/index.ts';
import { buildOutcomeOf, buildTotalsOf, planTotalsOf } from '../report/index.ts';
import { withAccessOptions } from './access-settings.ts';
import { baseCommand, collect, parseArguments, withResultOptions } from './base-command.ts';
import { readParameters, type WorkFlags, withWorkOptions, workSettings } from './build-settings.ts';
import { type CatalogFlags, readCatalog, withCatalogOption } from './catalog-settings.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { startProgress } from './progress.ts';
import { openResultOutput } from './result-output.ts';
import { resultSettings } from './settings.ts';

export interface RecipeFlags extends CatalogFlags {
  readonly way?: string;
  readonly param?: readonly string[];
}

interface StartFlags extends WorkFlags, RecipeFlags {
  readonly on?: string;
  readonly dryRun?: boolean;
}

/** `armload build PRODUCT[@VERSION]`: does a recipe. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('build', [
    'armload build istio@1.14.1 --dry-run',
    'armload build istio@1.14.1 --on ssh://ubuntu@arm.example --to registry.example/istio',
    'armload build argo-cd@2.0.5 --way argo-cd-source --on docker://golang:1.16',
    'armload build argo-cd@2.2.5 --way argo-cd-assemble --param argocd=./argocd-linux-arm64 --to registry.example/argo',
    'armload build ./recipe.yaml --param tag=1.2.3 --jobs 4',
    'armload build resume 20261126-044500-istio-k3f9',
    'armload build list',
    'armload build logs 20261126-044500-istio-k3f9 proxy',
    'armload build export istio@1.14.1 --as github-actions --output .github/workflows/istio.yaml',
  ])
    .description(
      'Builds a product from source by its recipe: fetches the sources, checks that the place has what it takes, does the steps, proves what they made, and publishes the images. What is done stays done: a run goes on with "build resume" after a failure, a kill or a restart.',
    )
    .argument('<what>', 'a product of the catalog, with a version if you like, or the file of a recipe')
    .option(
      '--on <place>',
      'where steps run: local, ssh://[USER@]HOST[:PORT], docker://IMAGE (default: local)',
    )
    .option('--dry-run', 'show every command that would be run, and run none');
  withRecipeOptions(command);
  withWorkOptions(command);
  withResultOptions(command);
  withAccessOptions(command);
  const parsed = await parseArguments<StartFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const config = await loadConfig(flags.config, io.cwd);
  const wanted = resultSettings(flags, config);
  const { platform, format } = wanted;
  const output = await openResultOutput(flags, io);
  const { build, findBuild, planBuild } = await import('../build/index.ts');
  const found = await findBuild(operands[0] ?? '', {
    cwd: io.cwd,
    way: flags.way,
    catalog: () => readCatalog(flags, { config, io }),
  });
  if (found.kind === 'port') {
    const { buildPort } = await import('./build-port.ts');
    return buildPort(found, { flags, config, io, output, result: wanted });
  }
  const parameters = readParameters(flags.param);
  const planning = { parameters, platform: formatPlatform(platform) };
  if (flags.dryRun === true) {
    const view = await planBuild(found, planning);
    await output.write({
      text: format.renderPlan(view, output.drawing),
      totals: planTotalsOf(view),
    });
    return 0;
  }
  const { executorFor } = await import('../recipe/index.ts');
  const executor = executorFor(flags.on ?? 'local');
  const progress = startProgress(flags, io, config);
  try {
    const settings = await workSettings(flags, { config, io, progress });
    const result = await build(found, { ...settings, ...planning, executor });
    progress.stop();
    await output.write({ text: format.renderBuild(result, output.drawing), totals: buildTotalsOf(result) });
    io.signal.throwIfAborted();
    return buildOutcomeOf(result).code;
  } finally {
    progress.stop();
  }
}

export function withRecipeOptions(command: import('commander').Command): void {
  withCatalogOption(command)
    .option('--way <recipe>', 'which of the recipes of a product (default: its first for the version)')
    .option('--param <name=value>', 'a parameter of the recipe; may be repeated', collect);
}
