import type { FoundPortRecipe } from '../build/index.ts';
import { UsageError } from '../core/index.ts';
import { portOutcomeOf, portTotalsOf } from '../report/index.ts';
import type { PortResult } from '../results/index.ts';
import { readParameters, type WorkFlags, workSettings } from './build-settings.ts';
import type { Config } from './config.ts';
import { reportFailure } from './failure.ts';
import type { Io } from './io.ts';
import { debianSettings } from './port-debian.ts';
import { goSettings } from './port-go.ts';
import { languageSettings } from './port-languages.ts';
import { nodeSettings } from './port-node.ts';
import { pythonSettings } from './port-python.ts';
import { type Progress, startProgress } from './progress.ts';
import type { ResultOutput } from './result-output.ts';
import { present, type ResultSettings } from './settings.ts';
import { version } from './version.ts';

export interface PortBuildFlags extends WorkFlags {
  readonly param?: readonly string[];
  readonly on?: string;
  readonly dryRun?: boolean;
}

export interface PortBuilding {
  readonly flags: PortBuildFlags;
  readonly config: Config;
  readonly io: Io;
  readonly output: ResultOutput;
  readonly result: ResultSettings;
}

const refusedCode = 1;
/** Of a build that has steps and a place for them. */
const onlyForSteps = { on: '--on', jobs: '--jobs', prepare: '--prepare', keepWorkspace: '--keep-workspace' };

/** `armload build` of a port recipe: prints what `armload port` would print, and gives its exit code. */
export async function buildPort(found: FoundPortRecipe, building: PortBuilding): Promise<number> {
  const { flags, io, config, output, result: settings } = building;
  checkFlags(flags, found.recipe.value.name);
  const progress = startProgress(flags, io, config);
  const { PublishError } = await import('../publish/index.ts');
  try {
    const result = await runPort(found, { ...building, progress });
    progress.stop();
    // What an interrupted port calls unknown is no verdict.
    if (result.outcome === 'unknown') io.signal.throwIfAborted();
    await output.write({
      text: settings.format.renderPort(result, output.drawing),
      totals: portTotalsOf(result),
    });
    return portOutcomeOf(result).code;
  } catch (error) {
    if (!(error instanceof PublishError && error.code === 'PUBLISH_TAG_MOVED')) throw error;
    await reportFailure(error, { io, verbose: flags.verbose ?? false });
    return refusedCode;
  } finally {
    progress.stop();
  }
}

async function runPort(
  found: FoundPortRecipe,
  { flags, config, io, result, progress }: PortBuilding & { readonly progress: Progress },
): Promise<PortResult> {
  const { buildByPort } = await import('../build/index.ts');
  // Of a port's own options there are none here: what the configuration says of ports counts.
  const ported = { ...flags, attach: true };
  const { access, to, observations, generation } = await workSettings(flags, { config, io, progress });
  return buildByPort(found, {
    parameters: readParameters(flags.param),
    platform: result.platform,
    access,
    to,
    dryRun: flags.dryRun,
    observations,
    port: {
      version,
      generation,
      ...present({
        debian: await debianSettings(ported, config, io.cwd),
        python: pythonSettings(ported, config),
        ...languageSettings(ported, config),
        node: nodeSettings(ported, config),
        go: goSettings(ported, config),
      }),
    },
  });
}

function checkFlags(flags: PortBuildFlags, recipe: string): void {
  for (const [flag, option] of Object.entries(onlyForSteps))
    if (flags[flag as keyof typeof onlyForSteps] !== undefined)
      throw new UsageError('USAGE', `${option} is for recipes with steps, and ${recipe} is a port recipe`, {
        hint: 'A port is put together on this machine, by armload itself.',
      });
}
