import { buildTotalsOf } from '../report/index.ts';
import { baseCommand, parseArguments, type ResultFlags, withResultOptions } from './base-command.ts';
import { asUsage } from './build-resume.ts';
import { runsFolder, withRunsOption } from './build-settings.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { openResultOutput } from './result-output.ts';
import { resultSettings } from './settings.ts';

interface ShowFlags extends ResultFlags {
  readonly runs?: string;
  readonly all?: boolean;
}

/** `armload build show RUN`: where a run stands, also while it's at work. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('build show', [
    'armload build show 20261126-044500-istio-k3f9',
    'armload build show 20261126-044500-istio-k3f9 --all --format json',
  ])
    .description('Shows where a run stands, what each step became and gave, and what failed.')
    .argument('<run>', 'its id, as "build list" shows it')
    .option('-a, --all', 'list what each step gave');
  withRunsOption(command);
  withResultOptions(command, { platform: false });
  const parsed = await parseArguments<ShowFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const { format } = resultSettings(flags, await loadConfig(flags.config, io.cwd));
  const output = await openResultOutput(flags, io);
  const { showRun } = await import('../recipe/index.ts');
  const runs = await runsFolder(flags, io);
  const result = await showRun({ runs, run: operands[0] ?? '' }).catch((error: unknown) => {
    throw asUsage(error);
  });
  await output.write({ text: format.renderBuild(result, output.drawing), totals: buildTotalsOf(result) });
  return 0;
}
