import { runsTotalsOf } from '../report/index.ts';
import { baseCommand, parseArguments, type ResultFlags, withResultOptions } from './base-command.ts';
import { runsFolder, withRunsOption } from './build-settings.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { openResultOutput } from './result-output.ts';
import { resultSettings } from './settings.ts';

interface ListFlags extends ResultFlags {
  readonly runs?: string;
}

/** `armload build list`: the runs that are kept. 2 where one can't be read. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('build list', [
    'armload build list',
    'armload build list --format json',
  ]).description('Lists the runs that are kept, newest first.');
  withRunsOption(command);
  withResultOptions(command, { platform: false });
  const parsed = await parseArguments<ListFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const { flags } = parsed;
  const { format } = resultSettings(flags, await loadConfig(flags.config, io.cwd));
  const output = await openResultOutput(flags, io);
  const { listRuns } = await import('../recipe/index.ts');
  const list = await listRuns({ runs: await runsFolder(flags, io), signal: io.signal });
  await output.write({ text: format.renderRuns(list, output.drawing), totals: runsTotalsOf(list) });
  return list.problems.length === 0 ? 0 : 2;
}
