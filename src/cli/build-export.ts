import { Option } from 'commander';
import { ArmloadError, UsageError } from '../core/index.ts';
import { formatPlatform } from '../oci/index.ts';
import type { Exported, Plan } from '../recipe/index.ts';
import { type BaseFlags, baseCommand, parseArguments } from './base-command.ts';
import { readParameters } from './build-settings.ts';
import { type RecipeFlags, withRecipeOptions } from './build-start.ts';
import { readCatalog } from './catalog-settings.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { openResultOutput } from './result-output.ts';
import { resultSettings } from './settings.ts';

interface ExportFlags extends BaseFlags, RecipeFlags {
  readonly as: string;
  readonly runsOn?: string;
  readonly output?: string;
  readonly platform?: string;
  readonly config?: string;
}

/** `armload build export WHAT --as FORM`: a recipe's plan in a form that needs no armload. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const parsed = await parseArguments<ExportFlags>(exportCommand(), args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  if (flags.runsOn !== undefined && flags.as !== 'github-actions')
    throw new UsageError('USAGE', '--runs-on is for --as github-actions');
  const config = await loadConfig(flags.config, io.cwd);
  const { platform } = resultSettings(flags, config);
  const output = await openResultOutput(flags, io);
  try {
    const plan = await planOf(operands[0] ?? '', { flags, io, target: formatPlatform(platform), config });
    const { text, notes } = await exported(plan, { flags, io });
    await output.write({ text, totals: `${plan.steps.length} steps`, warnings: notes });
  } catch (error) {
    throw asUsage(error);
  }
  return 0;
}

function exportCommand(): ReturnType<typeof baseCommand> {
  const command = baseCommand('build export', [
    'armload build export istio@1.14.1 --as shell --output istio.sh',
    'armload build export istio@1.14.1 --as github-actions --output .github/workflows/istio.yaml',
    'armload build export ./recipe.yaml --as github-actions --runs-on self-hosted,ARM64 --param tag=1.2.3',
  ])
    .description(
      "Writes a recipe's plan as a script for sh, or as a workflow of GitHub Actions, that does the same without armload. Secrets are in it by the names of their variables alone.",
    )
    .argument('<what>', 'a product of the catalog, with a version if you like, or the file of a recipe')
    .addOption(
      new Option('--as <form>', 'what it becomes').choices(['shell', 'github-actions']).makeOptionMandatory(),
    )
    .option('--runs-on <label>', 'the machines of the workflow (default: ubuntu-24.04-arm)');
  withRecipeOptions(command);
  return command
    .option('-o, --output <file>', 'write it to a file, all or nothing')
    .option(
      '-p, --platform <platform>',
      'of images whose platform the recipe does not say (default: linux/arm64)',
    )
    .option('-c, --config <file>', 'the configuration (default: armload.yaml here, if there is one)');
}

interface Around {
  readonly flags: ExportFlags;
  readonly io: Io;
}

async function planOf(
  what: string,
  {
    flags,
    io,
    target,
    config,
  }: Around & { readonly target: string; readonly config: Parameters<typeof resultSettings>[1] },
): Promise<Plan> {
  const { findRecipe } = await import('../build/index.ts');
  const { planRecipe } = await import('../recipe/index.ts');
  const { recipe, directory, parameters } = await findRecipe(what, {
    cwd: io.cwd,
    way: flags.way,
    catalog: () => readCatalog(flags, { config, io }),
  });
  return planRecipe(recipe, {
    parameters: { ...parameters, ...readParameters(flags.param) },
    directory,
    target,
    signal: io.signal,
  });
}

async function exported(plan: Plan, { flags, io: { signal } }: Around): Promise<Exported> {
  const { exportShell, exportWorkflow } = await import('../recipe/index.ts');
  if (flags.as === 'shell') return exportShell(plan, { signal });
  return exportWorkflow(plan, { signal, runsOn: flags.runsOn });
}

/** A recipe, or what fills it, that can't be planned or exported is a mistake in what was handed over: nothing was begun. */
function asUsage(error: unknown): unknown {
  const isOther = !(error instanceof ArmloadError) || error instanceof UsageError;
  if (isOther || !/^(?:NOT_EXPORTABLE|DOCUMENT_|PLAN_|PATH_|SOURCE_|PATTERN_|EXPRESSION_)/.test(error.code))
    return error;
  return new UsageError('USAGE', error.message, { hint: error.hint, cause: error });
}
