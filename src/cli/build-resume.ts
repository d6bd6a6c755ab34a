import { UsageError } from '../core/index.ts';
import { buildOutcomeOf, buildTotalsOf } from '../report/index.ts';
import { withAccessOptions } from './access-settings.ts';
import { baseCommand, parseArguments, withResultOptions } from './base-command.ts';
import { type WorkFlags, withWorkOptions, workSettings } from './build-settings.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { startProgress } from './progress.ts';
import { openResultOutput } from './result-output.ts';
import { resultSettings } from './settings.ts';

/** `armload build resume RUN`: goes on where a run stands. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('build resume', [
    'armload build resume 20261126-044500-istio-k3f9',
    'armload build resume 20261126-044500-istio-k3f9 --to registry.example/istio',
  ])
    .description(
      'Goes on with a run after a failure, a kill or a restart, in the place where it was: what is done and still there is not done again, what runs there is found again, and what failed is tried anew.',
    )
    .argument('<run>', 'its id, as "build list" shows it');
  withWorkOptions(command);
  withResultOptions(command, { platform: false });
  withAccessOptions(command);
  const parsed = await parseArguments<WorkFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const config = await loadConfig(flags.config, io.cwd);
  const { format } = resultSettings(flags, config);
  const output = await openResultOutput(flags, io);
  const { resumeBuild } = await import('../build/index.ts');
  const { executorFor, showRun } = await import('../recipe/index.ts');
  const progress = startProgress(flags, io, config);
  try {
    const settings = await workSettings(flags, { config, io, progress });
    const id = operands[0] ?? '';
    const { executor: address } = await showRun({ runs: settings.runs, run: id });
    const result = await resumeBuild({ ...settings, run: id, executor: executorFor(address) });
    progress.stop();
    await output.write({ text: format.renderBuild(result, output.drawing), totals: buildTotalsOf(result) });
    io.signal.throwIfAborted();
    return buildOutcomeOf(result).code;
  } catch (error) {
    throw asUsage(error);
  } finally {
    progress.stop();
  }
}

/** A run that isn't there is a mistake in the command. */
export function asUsage(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'RUN_NOT_FOUND') return error;
  return new UsageError('INPUT_NOT_FOUND', error.message, {
    hint: '"armload build list" lists the runs there are.',
    cause: error,
  });
}
