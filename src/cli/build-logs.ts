import { UsageError } from '../core/index.ts';
import { type BaseFlags, baseCommand, parseArguments } from './base-command.ts';
import { asUsage } from './build-resume.ts';
import { runsFolder, withRunsOption } from './build-settings.ts';
import { type Io, writeText } from './io.ts';

interface LogsFlags extends BaseFlags {
  readonly runs?: string;
}

/** `armload build logs RUN [STEP]`: what a step printed; unless told, the one that failed or runs. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('build logs', [
    'armload build logs 20261126-044500-istio-k3f9',
    'armload build logs 20261126-044500-istio-k3f9 proxy',
    'armload build logs 20261126-044500-istio-k3f9 source.istio',
  ])
    .description('Prints what a step printed in all its attempts, or a source as source.NAME.')
    .argument('<run>', 'its id, as "build list" shows it')
    .argument('[step]', 'a step of the run (default: the one that failed or is at work, else the last)');
  withRunsOption(command);
  const parsed = await parseArguments<LogsFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const [id = '', step] = parsed.operands;
  const { readLog } = await import('../recipe/index.ts');
  const runs = await runsFolder(parsed.flags, io);
  try {
    const decoder = new TextDecoder();
    for await (const chunk of await readLog({ runs, run: id, step: step ?? (await interesting(runs, id)) }))
      await writeText(io.stdout, decoder.decode(chunk, { stream: true }));
    await writeText(io.stdout, decoder.decode());
    return 0;
  } catch (error) {
    throw isMissing(error)
      ? new UsageError('INPUT_NOT_FOUND', error.message, { hint: error.hint, cause: error })
      : asUsage(error);
  }
}

function isMissing(error: unknown): error is Error & { readonly hint?: string } {
  return error instanceof Error && 'code' in error && error.code === 'LOG_MISSING';
}

async function interesting(runs: string, run: string): Promise<string> {
  const { showRun } = await import('../recipe/index.ts');
  const { steps, failure, sources } = await showRun({ runs, run });
  if (failure?.kind === 'source' && failure.of !== undefined) return `source.${failure.of}`;
  const told = steps.filter(({ log }) => log !== undefined);
  const step =
    told.find(({ state }) => state === 'failed' || state === 'running' || state === 'interrupted') ??
    told.at(-1);
  if (step !== undefined) return step.id;
  const source = sources.find(({ state }) => state !== 'waiting');
  if (source !== undefined) return `source.${source.name}`;
  throw new UsageError('INPUT_NOT_FOUND', `nothing of ${run} has printed anything yet`);
}
