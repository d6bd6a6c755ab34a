import { defaultPlatform, type Platform } from '../oci/index.ts';
import { formats, type ReportFormat } from '../report/index.ts';
import type { ResultFlags } from './base-command.ts';
import type { Config } from './config.ts';
import { readFormat, readPlatform } from './values.ts';

/** What every command that gives a result is run with. */
export interface ResultSettings {
  readonly platform: Platform;
  readonly format: ReportFormat;
}

/**
 * The command line first, then the configuration, then the defaults.
 * @throws UsageError naming the option or the member that is wrong.
 */
export function resultSettings(flags: ResultFlags, config: Config): ResultSettings {
  const { values } = config;
  return {
    platform: pick(defaultPlatform, [
      read(flags.platform, (text) => readPlatform(text, '--platform')),
      read(values.platform, (text) => readPlatform(text, memberOf(config, 'platform'))),
    ]),
    format: pick(formats[0] as ReportFormat, [
      read(flags.format, (text) => readFormat(text, '--format')),
      read(values.format, (text) => readFormat(text, memberOf(config, 'format'))),
    ]),
  };
}

/** `armload.yaml: scan.failOn`. */
export function memberOf(config: Config, member: string): string {
  return `${config.file ?? ''}: ${member}`;
}

/** The first that is there. All have been read before, so that a mistake shows even where it wouldn't count. */
export function pick<Value>(fallback: Value, candidates: readonly (Value | undefined)[]): Value {
  return candidates.find((value) => value !== undefined) ?? fallback;
}

export function read<Text, Value>(text: Text | undefined, reader: (text: Text) => Value): Value | undefined {
  return text === undefined ? undefined : reader(text);
}

type Present<Parts> = { [Key in keyof Parts]?: Exclude<Parts[Key], undefined> };

/** Without the members that hold nothing. */
export function present<Parts extends object>(parts: Parts): Present<Parts> {
  const entries = Object.entries(parts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Present<Parts>;
}
