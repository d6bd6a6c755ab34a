import { didYouMean, UsageError } from '../core/index.ts';
import type { CommandEntry } from './command-types.ts';
import { commands } from './commands.ts';
import { type Io, writeText } from './io.ts';
import { version } from './version.ts';

const usageCode = 3;

/**
 * Runs one command line and resolves to its exit code: 0 all ready or done, 1 the policy fails, 2 something could
 * not be determined (or armload itself failed), 3 wrong usage or configuration, 130 interrupted. Never rejects.
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(args, io);
  } catch (thrown) {
    const { reportFailure } = await import('./failure.ts');
    return await reportFailure(thrown, {
      io,
      verbose: args.some((arg) => arg === '--verbose' || arg === '-v'),
    });
  }
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    await writeText(io.stderr, overview());
    return usageCode;
  }
  if (name === '--version' || name === '-V') return await say(io, `${version}\n`);
  if (name === 'help' && rest[0] !== undefined) return await dispatch([rest[0], '--help'], io);
  if (name === 'help' || name === '--help' || name === '-h') return await say(io, overview());
  const entry = commands.find((command) => command.name === name);
  if (entry === undefined) throw unknownCommand(name);
  const command = await entry.load();
  return await command.run(rest, io);
}

async function say(io: Io, text: string): Promise<number> {
  await writeText(io.stdout, text);
  return 0;
}

function unknownCommand(name: string): UsageError {
  if (name.startsWith('-') && name !== '-') {
    return new UsageError('USAGE', `"${name}" stands before the command`, {
      hint: `Options follow the command: armload scan ${name}`,
    });
  }
  const names = commands.map((command) => command.name);
  return new UsageError('USAGE', `there is no command "${name}"`, {
    hint: didYouMean(name, names) ?? `To look at a file, folder or image: armload scan ${name}`,
  });
}

function overview(): string {
  const width = Math.max(...commands.map((entry) => usageOf(entry).length));
  return [
    'armload gets containers running on arm64 hosts.',
    '',
    'Usage: armload COMMAND [OPTIONS]',
    '',
    'Commands:',
    ...commands.map((entry) => `  ${usageOf(entry).padEnd(width)}  ${entry.summary}`),
    '',
    'Examples:',
    '  armload scan deploy/ compose.yaml',
    '  armload scan nginx:1.27 --format json',
    '  armload audit nginx:1.27',
    '',
    'armload COMMAND --help shows the options of a command; armload --version the version.',
    '',
  ].join('\n');
}

function usageOf({ name, operands }: CommandEntry): string {
  return operands === '' ? name : `${name} ${operands}`;
}
