import { UsageError } from '../core/index.ts';
import { describeSize, plainText } from '../report/index.ts';
import { type BaseFlags, baseCommand, parseArguments } from './base-command.ts';
import { asUsage } from './build-resume.ts';
import { runsFolder, withRunsOption } from './build-settings.ts';
import { type Io, writeText } from './io.ts';
import { readAge } from './values.ts';

interface CleanFlags extends BaseFlags {
  readonly runs?: string;
  readonly olderThan?: string;
  readonly keepOutputs?: boolean;
}

/** `armload build clean`: takes runs away, and what they left in their places. 1 where one could not be. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('build clean', [
    'armload build clean 20261126-044500-istio-k3f9',
    'armload build clean --older-than 30d',
    'armload build clean 20261126-044500-istio-k3f9 --keep-outputs',
  ])
    .description(
      'Takes runs away, with their logs, outputs, and workspaces where they are. Never one that is at work.',
    )
    .argument('[run]', 'its id, as "build list" shows it')
    .option('--older-than <age>', 'all runs whose last sign of life is older, such as 30d')
    .option('--keep-outputs', 'take the workspace only: journal, logs and outputs stay');
  withRunsOption(command);
  const parsed = await parseArguments<CleanFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const { cleanRuns, executorFor } = await import('../recipe/index.ts');
  const cleaning = await cleanRuns({
    runs: await runsFolder(flags, io),
    which: whichOf(operands[0], flags.olderThan),
    ...(flags.keepOutputs !== undefined && { keepOutputs: flags.keepOutputs }),
    executorOf: (address) => executorFor(address),
    environment: io.environment,
    signal: io.signal,
  }).catch((error: unknown) => {
    throw asUsage(error);
  });
  const lines = [
    ...cleaning.cleaned.map(
      ({ run: id, bytes, place, why }) =>
        `${flags.keepOutputs === true ? 'cleared' : 'removed'}  ${id}  ${describeSize(bytes)}${place === 'left' ? `  its workspace is left: ${plainText(why ?? '')}` : ''}`,
    ),
    ...cleaning.skipped.map(({ run: id, why }) => `left     ${id}  ${plainText(why)}`),
  ];
  await writeText(io.stdout, lines.map((line) => `${line}\n`).join(''));
  return cleaning.skipped.length === 0 && cleaning.cleaned.every(({ place }) => place !== 'left') ? 0 : 1;
}

function whichOf(run: string | undefined, olderThan: string | undefined) {
  if ((run === undefined) === (olderThan === undefined))
    throw new UsageError('USAGE', 'which runs? Name one, or say --older-than', {
      hint: 'Write armload build clean RUN, or armload build clean --older-than 30d.',
    });
  return run === undefined ? { olderThan: readAge(olderThan ?? '', '--older-than') } : { run };
}
