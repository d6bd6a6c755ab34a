import { resolve } from 'node:path';
import { UsageError } from '../core/index.ts';
import { defaultPlatform, type Platform } from '../oci/index.ts';
import { defaultFailOn, type FailOn, formats, type ReportFormat } from '../report/index.ts';
import type { ScanOptions } from '../scan/index.ts';
import type { ResultFlags } from './base-command.ts';
import type { Config } from './config.ts';
import { readCount, readFailOn, readFormat, readPlatform } from './values.ts';

/** The options of `armload scan`, as commander gives them. */
export interface ScanFlags extends ResultFlags {
  readonly all?: boolean;
  readonly failOn?: readonly string[];
  readonly profile?: readonly string[];
  readonly offline?: boolean;
  readonly compareLayers?: boolean;
  readonly cacheDir?: string;
  /** False with `--no-cache`; commander sets it to true otherwise. */
  readonly cache: boolean;
  readonly authFile?: string;
  readonly maxRequests?: string;
  readonly concurrency?: string;
  readonly timeout?: string;
}

/** What a scan is run with: the command line first, then the configuration, then the defaults. */
export interface ScanSettings {
  readonly platform: Platform;
  readonly format: ReportFormat;
  readonly failOn: readonly FailOn[];
  readonly lookup: LookupSettings;
}

/** The part that `scan` itself takes. */
export type LookupSettings = Omit<
  ScanOptions,
  'inputs' | 'platform' | 'cwd' | 'environment' | 'stdin' | 'clock' | 'onEvent' | 'signal'
>;

/** @throws UsageError naming the option or the member that is wrong. */
export function scanSettings(flags: ScanFlags, config: Config, cwd: string): ScanSettings {
  const { values } = config;
  const from = (member: string) => `${config.file ?? ''}: ${member}`;
  if (flags.cacheDir !== undefined && !flags.cache) {
    throw new UsageError('USAGE', '--cache-dir and --no-cache contradict each other');
  }
  return {
    platform: pick(defaultPlatform, [
      read(flags.platform, (text) => readPlatform(text, '--platform')),
      read(values.platform, (text) => readPlatform(text, from('platform'))),
    ]),
    format: pick(formats[0] as ReportFormat, [
      read(flags.format, (text) => readFormat(text, '--format')),
      read(values.format, (text) => readFormat(text, from('format'))),
    ]),
    failOn: pick(defaultFailOn, [
      read(flags.failOn, (texts) => readFailOn(texts, '--fail-on')),
      read(values.scan?.failOn, (texts) => readFailOn([texts].flat(), from('scan.failOn'))),
    ]),
    lookup: lookupSettings(flags, config, cwd),
  };
}

/** The first that is there. All have been read before, so that a mistake shows even where it wouldn't count. */
function pick<Value>(fallback: Value, candidates: readonly (Value | undefined)[]): Value {
  return candidates.find((value) => value !== undefined) ?? fallback;
}

function read<Text, Value>(text: Text | undefined, reader: (text: Text) => Value): Value | undefined {
  return text === undefined ? undefined : reader(text);
}

function lookupSettings(flags: ScanFlags, config: Config, cwd: string): LookupSettings {
  const scan = config.values.scan ?? {};
  const noCache = !flags.cache || (scan.cache === false && flags.cacheDir === undefined);
  const cacheDirectory =
    read(flags.cacheDir, (path) => resolve(cwd, path)) ??
    read(scan.cacheDirectory, (path) => resolve(config.directory, path));
  const authFile =
    read(flags.authFile, (path) => resolve(cwd, path)) ??
    read(scan.authFile, (path) => resolve(config.directory, path));
  return present({
    profiles: flags.profile ?? scan.profiles,
    offline: flags.offline ?? scan.offline,
    compareLayers: flags.compareLayers ?? scan.compareLayers,
    cacheDirectory: noCache ? undefined : cacheDirectory,
    noCache: noCache || undefined,
    authFile,
    registries: config.registries,
    configDirectory: config.registries && config.directory,
    maxRequests: read(flags.maxRequests, (text) => readCount(text, '--max-requests', 0)) ?? scan.maxRequests,
    concurrency: read(flags.concurrency, (text) => readCount(text, '--concurrency')) ?? scan.concurrency,
    timeoutSeconds: read(flags.timeout, (text) => readCount(text, '--timeout')) ?? scan.timeoutSeconds,
  });
}

type Present<Parts> = { [Key in keyof Parts]?: Exclude<Parts[Key], undefined> };

function present<Parts extends object>(parts: Parts): Present<Parts> {
  const entries = Object.entries(parts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Present<Parts>;
}
