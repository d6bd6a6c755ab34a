import { type Command, Option } from 'commander';
import type { SmokeMeans, SmokeRunOptions } from '../audit/index.ts';
import { collect } from './base-command.ts';
import { readCommand } from './command-words.ts';
import type { RunValues } from './config-schema.ts';
import { pick, present, read } from './settings.ts';
import { readChoice, readCount } from './values.ts';

/** The options of commands that may run an image, as commander gives them. */
export interface RunFlags {
  readonly run?: boolean;
  readonly runCommand?: readonly string[];
  readonly runMeans?: string;
  readonly runTimeout?: string;
}

// Not taken from the audit room, which is loaded when an audit starts and not for --help.
export const meansWords = ['native', 'docker', 'user-namespace'] as const satisfies readonly SmokeMeans[];

/** Adds the options of commands that may run an image; `description` is of `--run` itself. */
export function withRunOptions(command: Command, description: string): Command {
  return command
    .option('--run', description)
    .addOption(
      new Option(
        '--run-command <command>',
        'run this, not the usual --version: words, or a JSON array; may be repeated; asks for --run by itself',
      )
        .argParser(collect)
        .implies({ run: true }),
    )
    .addOption(
      new Option(
        '--run-means <means>',
        `how to run it: ${meansWords.join(', ')} (default: the best there is)`,
      ).implies({
        run: true,
      }),
    )
    .addOption(
      new Option('--run-timeout <seconds>', 'how long one run may take (default: 30)').implies({
        run: true,
      }),
    );
}

/**
 * How a result is tried out; `undefined` where no run was asked for.
 * @throws UsageError naming the option or the member that is wrong. `inConfig` spells members of `run` for people.
 */
export function runSettings(
  flags: RunFlags,
  configured: RunValues | undefined,
  inConfig: (member: string) => string,
): SmokeRunOptions | undefined {
  const choice = { noun: 'means to run an image', words: meansWords };
  const commands = [
    read(flags.runCommand, (texts) => texts.map((text) => readCommand(text, '--run-command'))),
    read(configured?.commands, (all) => all.map((one) => readCommand(one, inConfig('commands')))),
  ];
  const means = [
    read(flags.runMeans, (text) => readChoice(text, '--run-means', choice)),
    read(configured?.means, (text) => readChoice(text, inConfig('means'), choice)),
  ];
  const timeout = read(flags.runTimeout, (text) => readCount(text, '--run-timeout'));
  if (flags.run !== true && configured === undefined) return undefined;
  return present({
    commands: pick(undefined, commands),
    means: pick(undefined, means),
    timeoutSeconds: timeout ?? configured?.timeoutSeconds,
  });
}
