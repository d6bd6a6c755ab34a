import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../core/index.ts';
import { formats } from '../report/index.ts';
import { type Io, writeText } from './io.ts';

/** The options that every command has. */
export interface BaseFlags {
  readonly verbose?: boolean;
  readonly quiet?: boolean;
}

/** The options of commands that give a result. */
export interface ResultFlags extends BaseFlags {
  readonly format?: string;
  readonly output?: string;
  readonly platform?: string;
  readonly config?: string;
}

/** What a command line holds besides the command's name. */
export interface Parsed<Flags> {
  readonly flags: Flags;
  readonly operands: readonly string[];
}

/** A command with the options of all of them. `examples` stand below its help. */
export function baseCommand(name: string, examples: readonly string[]): Command {
  return new Command(`armload ${name}`)
    .addOption(new Option('-v, --verbose', 'say more: causes of errors, every detail of results'))
    .addOption(
      new Option('-q, --quiet', 'no progress and no warnings: results and errors only').conflicts('verbose'),
    )
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`)
    .exitOverride();
}

/** Adds the options of commands that give a result; without `platform` where there is no target. */
export function withResultOptions(command: Command, { platform = true } = {}): Command {
  const names = formats.map(({ name, description }) => `${name}: ${description}`).join('; ');
  command
    .option('-f, --format <format>', `${names} (default: ${formats[0]?.name})`)
    .option('-o, --output <file>', 'write the result to a file, all or nothing');
  if (platform)
    command.option(
      '-p, --platform <platform>',
      'the target, os/architecture[/variant] (default: linux/arm64)',
    );
  return command.option(
    '-c, --config <file>',
    'the configuration (default: armload.yaml here, if there is one)',
  );
}

/**
 * Parses a command's arguments. `undefined` where help was asked for and has been printed.
 * @throws UsageError `USAGE` with a suggestion.
 */
export async function parseArguments<Flags extends BaseFlags>(
  command: Command,
  args: readonly string[],
  io: Io,
): Promise<Parsed<Flags> | undefined> {
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
    writeErr: () => {},
    outputError: () => {},
    getOutHelpWidth: () => io.stdout.columns ?? 100,
    getOutHasColors: () => false,
  });
  try {
    command.parse(args, { from: 'user' });
    return { flags: command.opts<Flags>(), operands: command.args };
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode !== 0) throw toUsageError(thrown, command);
    await writeText(io.stdout, help);
    return undefined;
  }
}

function toUsageError(error: CommanderError, command: Command): UsageError {
  const [sentence, suggestion] = error.message.replace(/^error: /, '').split('\n');
  const meant = suggestion?.replace(/^\((.*)\)$/, '$1');
  return new UsageError('USAGE', sentence ?? error.message, {
    hint: meant ?? `${command.name()} --help shows what there is.`,
  });
}

/** For options that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
