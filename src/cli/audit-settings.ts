import type { AuditOptions, StartOverride } from '../audit/index.ts';
import { type AuditFailOn, auditFailOnWords, defaultAuditFailOn } from '../report/index.ts';
import { type AccessFlags, type AccessSettings, accessSettings } from './access-settings.ts';
import type { ResultFlags } from './base-command.ts';
import { readProgram, readWords } from './command-words.ts';
import type { Config } from './config.ts';
import { type RunFlags, runSettings } from './run-settings.ts';
import { memberOf, pick, present, type ResultSettings, read, resultSettings } from './settings.ts';
import { readFailOn, readSize } from './values.ts';

/** The options of `armload audit`, as commander gives them. */
export interface AuditFlags extends ResultFlags, AccessFlags, RunFlags {
  readonly all?: boolean;
  readonly allPlatforms?: boolean;
  readonly failOn?: readonly string[];
  readonly maxBytes?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/** What an audit is run with: the command line first, then the configuration, then the defaults. */
export interface AuditSettings extends ResultSettings {
  readonly failOn: readonly AuditFailOn[];
  /** The part that `audit` itself takes. */
  readonly audit: AccessSettings & Pick<AuditOptions, 'allPlatforms' | 'override' | 'run' | 'maxBytes'>;
}

/** @throws UsageError naming the option or the member that is wrong. */
export function auditSettings(flags: AuditFlags, config: Config, cwd: string): AuditSettings {
  const { audit = {} } = config.values;
  const inConfig = (member: string) => memberOf(config, `audit.${member}`);
  return {
    ...resultSettings(flags, config),
    failOn: pick(defaultAuditFailOn, [
      read(flags.failOn, (texts) => readFailOn(texts, '--fail-on', auditFailOnWords)),
      read(audit.failOn, (texts) => readFailOn([texts].flat(), inConfig('failOn'), auditFailOnWords)),
    ]),
    audit: {
      ...accessSettings(flags, config, { own: audit, cwd }),
      ...present({
        allPlatforms: flags.allPlatforms,
        override: overrideOf(flags),
        run: runSettings(flags, audit.run, (member) => inConfig(`run.${member}`)),
        maxBytes: pick(undefined, [
          read(flags.maxBytes, (text) => readSize(text, '--max-bytes')),
          read(audit.maxBytes, (size) => readSize(String(size), inConfig('maxBytes'))),
        ]),
      }),
    },
  };
}

/** `undefined` where the image's own entrypoint and command count. */
function overrideOf({ command, args }: AuditFlags): StartOverride | undefined {
  const override = present({
    command: read(command, (texts) => readProgram(texts, '--command')),
    args: read(args, (texts) => readWords(texts, '--args')),
  });
  return Object.keys(override).length === 0 ? undefined : override;
}
