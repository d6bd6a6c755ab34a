import { type BaseFlags, baseCommand, parseArguments } from './base-command.ts';
import { type Io, writeText } from './io.ts';
import { startProgress } from './progress.ts';
import { wantsColor } from './terminal.ts';

interface DemoFlags extends BaseFlags {
  readonly keep?: boolean;
}

/** `armload demo`: the tour on an embedded registry. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('demo', ['armload demo', 'armload demo --keep'])
    .description('Shows what armload does, on an embedded registry: no network, no daemon.')
    .option('--keep', 'leave the files of the tour in place');
  const parsed = await parseArguments<DemoFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const { keep = false } = parsed.flags;
  const progress = startProgress(parsed.flags, io);
  const { runDemo } = await import('../demo/index.ts');
  try {
    return await runDemo({
      write: (text) => {
        progress.stop();
        return writeText(io.stdout, text);
      },
      onEvent: progress.sink,
      signal: io.signal,
      keep,
      color: wantsColor(io.stdout, io.environment),
      ...(io.stdout.columns ? { columns: io.stdout.columns } : {}),
    });
  } finally {
    progress.stop();
  }
}
