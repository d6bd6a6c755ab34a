import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../core/index.ts';
import { type AccessFlags, accessSettings } from './access-settings.ts';
import type { ResultFlags } from './base-command.ts';
import type { Config } from './config.ts';
import type { Io } from './io.ts';
import type { Progress } from './progress.ts';
import { readCount } from './values.ts';
import { generation } from './version.ts';

/** The options of all that works on a run. */
export interface WorkFlags extends ResultFlags, AccessFlags {
  readonly to?: string;
  readonly jobs?: string;
  readonly prepare?: boolean;
  readonly keepWorkspace?: boolean;
  readonly runs?: string;
  readonly all?: boolean;
}

export function withRunsOption(command: Command): Command {
  return command.option(
    '--runs <dir>',
    'where runs are kept (default: armload/runs in the folder for state, ~/.local/state)',
  );
}

export function withWorkOptions(command: Command): Command {
  withRunsOption(command)
    .option('-a, --all', 'list what each step gave')
    .option(
      '--to <prefix>',
      'publish the images below host/repository, or oci:DIR (default: they are kept with the run)',
    )
    .option('-j, --jobs <number>', 'steps at a time, where they do not need each other (default: 1)')
    .option('--prepare', 'get what the place lacks, as the recipe says how')
    .option('--keep-workspace', 'leave the workspace when all is done');
  return command;
}

/** The folder of all runs. */
export async function runsFolder(flags: { readonly runs?: string }, io: Io): Promise<string> {
  if (flags.runs !== undefined) return resolve(io.cwd, flags.runs);
  const { defaultRunsFolder } = await import('../recipe/index.ts');
  return defaultRunsFolder(io.environment);
}

/** What a run is given of the command line and the world around it; all but its executor. */
export async function workSettings(flags: WorkFlags, { config, io, progress }: Around) {
  const { jobs, to, prepare, keepWorkspace } = flags;
  const { defaultObservationsFolder } = await import('../catalog/index.ts');
  return {
    access: {
      ...accessSettings(flags, config, { cwd: io.cwd }),
      cwd: io.cwd,
      environment: io.environment,
      onEvent: progress.sink,
      signal: io.signal,
    },
    runs: await runsFolder(flags, io),
    environment: io.environment,
    observations: defaultObservationsFolder(io.environment),
    generation,
    onEvent: progress.sink,
    signal: io.signal,
    ...(to !== undefined && { to: readPrefix(to) }),
    ...(jobs !== undefined && { jobs: readCount(jobs, '--jobs', 1) }),
    ...(prepare !== undefined && { provision: prepare }),
    ...(keepWorkspace !== undefined && { keepWorkspace }),
  };
}

interface Around {
  readonly config: Config;
  readonly io: Io;
  readonly progress: Progress;
}

/** Names are put below it, so it has no tag itself. */
function readPrefix(text: string): string {
  const prefix = text.replace(/\/+$/, '');
  if (prefix === '' || (!prefix.startsWith('oci:') && !/^[^/]+(?:\/[^/:@]+)*$/.test(prefix)))
    throw new UsageError('USAGE', `--to "${text}" is no prefix of names`, {
      hint: 'Write host/repository, such as registry.example/team, or oci:DIR; the recipe says what comes after it.',
    });
  return prefix;
}

/**
 * Reads `--param NAME=VALUE`, each name once.
 * @throws UsageError `USAGE`
 */
export function readParameters(texts: readonly string[] = []): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at <= 0)
      throw new UsageError('USAGE', `--param "${text}" is not NAME=VALUE`, {
        hint: 'Write it like --param tag=1.14.1.',
      });
    const name = text.slice(0, at);
    if (Object.hasOwn(parameters, name)) throw new UsageError('USAGE', `--param ${name} is given twice`);
    parameters[name] = text.slice(at + 1);
  }
  return parameters;
}
