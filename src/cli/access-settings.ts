import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../core/index.ts';
import type { AccessOptions } from '../registry/index.ts';
import type { Config } from './config.ts';
import type { AccessValues } from './config-schema.ts';
import { present, read } from './settings.ts';
import { readCount } from './values.ts';

/** The options of commands that read images, as commander gives them. */
export interface AccessFlags {
  readonly offline?: boolean;
  readonly cacheDir?: string;
  /** False with `--no-cache`; commander sets it to true otherwise. */
  readonly cache: boolean;
  readonly authFile?: string;
  readonly maxRequests?: string;
  readonly concurrency?: string;
  readonly timeout?: string;
}

/** The part that the command line and the configuration decide; the rest is the world around the command. */
export type AccessSettings = Omit<AccessOptions, 'cwd' | 'environment' | 'clock' | 'onEvent' | 'signal'>;

/** Adds the options of commands that read images. */
export function withAccessOptions(command: Command): Command {
  return command
    .option('--offline', 'ask no registry: cached answers only')
    .option('--cache-dir <dir>', 'where answers are kept')
    .option('--no-cache', 'keep no answers on disk')
    .option('--auth-file <file>', 'a Docker or Podman file with credentials')
    .option('--max-requests <number>', 'stop asking registries after so many requests')
    .option('--concurrency <number>', 'requests at a time for each registry (default: 8)')
    .option(
      '--timeout <seconds>',
      'how long one request may take, waits that the registry asks for included',
    );
}

/**
 * How images are reached: the command line first, then the configuration's member for the command (`own`), then what
 * the configuration says for all commands.
 * @throws UsageError naming the option that is wrong.
 */
export function accessSettings(
  flags: AccessFlags,
  config: Config,
  { own = {}, cwd }: { readonly own?: AccessValues | undefined; readonly cwd: string },
): AccessSettings {
  if (flags.cacheDir !== undefined && !flags.cache) {
    throw new UsageError('USAGE', '--cache-dir and --no-cache contradict each other');
  }
  const values: AccessValues = { ...config.values, ...own };
  const noCache = !flags.cache || (values.cache === false && flags.cacheDir === undefined);
  const place = (flag: string | undefined, value: string | undefined) =>
    read(flag, (path) => resolve(cwd, path)) ?? read(value, (path) => resolve(config.directory, path));
  const number = (flag: string | undefined, option: string, least = 1) =>
    read(flag, (text) => readCount(text, option, least));
  return present({
    offline: flags.offline ?? values.offline,
    cacheDirectory: noCache ? undefined : place(flags.cacheDir, values.cacheDirectory),
    noCache: noCache || undefined,
    authFile: place(flags.authFile, values.authFile),
    registries: config.registries,
    configDirectory: config.registries && config.directory,
    maxRequests: number(flags.maxRequests, '--max-requests', 0) ?? values.maxRequests,
    concurrency: number(flags.concurrency, '--concurrency') ?? values.concurrency,
    timeoutSeconds: number(flags.timeout, '--timeout') ?? values.timeoutSeconds,
  });
}
